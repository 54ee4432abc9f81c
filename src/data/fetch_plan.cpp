#include "data/fetch_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "harmonium/kernels/bytes.h"

namespace harmonium {
namespace {

template <class T>
bool is_missing([[maybe_unused]] T raw) {
  if constexpr (std::is_floating_point_v<T>) return std::isnan(raw);
  return false;
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

}  // namespace

FetchPlan::Step FetchPlan::make_step(const Column& column, std::size_t raw_first, std::size_t unit_first) {
  Step step{Op::kScale,    raw_first,        unit_first,      column.width, column.scale,
            column.offset, column.threshold, column.states(), {},           {}};
  if (column.kind == UnitKind::kSoftmax) {
    step.op = Op::kOneHot;
  } else if (column.binarise == Binarise::kThreshold) {
    step.op = Op::kThreshold;
  } else if (column.binarise == Binarise::kSample) {
    step.op = Op::kSample;
  } else if (column.standardise) {
    step.op = Op::kStandardise;
    step.mean = column.mean;
    for (const float deviation : column.deviation) step.factor.push_back(1.0f / deviation);
  }
  return step;
}

/// Columns of a table that are treated alike become one run, so that a row is not a thousand tiny steps.
bool FetchPlan::extend(Step& last, const Step& next) {
  if (last.op != next.op || last.scale != next.scale || last.offset != next.offset ||
      last.raw_first + last.count != next.raw_first) {
    return false;
  }
  if (last.op == Op::kThreshold && last.threshold != next.threshold) return false;
  if (last.op == Op::kOneHot && last.states != next.states) return false;
  last.count += next.count;
  last.mean.insert(last.mean.end(), next.mean.begin(), next.mean.end());
  last.factor.insert(last.factor.end(), next.factor.begin(), next.factor.end());
  return true;
}

FetchPlan::FetchPlan(const Schema& schema, const RawValues& raw) {
  std::size_t unit = 0;
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    const Column& column = schema.columns[c];
    if (column.role != ColumnRole::kFeature) continue;
    Step step = make_step(column, raw.first_column[c], unit);
    unit += column.unit_columns();
    is_sampled_ = is_sampled_ || step.op == Op::kSample;
    if (steps_.empty() || !extend(steps_.back(), step)) steps_.push_back(std::move(step));
  }
}

template <class T>
void FetchPlan::sample(const Step& step, const T* raw, float* units, const Noise& noise, std::uint64_t row) {
  // Most pixels are black or white: what is surely 0 or 1 needs no random number, which is most of the cost.
  constexpr std::uint32_t kNone = ~0u;
  std::array<std::uint32_t, 4> words{};
  std::uint32_t quad = kNone;  // that `words` belong to
  for (std::size_t j = 0; j < step.count; ++j) {
    const auto y = static_cast<float>(static_cast<Wide<T>>(raw[j]) * step.scale + step.offset);
    if (!(y > 0.0f && y < 1.0f)) {
      units[j] = y;  // 0, 1, or NaN where it is missing
      continue;
    }
    const auto unit = static_cast<std::uint32_t>(step.unit_first + j);
    if (unit / 4 != quad) {
      quad = unit / 4;
      words = noise.words(row, quad);
    }
    units[j] = Noise::to_uniform(words[unit % 4]) < y ? 1.0f : 0.0f;
  }
}

template <class T>
void FetchPlan::run(const Step& step, const T* raw, float* units, const Noise& noise, std::uint64_t row) {
  const float scale = step.scale, offset = step.offset;
  const std::size_t count = step.count;
  switch (step.op) {
    case Op::kScale:
      if constexpr (std::is_same_v<T, std::uint8_t>) {
        scale_bytes({raw, count}, scale, offset, {units, count});
        break;
      }
      for (std::size_t j = 0; j < count; ++j) {
        units[j] = static_cast<float>(static_cast<Wide<T>>(raw[j]) * scale + offset);
      }
      break;
    case Op::kStandardise:
      for (std::size_t j = 0; j < count; ++j) {
        const auto y = static_cast<Wide<T>>(raw[j]) * scale + offset;
        units[j] = static_cast<float>((y - step.mean[j]) * step.factor[j]);
      }
      break;
    case Op::kThreshold:
      for (std::size_t j = 0; j < count; ++j) {
        const auto y = static_cast<Wide<T>>(raw[j]) * scale + offset;
        units[j] = is_missing(raw[j]) ? kNan : y > step.threshold ? 1.0f : 0.0f;
      }
      break;
    case Op::kSample:
      sample(step, raw, units, noise, row);
      break;
    case Op::kOneHot:
      for (std::size_t j = 0; j < count; ++j) {
        float* states = units + j * step.states;
        const bool missing = is_missing(raw[j]);
        for (std::size_t k = 0; k < step.states; ++k) states[k] = missing ? kNan : 0.0f;
        const auto y = static_cast<Wide<T>>(raw[j]) * scale + offset;
        if (!missing) states[static_cast<std::size_t>(y)] = 1.0f;
      }
      break;
  }
}

void FetchPlan::fetch(const RawValues& raw, std::span<const std::uint64_t> rows, const Noise& noise,
                      MatrixView<float> values) const {
  visit_rows(
      raw, rows.size(), [&](std::size_t i) { return static_cast<std::size_t>(rows[i]); },
      [&](std::size_t i, const auto* row) {
        float* units = values.data() + i * values.stride();
        for (const Step& step : steps_) {
          run(step, row + step.raw_first, units + step.unit_first, noise, rows[i]);
        }
      });
}

bool FetchPlan::keeps_zeros() const {
  if (!std::is_sorted(steps_.begin(), steps_.end(),
                      [](const Step& a, const Step& b) { return a.raw_first < b.raw_first; }))
    return false;
  return std::all_of(steps_.begin(), steps_.end(), [](const Step& step) {
    return (step.op == Op::kScale && step.offset == 0.0f) ||
           (step.op == Op::kThreshold && !(step.offset > step.threshold));
  });
}

void FetchPlan::fetch_sparse(const CsrMatrix& raw, std::span<const std::uint64_t> rows,
                             SparseMatrix& units) const {
  units.clear(steps_.empty() ? 0 : steps_.back().unit_first + steps_.back().count);
  const Noise unused(0, Stream::kBinarise, 0);  // nothing is drawn
  std::vector<Step> one(steps_);
  for (Step& step : one) step.count = 1;
  for (const auto r : rows) {
    auto k = raw.row_start[r];
    const auto end = raw.row_start[r + 1];
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      const std::size_t first = steps_[s].raw_first, last = first + steps_[s].count;
      while (k < end && raw.columns[k] < first) ++k;  // of a column that is ignored
      for (; k < end && raw.columns[k] < last; ++k) {
        float unit = 0.0f;
        run(one[s], &raw.values[k], &unit, unused, r);
        if (unit != 0.0f)
          units.add(static_cast<std::uint32_t>(raw.columns[k] - first + steps_[s].unit_first), unit);
      }
    }
    units.end_row();
  }
}

}  // namespace harmonium
