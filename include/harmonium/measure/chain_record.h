// What chains of fantasies show step by step, for the question whether they mix.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harmonium/samplers/fantasy_chains.h"

namespace harmonium {

struct RecordOptions {
  std::size_t burn_in = 500, steps = 1000;  ///< not recorded, and recorded
  /// Rows of as many columns as the visible layer has without labels, or fewer: each gives a statistic.
  ConstMatrixView<float> directions = {};
  std::size_t label_columns = 0;  ///< at the end of the visible layer
  std::size_t looks = 10;         ///< states kept, at even distances; the last one is the end
  std::function<void(double)> progress = {};
};

/// One statistic along chains.
struct Statistic {
  std::string name;       ///< "free energy", "principal direction 1", "label 3"
  Matrix<double> values;  ///< steps x chains
};

struct ChainRecord {
  std::vector<Statistic> statistics;  ///< the free energy, the directions, and for each label 0 or 1
  Matrix<std::int32_t> labels;        ///< steps x chains: the label that is on; empty without label columns
  Matrix<float> states;               ///< (looks * chains) x V sampled visible values of the RBM
};

/// Goes on with chains that were started, without anything held. The same bits for any number of threads.
ChainRecord record_chains(const Rbm& rbm, FantasyChains& chains, const RecordOptions& options,
                          ThreadTeam& team);

}  // namespace harmonium
