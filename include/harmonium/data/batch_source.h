// Where cases come from: the seam between data and whatever reads them a batch at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "harmonium/base/matrix.h"
#include "harmonium/base/sparse.h"
#include "harmonium/data/epoch_order.h"
#include "harmonium/units/layer.h"

namespace harmonium {

/// Cases [first, first + count).
struct CaseRange {
  std::uint64_t first = 0, count = 0;
  bool operator==(const CaseRange&) const = default;
};

/// Cases as unit values (after scaling, one-hot coding, standardising), addressed by their number.
/// Implementations are safe to call from several threads at once.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// Number of cases.
  virtual std::size_t size() const = 0;
  /// The visible layer that these cases fit.
  virtual const LayerSpec& layer() const = 0;
  /// Writes row r = case `cases[r]`, B x N. What is random (pixels binarised by sampling, hidden states
  /// sampled by an up-pass) is drawn for `epoch` under `seed`; a case is the same whatever batch it is in.
  /// Missing values are NaN.
  virtual void fetch(std::span<const std::uint64_t> cases, std::uint64_t seed, std::uint64_t epoch,
                     MatrixView<float> values) const = 0;
  /// One weight a case, or empty where all weigh 1.
  virtual std::span<const float> case_weights() const { return {}; }
  /// Class of each case, -1 where it is unknown, or empty where there are none. On a disk, too, labels are in
  /// memory.
  virtual std::span<const std::int32_t> labels() const { return {}; }
  /// True where a case differs from epoch to epoch (binarised by sampling, hidden states sampled).
  virtual bool varies_by_epoch() const { return false; }
  /// A step of which every value is a whole multiple, at most 256 times: 1 for 0 and 1, 1/255 for grey values
  /// of bytes. Products of 16-bit floats take such values exactly. 0 where there is none or it is not known.
  virtual float value_step() const { return 0.0f; }
  /// True where `fetch` may give NaN.
  virtual bool has_missing() const { return false; }

  /// True where cases are read from a disk when they are fetched, because they may not fit in memory. Nobody
  /// should then keep something for each case, or look at all of them without need.
  virtual bool is_on_disk() const { return false; }
  /// The order in which the cases are learned. It must not outlive the source.
  virtual std::unique_ptr<EpochOrder> order(std::uint64_t seed) const { return shuffled_order(size(), seed); }
  /// The cases that stand for all where something must be known of all before learning, such as the means of
  /// the columns: all, or a fixed sample of blocks of what is on a disk. Ascending.
  virtual std::vector<CaseRange> sample() const { return {{0, size()}}; }
  /// True where so few values are not zero that it pays to take only those, by `fetch_sparse`. Then nothing
  /// is missing or drawn.
  virtual bool is_sparse() const { return false; }
  /// Replaces `rows` by the cases: the values of `fetch` that are not zero. Only where is_sparse().
  virtual void fetch_sparse(std::span<const std::uint64_t> cases, SparseMatrix& rows) const;
};

/// Values that are in memory already (not owned).
class MatrixSource final : public BatchSource {
 public:
  MatrixSource(LayerSpec layer, ConstMatrixView<float> values) : layer_(std::move(layer)), values_(values) {}
  std::size_t size() const override { return values_.rows(); }
  const LayerSpec& layer() const override { return layer_; }
  void fetch(std::span<const std::uint64_t> cases, std::uint64_t seed, std::uint64_t epoch,
             MatrixView<float> values) const override;

 private:
  LayerSpec layer_;
  ConstMatrixView<float> values_;
};

}  // namespace harmonium
