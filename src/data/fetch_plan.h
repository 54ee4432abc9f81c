// From raw values to unit values: the schema's transforms as a short list of steps over runs of columns.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/raw_values.h"
#include "harmonium/base/matrix.h"
#include "harmonium/base/random.h"
#include "harmonium/base/sparse.h"
#include "harmonium/data/schema.h"

namespace harmonium {

class FetchPlan {
 public:
  /// Standardised columns must have their statistics.
  FetchPlan(const Schema& schema, const RawValues& raw);

  /// Writes row i = the units of row `rows[i]` of `raw`; what is sampled is addressed by that number.
  void fetch(const RawValues& raw, std::span<const std::uint64_t> rows, const Noise& noise,
             MatrixView<float> values) const;
  bool is_sampled() const { return is_sampled_; }

  /// True where a raw zero is a unit's zero in every column, so that sparse rows stay sparse.
  bool keeps_zeros() const;
  /// Replaces `units` by the units of the rows `rows` of `raw`; where keeps_zeros().
  void fetch_sparse(const CsrMatrix& raw, std::span<const std::uint64_t> rows, SparseMatrix& units) const;

 private:
  enum class Op { kScale, kStandardise, kThreshold, kSample, kOneHot };
  struct Step {
    Op op;
    std::size_t raw_first, unit_first, count;  ///< raw columns
    float scale, offset, threshold;
    std::size_t states;
    std::vector<float> mean, factor;  ///< kStandardise: (y - mean) * factor
  };
  static Step make_step(const Column& column, std::size_t raw_first, std::size_t unit_first);
  static bool extend(Step& last, const Step& next);
  template <class T>
  static void run(const Step& step, const T* raw, float* units, const Noise& noise, std::uint64_t row);
  template <class T>
  static void sample(const Step& step, const T* raw, float* units, const Noise& noise, std::uint64_t row);

  std::vector<Step> steps_;
  bool is_sampled_ = false;
};

}  // namespace harmonium
