#include "harmonium/measure/chain_record.h"

#include <algorithm>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

ChainRecord empty_record(const RecordOptions& options) {
  ChainRecord record;
  record.statistics.push_back({"free energy", {}});
  for (std::size_t k = 0; k < options.directions.rows(); ++k)
    record.statistics.push_back({"principal direction " + std::to_string(k + 1), {}});
  for (std::size_t k = 0; k < options.label_columns; ++k)
    record.statistics.push_back({"label " + std::to_string(k), {}});
  return record;
}

void record_step(const RecordOptions& options, std::size_t step, const Matrix<float>& visible,
                 ChainRecord& record) {
  const std::size_t directions = options.directions.rows(), first = visible.cols() - options.label_columns;
  for (std::size_t c = 0; c < visible.rows(); ++c) {
    const auto row = visible.row(c);
    for (std::size_t k = 0; k < directions; ++k) {
      double along = 0;
      for (std::size_t i = 0; i < options.directions.cols(); ++i)
        along += static_cast<double>(options.directions(k, i)) * row[i];
      record.statistics[1 + k].values(step, c) = along;
    }
    if (options.label_columns == 0) continue;
    const auto labels = row.subspan(first);
    const auto label = std::max_element(labels.begin(), labels.end()) - labels.begin();
    record.labels(step, c) = static_cast<std::int32_t>(label);
    record.statistics[1 + directions + static_cast<std::size_t>(label)].values(step, c) = 1.0;
  }
}

}  // namespace

ChainRecord record_chains(const Rbm& rbm, FantasyChains& chains, const RecordOptions& options,
                          ThreadTeam& team) {
  check(options.directions.cols() + options.label_columns <= rbm.visible_columns(),
        "directions fit the layer");
  const auto all = static_cast<double>(options.burn_in + options.steps);
  const auto advance = [&](std::size_t done) {
    chains.advance(1, {}, team);
    if (options.progress) options.progress(static_cast<double>(done + 1) / all);
  };
  for (std::size_t t = 0; t < options.burn_in; ++t) advance(t);
  ChainRecord record = empty_record(options);
  const std::size_t looks = std::min(options.looks, options.steps);
  std::size_t taken = 0;
  for (std::size_t t = 0; t < options.steps; ++t) {
    advance(options.burn_in + t);
    const Matrix<float> visible = chains.look({}, team).visible;
    if (t == 0) {
      for (Statistic& statistic : record.statistics)
        statistic.values = Matrix<double>(options.steps, visible.rows());
      if (options.label_columns > 0) record.labels = Matrix<std::int32_t>(options.steps, visible.rows());
      record.states = Matrix<float>(looks * visible.rows(), visible.cols());
    }
    free_energy(rbm, visible, record.statistics.front().values.row(t), team);
    record_step(options, t, visible, record);
    if ((t + 1) * looks / options.steps == taken) continue;
    copy_rows(visible, record.states.view().row_block(taken++ * visible.rows(), visible.rows()));
  }
  return record;
}

}  // namespace harmonium
