// A matrix of weights in the layouts of its products, and the products of blocks of rows with it.
//
// Training and long chains multiply by the same weights again and again, so the weights are kept in panels
// that a product reads in one stream, once as they are (up: rows of V values become rows of H) and once
// turned over (down). The f32 weights themselves stay where they are; whoever changes them packs the changed
// rows.
//
// Products skip words of the left factor that are zero where that pays: binary states and images are mostly
// zero. Which path is taken depends on the values alone, so results do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "harmonium/base/matrix.h"
#include "harmonium/kernels/precision.h"

namespace harmonium {

/// What one thread needs beside the operands, reused from call to call.
class ProductMemory {
 public:
  ProductMemory();
  ~ProductMemory();
  ProductMemory(ProductMemory&&) noexcept;
  ProductMemory& operator=(ProductMemory&&) noexcept;

  struct Parts;
  Parts& parts() { return *parts_; }

 private:
  std::unique_ptr<Parts> parts_;
};

class PackedWeights {
 public:
  PackedWeights();
  /// Room for V x H weights, all zero until packed. With kBf16 on a processor that lacks it, WorkError.
  PackedWeights(std::size_t visible, std::size_t hidden, Precision precision);
  /// All of `weights` (V x H).
  PackedWeights(ConstMatrixView<float> weights, Precision precision);
  ~PackedWeights();
  PackedWeights(PackedWeights&&) noexcept;
  PackedWeights& operator=(PackedWeights&&) noexcept;

  bool empty() const { return parts_ == nullptr; }
  Precision precision() const;

  /// Takes over rows [first, first + count) of `weights` (V x H). `first` is a multiple of 4. Different rows
  /// may be packed by different threads at once.
  void pack(ConstMatrixView<float> weights, std::size_t first, std::size_t count);

  /// factor * values W (B x V to B x H), and factor * values W' (B x H to B x V): a view of `memory`, good
  /// until its next use. `step` divides the values before they are rounded to bf16 and multiplies the result:
  /// with step = 1/255 grey values of bytes are taken exactly.
  MatrixView<float> up(ConstMatrixView<float> values, float factor, float step, ProductMemory& memory) const;
  MatrixView<float> down(ConstMatrixView<float> values, float factor, float step,
                         ProductMemory& memory) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The statistics of the cases of one update, from which one product makes the gradient of the weights:
///   G = sum over rows r of  visible[r]' (weight[r] hidden[r])
/// Blocks of rows are stored by the threads that make them, each at a place of its own.
class StatisticsStack {
 public:
  StatisticsStack();
  ~StatisticsStack();
  StatisticsStack(StatisticsStack&&) noexcept;
  StatisticsStack& operator=(StatisticsStack&&) noexcept;

  /// Places that a block of `rows` takes: rows, or pairs of rows in bf16.
  static std::size_t places(std::size_t rows, Precision precision);
  /// Room for `places` in all; what was stored before is lost.
  void resize(std::size_t places, std::size_t visible, std::size_t hidden, Precision precision);

  /// Stores a block from place `place` on: visible / visible_step and weight * hidden * visible_step, so that
  /// the product is the same. `weights` has one a row.
  void store(std::size_t place, ConstMatrixView<float> visible, float visible_step,
             ConstMatrixView<float> hidden, std::span<const float> weights);

  /// Rows [first, first + count) of G (count x H): a view of `memory`, good until its next use.
  MatrixView<float> product(std::size_t first, std::size_t count, ProductMemory& memory) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// sums[j] += sum over rows r of weights[r] values(r, j), in the order of the rows.
void add_weighted_rows(ConstMatrixView<float> values, std::span<const float> weights, std::span<float> sums);

}  // namespace harmonium
