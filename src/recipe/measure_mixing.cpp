#include "recipe/measure_mixing.h"

#include <algorithm>
#include <numeric>

#include "harmonium/base/error.h"
#include "harmonium/measure/chain_record.h"
#include "harmonium/measure/moments.h"
#include "harmonium/measure/principal_directions.h"
#include "harmonium/models/mean_field.h"
#include "harmonium/models/trajectory.h"
#include "harmonium/render/number.h"
#include "samplers/sample_down.h"

namespace harmonium {
namespace {

constexpr std::size_t kDirections = 3;
constexpr std::size_t kLooks = 10;
constexpr std::size_t kLongestLag = 500;
constexpr std::size_t kMostValues = std::size_t{1} << 26;  // of the training cases compared, at most
// Children of the measure's noise.
constexpr std::uint64_t kChainsNoise = 2, kOrderNoise = 3, kUpNoise = 4, kDownNoise = 5, kPairsNoise = 6;

// Training cases and their labels, in random order: at even distances in the file, so that all classes are
// there in a file that is sorted by them.
struct Cases {
  Matrix<float> values;
  std::vector<std::int32_t> labels;  // -1 where unknown
};

Cases drawn_cases(const Recipe& recipe, const Dataset& data, const Noise& noise, ThreadTeam& team) {
  const std::size_t columns = data.layer().columns(),
                    count = std::min({recipe.measure.cases, data.size(),
                                      std::max<std::size_t>(1000, kMostValues / columns)});
  std::vector<std::uint64_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = i * data.size() / count;
  for (std::size_t i = count; i > 1; --i) std::swap(numbers[i - 1], numbers[noise.below(i, i, 0)]);
  Cases cases{Matrix<float>(count, columns), std::vector<std::int32_t>(count, -1)};
  team.run_blocks(count, 256, [&](std::size_t first, std::size_t rows, unsigned) {
    data.fetch(std::span(numbers).subspan(first, rows), recipe.measure.binarise_seed, 0,
               cases.values.view().row_block(first, rows));
  });
  if (data.has_labels())
    for (std::size_t i = 0; i < count; ++i) cases.labels[i] = data.labels()[numbers[i]];
  return cases;
}

std::string grouped(std::size_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

// The net whose top RBM makes the chains: the fold, where the model is a deep Boltzmann machine.
DeepBeliefNet sampled_net(const Model& model) {
  if (!model.is_machine) return model.net;
  DeepBeliefNet net;
  net.rbms = {folded(machine_of(model.net))};
  return net;
}

// One run of the measure: what its parts share.
class MixingMeasure {
 public:
  MixingMeasure(const Recipe& recipe, const RecipeData& data, const Model& model,
                const std::filesystem::path& model_path, ThreadTeam& team, Reporter& reporter)
      : recipe_(recipe),
        m_(recipe.measure),
        data_(data.train),
        model_(model),
        net_(sampled_net(model)),
        team_(team),
        reporter_(reporter),
        noise_(Noise(recipe.seed, Stream::kMeasure, 0)),
        cases_(drawn_cases(recipe, data.train, noise_.child(kOrderNoise), team)) {
    if (m_.mixing_mix == "trajectory")
      trajectory_ = load_trajectory(trajectory_path(model_path), net().top());
  }

  MixingJudgement run() {
    const ChainRecord record = follow();
    for (const Statistic& statistic : record.statistics)
      result_.statistics.push_back({named(statistic.name), convergence_of(statistic.values)});
    for (std::size_t k = 0; k < record.statistics.size() - net().label_columns; ++k)
      result_.autocorrelations.push_back(
          autocorrelation_of(record.statistics[k].values, std::min(kLongestLag, m_.mixing_record / 2)));
    result_.grade = mixing_grade(result_.statistics);
    result_.verdict = mixing_sentence(result_.statistics);
    add_convergence();
    add_moments(record.states);
    add_shares(record.labels);
    add_exchanges();
    return std::move(result_);
  }

 private:
  const DeepBeliefNet& net() const { return net_; }

  void add(const std::string& name, double value, const std::string& unit, const std::string& how,
           std::size_t cases = 0) {
    result_.measurements.push_back({name, value, {}, cases, unit, how});
  }

  // "label 3" is that of the class of this number.
  std::string named(const std::string& statistic) const {
    if (!statistic.starts_with("label ")) return statistic;
    return "label " + model_.class_name(std::stoul(statistic.substr(6)));
  }

  // Visible values of the top RBM for the training cases, without labels.
  Matrix<float> top_values() const {
    const std::size_t below = net().depth() - 1;
    if (model_.is_machine)
      return folded_cases(machine_of(model_.net), cases_.values, States::kSamples, noise_.child(kUpNoise),
                          team_);
    if (below == 0) return copy_of(cases_.values);
    return up_pass(net(), 0, below, cases_.values, States::kSamples, noise_.child(kUpNoise), {}, team_);
  }

  Matrix<float> starts(const Matrix<float>& top, std::uint64_t seed) const {
    Matrix<float> start = start_chains_from_bias(net().top(), m_.mixing_chains, seed, team_).visible;
    const std::size_t labels = net().label_columns, first = start.cols() - labels;
    for (std::size_t c = 0; c < start.rows(); c += 2) {
      const std::size_t number = c / 2 % top.rows();
      std::copy_n(top.row(number).data(), first, start.row(c).data());
      const std::int32_t label = cases_.labels[number];
      if (labels == 0 || label < 0) continue;  // then the label is what the biases alone would show
      std::fill_n(start.row(c).data() + first, labels, 0.0f);
      start(c, first + static_cast<std::size_t>(label)) = 1.0f;
    }
    return start;
  }

  ChainRecord follow() {
    const Matrix<float> top = top_values();
    const PrincipalDirections principal = principal_directions(top, kDirections, team_);
    ChainsOptions making;
    making.chains = m_.mixing_chains;
    making.seed = noise_.child(kChainsNoise).key();
    making.mix = parse_mix(m_.mixing_mix);
    making.temperatures = m_.mixing_temperatures;
    making.trajectory = trajectory_ ? &*trajectory_ : nullptr;
    const auto chains = make_fantasy_chains(net().top(), making, team_);
    chains->start(starts(top, making.seed), {}, team_);
    RecordOptions options;
    options.burn_in = m_.mixing_burn_in, options.steps = m_.mixing_record;
    options.directions = principal.directions;
    options.label_columns = net().label_columns;
    options.looks = kLooks;
    options.progress = [&](double done) { reporter_.working("following chains", done); };
    ChainRecord record = record_chains(net().top(), *chains, options, team_);
    result_.exchange_rates = chains->exchange_rates();
    round_trips_ = chains->round_trips();
    return record;
  }

  void add_convergence() {
    const std::string chains = grouped(m_.mixing_chains) + " chains, half from data and half from noise, " +
                               grouped(m_.mixing_record) + " steps of " + m_.mixing_mix + " after " +
                               grouped(m_.mixing_burn_in);
    const auto& statistics = result_.statistics;
    const FollowedStatistic& worst = worst_statistic(statistics);
    add("mixing_r_hat", worst.convergence.r_hat, "",
        worst.name + ", the worst of " + std::to_string(statistics.size()) + " statistics; " + chains);
    const auto& fewest = *std::min_element(statistics.begin(), statistics.end(), [](auto& a, auto& b) {
      return a.convergence.effective_samples < b.convergence.effective_samples;
    });
    add("mixing_effective_samples", fewest.convergence.effective_samples, "independent samples",
        fewest.name + ", the worst");
    const auto slowest = std::max_element(result_.autocorrelations.begin(), result_.autocorrelations.end(),
                                          [](const Mixing& a, const Mixing& b) { return a.time < b.time; });
    add("mixing_autocorrelation_time", slowest->time, "steps",
        statistics[static_cast<std::size_t>(slowest - result_.autocorrelations.begin())].name +
            ", the worst" + (slowest->unresolved ? "; the record is too short to tell, it is more" : ""));
  }

  void add_moments(const Matrix<float>& states) {
    const std::size_t below = net().depth() - 1, half = cases_.values.rows() / 2;
    const ConstMatrixView<float> values = cases_.values;
    Matrix<float> fantasies =
        copy_of(states.view().col_block(0, below == 0 ? values.cols() : net().columns(below)));
    if (below > 0) fantasies = sample_down(net(), below, fantasies, noise_.child(kDownNoise), team_);
    reporter_.working("comparing moments with those of the data", 0.0);
    const auto pairs = column_pairs(values.cols(), m_.mixing_pairs, noise_.child(kPairsNoise).key());
    const MomentDistance distance = moment_distance(fantasies, values, pairs, team_);
    const MomentDistance expected = expected_distance(
        moment_distance(values.row_block(0, half), values.row_block(half, half), pairs, team_), half,
        fantasies.rows(), values.rows());
    reporter_.working("comparing moments with those of the data", 1.0);
    const std::string against = "fantasies against " + grouped(values.rows()) + " training cases",
                      over = "over what so many independent cases of the data would differ by";
    add("moments_first_distance", distance.first, "root mean square", "means of units, " + against,
        fantasies.rows());
    if (expected.first > 0) add("moments_first_ratio", distance.first / expected.first, "", over);
    if (expected.first > 0 && expected.second > 0)
      result_.verdict +=
          " " + moment_sentence(distance.first / expected.first, distance.second / expected.second);
    if (pairs.empty()) return;
    add("moments_second_distance", distance.second, "root mean square",
        "covariances of " + grouped(pairs.size()) + " pairs of units, " + against, fantasies.rows());
    if (expected.second > 0) add("moments_second_ratio", distance.second / expected.second, "", over);
  }

  void add_shares(const Matrix<std::int32_t>& labels) {
    if (net().label_columns == 0 || !data_.has_labels()) return;
    result_.shares = class_shares(labels, data_.labels(), net().label_columns);
    for (std::size_t k = 0; k < result_.shares.size(); ++k) {
      const ClassShare& share = result_.shares[k];
      result_.classes.push_back(model_.class_name(k));
      result_.measurements.push_back(
          {"class_share_" + result_.classes.back(), share.chains, share.chains_error, 0, "fraction",
           "of free chains by their label units; of the data " + number_text(share.data, 4)});
    }
    add("class_share_distance", share_distance(result_.shares), "fraction",
        "of fantasies that would have to change class to match the data");
    result_.verdict += " " + class_sentence(result_.shares, result_.classes);
  }

  void add_exchanges() {
    const auto& rates = result_.exchange_rates;
    if (rates.empty()) return;
    add("exchange_rate_least", *std::min_element(rates.begin(), rates.end()), "fraction",
        "accepted exchanges between the neighbours that exchange least, of " +
            std::to_string(rates.size() + 1) + (trajectory_ ? " models" : " temperatures"));
    add("exchange_rate_mean",
        std::accumulate(rates.begin(), rates.end(), 0.0) / static_cast<double>(rates.size()), "fraction",
        "over all pairs of neighbours");
    add("round_trips", static_cast<double>(round_trips_), "",
        "ways of a state from the easiest model to the learned one and back, of all chains together");
  }

  const Recipe& recipe_;
  const MeasureRecipe& m_;
  const Dataset& data_;
  const Model& model_;
  const DeepBeliefNet net_;
  ThreadTeam& team_;
  Reporter& reporter_;
  Noise noise_;
  Cases cases_;
  std::optional<Trajectory> trajectory_;
  std::size_t round_trips_ = 0;
  MixingJudgement result_;
};

}  // namespace

std::string grade_name(MixingGrade grade) {
  if (grade == MixingGrade::kMixes) return "mixes";
  return grade == MixingGrade::kMixesSlowly ? "mixes slowly" : "does not mix";
}

std::string find_chain_fault(const std::string& key, const Rbm& rbm) {
  for (const LayerSpec* spec : {&rbm.visible.spec, &rbm.hidden.spec})
    if (!spec->has_energy())
      return key + " follows energies, but layer \"" + spec->to_string() + "\" has none.";
  return rbm.visible.spec.has_open_length() ? key +
                                                  " needs chains of documents of one length; give it, as in "
                                                  "\"multinomial(50) 2000\"."
                                            : "";
}

std::string find_mixing_fault(const Recipe& recipe, const RecipeData& data, const DeepBeliefNet& net) {
  const MeasureRecipe& m = recipe.measure;
  if (m.mixing_chains == 0) return {};
  if (m.mixing_chains < 4)
    return "measure.mixing.chains = " + std::to_string(m.mixing_chains) +
           " must be 4 or more, half of them from data and half from noise.";
  if (data.train.has_missing())
    return "measure.mixing compares fantasies with whole cases, but the data have missing values.";
  if (data.train.size() < 4) return "measure.mixing needs 4 training cases or more, to compare with.";
  if (m.cases < 4)
    return "measure.mixing compares fantasies with measure.cases training cases, of which it needs 4 or "
           "more, but "
           "measure.cases is " +
           std::to_string(m.cases) + ".";
  const auto keeps = [](const TrainOptions& options) { return options.epochs > 0 && options.snapshots > 0; };
  if (m.mixing_mix == "trajectory" && !keeps(layer_options(recipe, net.depth()).back()) &&
      !keeps(joint_options(recipe)))
    return "measure.mixing.mix = \"trajectory\" walks through the models of the training run, but none are "
           "kept; set train.snapshots or joint.snapshots.";
  if (net.rbms.front().visible.spec.has_open_length())
    return find_chain_fault("measure.mixing", net.rbms.front());
  return find_chain_fault("measure.mixing", net.top());
}

MixingJudgement judge_mixing(const Recipe& recipe, const RecipeData& data, const Model& model,
                             const std::filesystem::path& model_path, ThreadTeam& team, Reporter& reporter) {
  if (const auto fault = find_mixing_fault(recipe, data, model.net); !fault.empty()) throw InputError(fault);
  return MixingMeasure(recipe, data, model, model_path, team, reporter).run();
}

}  // namespace harmonium
