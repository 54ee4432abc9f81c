// Dense row-major matrices and views of them. A row is a case, a column is a unit.
//
// Views are what functions take and never own; Matrix owns. Rows of a Matrix lie without gaps; a view may
// have a stride larger than its number of columns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

namespace harmonium {

/// Allocates on 64-byte boundaries: one cache line, one AVX-512 register.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};

  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) {}  // NOLINT: allocators convert

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), kAlignment)); }
  void deallocate(T* pointer, std::size_t) noexcept { ::operator delete(pointer, kAlignment); }
  template <class U>
  bool operator==(const AlignedAllocator<U>&) const {
    return true;
  }
};

/// A vector whose storage starts on a cache line.
template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

/// A view of `rows` x `cols` values; element (i, j) is `data[i * stride + j]`.
template <class T>
class MatrixView {
 public:
  MatrixView() = default;
  MatrixView(T* data, std::size_t rows, std::size_t cols, std::size_t stride)
      : data_(data), rows_(rows), cols_(cols), stride_(stride) {}
  MatrixView(T* data, std::size_t rows, std::size_t cols) : MatrixView(data, rows, cols, cols) {}

  /// A view of mutable values is a view of const ones.
  operator MatrixView<const T>() const  // NOLINT: meant to convert
      requires(!std::is_const_v<T>) {
    return {data_, rows_, cols_, stride_};
  }

  T* data() const { return data_; }
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t stride() const { return stride_; }
  bool empty() const { return rows_ == 0 || cols_ == 0; }

  T& operator()(std::size_t row, std::size_t col) const { return data_[row * stride_ + col]; }
  std::span<T> row(std::size_t i) const { return {data_ + i * stride_, cols_}; }

  /// Rows [first, first + count).
  MatrixView row_block(std::size_t first, std::size_t count) const {
    return {data_ + first * stride_, count, cols_, stride_};
  }
  /// Columns [first, first + count).
  MatrixView col_block(std::size_t first, std::size_t count) const {
    return {data_ + first, rows_, count, stride_};
  }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0, cols_ = 0, stride_ = 0;
};

template <class T>
using ConstMatrixView = MatrixView<const T>;

/// An owning row-major matrix, zero when made.
template <class T>
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t cols) : rows_(rows), cols_(cols), values_(rows * cols) {}
  Matrix(std::size_t rows, std::size_t cols, T value)
      : rows_(rows), cols_(cols), values_(rows * cols, value) {}

  /// Forgets the contents unless the shape stays the same.
  void resize(std::size_t rows, std::size_t cols) {
    if (rows == rows_ && cols == cols_) return;
    rows_ = rows, cols_ = cols;
    values_.assign(rows * cols, T{});
  }

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }

  T& operator()(std::size_t row, std::size_t col) { return values_[row * cols_ + col]; }
  const T& operator()(std::size_t row, std::size_t col) const { return values_[row * cols_ + col]; }
  std::span<T> row(std::size_t i) { return {data() + i * cols_, cols_}; }
  std::span<const T> row(std::size_t i) const { return {data() + i * cols_, cols_}; }

  MatrixView<T> view() { return {data(), rows_, cols_}; }
  ConstMatrixView<T> view() const { return {data(), rows_, cols_}; }
  operator MatrixView<T>() { return view(); }             // NOLINT: meant to convert
  operator ConstMatrixView<T>() const { return view(); }  // NOLINT: meant to convert
  std::span<T> values() { return {values_.data(), values_.size()}; }
  std::span<const T> values() const { return {values_.data(), values_.size()}; }

 private:
  std::size_t rows_ = 0, cols_ = 0;
  AlignedVector<T> values_;
};

/// Copies all rows of `from` into the first rows and columns of `to`, which is at least as large.
inline void copy_rows(ConstMatrixView<float> from, MatrixView<float> to) {
  for (std::size_t r = 0; r < from.rows(); ++r)
    std::copy_n(from.row(r).data(), from.cols(), to.row(r).data());
}

/// A matrix of its own.
inline Matrix<float> copy_of(ConstMatrixView<float> rows) {
  Matrix<float> copy(rows.rows(), rows.cols());
  copy_rows(rows, copy);
  return copy;
}

}  // namespace harmonium
