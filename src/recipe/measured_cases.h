// The cases that measures look at.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "harmonium/base/threads.h"
#include "harmonium/data/dataset.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/statistics.h"
#include "harmonium/train/loop.h"

namespace harmonium {

// The first cases of a data set. Where they are many and wide (words), they are never in memory all at once.
class MeasuredCases {
 public:
  MeasuredCases(const Dataset& data, std::size_t most, std::uint64_t seed, ThreadTeam& team)
      : data_(data), size_(std::min(most, data.size())), seed_(seed), team_(team) {
    constexpr std::size_t kKept = std::size_t{1} << 26;  // bytes; they are looked at several times
    if (size_ * data.layer().columns() * sizeof(float) <= kKept) whole_ = all();
  }

  std::size_t size() const { return size_; }
  Matrix<float> all() const { return first(size_); }
  Matrix<float> first(std::size_t count) const {
    return fetch_range(data_, 0, std::min(count, size_), seed_, 0, team_);
  }

  // Calls f(first, cases) piece by piece.
  template <class F>
  void visit(F&& f) const {
    if (whole_) return f(std::size_t{0}, *whole_);
    fetch_pieces(data_, size_, seed_, 0, team_, f);
  }

  // The numbers, one a case, that f(cases) gives.
  template <class F>
  std::vector<double> each(F&& f) const {
    std::vector<double> all;
    visit([&](std::size_t, const Matrix<float>& cases) {
      const std::vector<double> piece = f(cases);
      all.insert(all.end(), piece.begin(), piece.end());
    });
    return all;
  }

  bool any_missing() const {
    if (!data_.has_missing()) return false;
    bool any = false;
    visit([&](std::size_t, const Matrix<float>& cases) {
      const auto values = cases.values();
      any = any || std::any_of(values.begin(), values.end(), [](float v) { return std::isnan(v); });
    });
    return any;
  }

  std::string find_grey_value(const LayerSpec& spec) const {
    std::string found;
    visit([&](std::size_t first, const Matrix<float>& cases) {
      if (found.empty()) found = harmonium::find_grey_value(spec, cases, first);
    });
    return found;
  }

  std::vector<double> column_means() const {
    ColumnSums sums(data_.layer().columns());
    visit([&](std::size_t, const Matrix<float>& cases) { sums.add(cases); });
    return sums.means();
  }

 private:
  const Dataset& data_;
  std::size_t size_;
  std::uint64_t seed_;
  ThreadTeam& team_;
  std::optional<Matrix<float>> whole_;
};

}  // namespace harmonium
