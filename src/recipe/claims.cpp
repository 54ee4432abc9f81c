#include "recipe/claims.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "harmonium/models/deep_boltzmann_machine.h"
#include "harmonium/render/number.h"
#include "harmonium/train/up_down.h"

namespace harmonium {
namespace {

constexpr double kFloat = sizeof(float), kDouble = sizeof(double);

double real(std::size_t count) {
  return static_cast<double>(count);
}

std::string with_value(const std::string& key, std::size_t value) {
  return key + " = " + std::to_string(value);
}

// Columns of both layers of the RBM whose chains are those of the model.
double chain_columns(const Recipe& recipe, const DeepBeliefNet& net) {
  if (!recipe.is_machine) return real(net.top().visible_columns() + net.top().hidden_columns());
  double columns = 0;
  for (std::size_t n = 0; n <= net.depth(); ++n) columns += real(net.columns(n));
  return columns;
}

// Columns of all statistics that an update of up-down learning makes of a chain: the top RBM's, and what the
// layers below dream of it and make of the dream.
double dreamt_columns(const DeepBeliefNet& net) {
  double columns = real(net.top().visible_columns() + net.top().hidden_columns());
  for (std::size_t n = 0; n + 1 < net.depth(); ++n) columns += real(net.columns(n) + net.columns(n + 1));
  return columns;
}

// Persistent chains of one RBM, whose states stand beside those that an update learns from.
MemoryClaim chains_claim(const TrainOptions& options, double columns) {
  MemoryClaim claim{with_value(options.table + ".chains", options.chains), 0};
  const bool tempered = options.negative == NegativeKind::kTempering;
  if (tempered) claim.keys += " and " + with_value(options.table + ".temperatures", options.temperatures);
  if (options.negative != NegativeKind::kContrastiveDivergence && options.negative != NegativeKind::kExact)
    claim.bytes =
        (1.0 + (tempered ? real(options.temperatures) : 1.0)) * real(options.chains) * columns * kFloat;
  return claim;
}

// How many models of the top RBM are kept, at most: while layers learn one by one, and then together.
struct SnapshotCounts {
  std::size_t greedy = 0, joint = 0;
};
SnapshotCounts snapshot_counts(const Recipe& recipe, std::size_t depth) {
  return {layer_options(recipe, depth).back().snapshots,
          recipe.joint.train.epochs > 0 ? recipe.joint.train.snapshots : 0};
}

MemoryClaim mixing_claim(const Recipe& recipe, const DeepBeliefNet& net) {
  constexpr double kStatistics = 4, kLooks = 10;  // see record_chains
  const MeasureRecipe& m = recipe.measure;
  const double labels = real(net.label_columns), chains = real(m.mixing_chains);
  const double record = chains * real(m.mixing_record) * ((kStatistics + labels) * kDouble + kFloat);
  const SnapshotCounts kept = snapshot_counts(recipe, net.depth());
  const double rungs = m.mixing_mix == "tempering"    ? real(m.mixing_temperatures)
                       : m.mixing_mix == "trajectory" ? real(kept.greedy + kept.joint + 2)
                                                      : 1.0;
  return {with_value("measure.mixing.chains", m.mixing_chains) + " and " +
              with_value("measure.mixing.steps", m.mixing_record),
          record + (rungs + kLooks) * chains * chain_columns(recipe, net) * kFloat};
}

// Every snapshot is a copy of the top RBM, in memory until learning ends.
MemoryClaim snapshots_claim(const Recipe& recipe, const DeepBeliefNet& net) {
  const SnapshotCounts counts = snapshot_counts(recipe, net.depth());
  const double parameters = real(net.top().visible_columns() + 1) * real(net.top().hidden_columns() + 1);
  return {
      with_value("train.snapshots", counts.greedy) + " and " + with_value("joint.snapshots", counts.joint),
      real(counts.greedy + counts.joint) * parameters * kFloat};
}

}  // namespace

std::vector<MemoryClaim> training_claims(const Recipe& recipe, const DeepBeliefNet& learned,
                                         const DeepBeliefNet& net) {
  std::vector<MemoryClaim> claims;
  const auto options = layer_options(recipe, learned.depth());
  for (std::size_t n = 0; n < learned.depth(); ++n)
    claims.push_back(
        chains_claim(options[n], real(learned.rbms[n].visible_columns() + learned.rbms[n].hidden_columns())));
  const TrainOptions joint = joint_options(recipe);
  if (joint.epochs > 0 && (recipe.is_machine || has_persistent_chains(joint)))
    claims.push_back(
        chains_claim(joint, recipe.is_machine ? chain_columns(recipe, net) : dreamt_columns(net)));
  claims.push_back(snapshots_claim(recipe, net));
  return claims;
}

std::vector<MemoryClaim> measuring_claims(const Recipe& recipe, const DeepBeliefNet& net, std::size_t cases) {
  constexpr double kChainsOfEnergies = 100;  // of measure.mixing_steps
  const MeasureRecipe& m = recipe.measure;
  const double values = real(net.columns(0)) * kFloat;
  std::vector<MemoryClaim> claims = {
      {with_value("measure.mixing_steps", m.mixing_steps),
       real(m.mixing_steps) * kChainsOfEnergies * kDouble},
      {with_value("measure.raise_chains", m.raise_chains) + " and " +
           with_value("measure.raise_cases", m.raise_cases),
       real(std::min({m.raise_cases, m.cases, cases})) * real(m.raise_chains) * kDouble},
      // Once as they are drawn and once in the order in which they are read.
      {with_value("measure.fantasies.cases", m.fantasies),
       2 * real(m.fantasies) * real(std::max<std::size_t>(1, net.label_columns)) * values},
      {with_value("report.fantasies", recipe.report.fantasies),
       real(recipe.report.fantasies) * real(recipe.report.fantasy_steps.size() + 1) * values},
      {with_value("report.fantasies_per_class", recipe.report.fantasies_per_class),
       2 * real(recipe.report.fantasies_per_class) * real(net.label_columns) * values}};
  if (m.mixing_chains > 0) claims.push_back(mixing_claim(recipe, net));
  return claims;
}

std::string find_claim_fault(const std::vector<MemoryClaim>& claims, double memory) {
  constexpr double kGib = 1 << 30;
  for (const MemoryClaim& claim : claims)
    if (claim.bytes > memory)
      return claim.keys + " would take " + number_text(claim.bytes / kGib, 2) +
             " GiB of memory, but this machine has " + number_text(memory / kGib, 2) + "; give less.";
  return {};
}

double machine_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && page > 0 ? static_cast<double>(pages) * static_cast<double>(page) : HUGE_VAL;
}

}  // namespace harmonium
