// Rows of raw values that stay on a disk: read when they are asked for, or found in memory where they were
// read ahead.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/io/npy_rows.h"

namespace harmonium {

/// Some rows in memory.
struct HeldRows {
  struct Run {
    std::uint64_t first, count;  ///< rows of the file
    std::size_t offset;          ///< of their bytes
  };
  std::vector<Run> runs;  ///< ascending
  AlignedVector<std::byte> bytes;

  /// The values of a row, or null where it is not among them.
  const std::byte* find(std::uint64_t row, std::size_t row_bytes) const;
};

class StreamedRows {
 public:
  /// Looks at the values of rows [first, first + count) as they come from the file; throws what is wrong.
  using Check = std::function<void(std::uint64_t first, std::size_t count, const std::byte* values)>;
  using Held = std::vector<std::shared_ptr<const HeldRows>>;

  /// An empty `check` accepts all.
  explicit StreamedRows(NpyRows file, Check check = {}) : file_(std::move(file)), check_(std::move(check)) {}

  const NpyRows& file() const { return file_; }
  /// As NpyRows::read, and checks what came.
  void read(std::uint64_t first, std::size_t count, std::span<std::byte> out) const;
  /// From now on `visit` finds these rows in memory, and no others. What it gives is the same.
  void hold(Held rows);

  /// Calls `f(index, values)` for `count` rows, `row_of(index)` being the number of a row. Rows that are not
  /// in memory are read in pieces of at most 256 KiB (or one row). Several threads may visit at once.
  template <class RowOf, class F>
  void visit(std::size_t count, RowOf&& row_of, F&& f) const {
    const std::size_t row_bytes = file_.row_bytes();
    const std::size_t most = std::max<std::size_t>(1, kPieceBytes / row_bytes);
    const std::shared_ptr<const Held> held = held_now();
    AlignedVector<std::byte> piece;
    for (std::size_t i = 0; i < count;) {
      const std::uint64_t row = row_of(i);
      if (const std::byte* values = find(*held, row)) {
        f(i++, values);
        continue;
      }
      std::size_t rows = 1;
      while (rows < most && i + rows < count && row_of(i + rows) == row + rows) ++rows;
      piece.resize(std::max(piece.size(), rows * row_bytes));
      read(row, rows, piece);
      for (std::size_t r = 0; r < rows; ++r)
        f(i++, static_cast<const std::byte*>(piece.data() + r * row_bytes));
    }
  }

 private:
  static constexpr std::size_t kPieceBytes = std::size_t{1} << 18;
  std::shared_ptr<const Held> held_now() const;
  const std::byte* find(const Held& held, std::uint64_t row) const;

  NpyRows file_;
  Check check_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Held> held_ = std::make_shared<const Held>();
};

}  // namespace harmonium
