// Does annealed importance sampling keep its word? Over 220 small random models of every kind of unit with a
// finite Z, and RBMs with 20 hidden units that learned MNIST digits: how often the 95 % interval holds the
// exact log Z, and how wide it is. Prints a table; fails where less than 90 % hold or the median width
// exceeds 0.3 nats. About a minute on two threads.
//
//   annealing_coverage [STEPS]        of small models, 1000 where none are given; five times as many of
//   digits
#include <cstdio>
#include <cstdlib>
#include <map>

#include "harmonium/data/load.h"
#include "harmonium/train/greedy.h"
#include "unit/annealed_models.h"

using namespace harmonium;

namespace {

constexpr std::uint64_t kRounds = 4;
constexpr std::size_t kDigits = 10000;

struct Row {
  std::size_t models = 0, held = 0;
  double error = 0, effective = 0;
  std::vector<double> widths;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void print(const std::string& name, const Row& row) {
  const auto n = static_cast<double>(row.models);
  std::printf("%-42s %6zu %9.3f %11.3f %12.3f %10.1f\n", name.c_str(), row.models,
              static_cast<double>(row.held) / n, median(row.widths), row.error / n, row.effective / n);
}

class Table {
 public:
  void add(const std::string& name, const AnnealedLogZ& estimate, double truth) {
    for (Row* row : {&rows_[name], &all_}) {
      constexpr double kRounding = 1e-5;  // of f32 products, where all weights are alike
      row->held += estimate.interval_low < truth + kRounding && truth - kRounding < estimate.interval_high;
      row->error += std::abs(estimate.log_z - truth);
      row->effective += estimate.effective_runs;
      row->widths.push_back(estimate.interval_high - estimate.interval_low);
      ++row->models;
    }
  }
  bool finish(const char* title) const {
    std::printf("%-42s %6s %9s %11s %12s %10s\n", title, "models", "95 % held", "width", "error",
                "effective");
    for (const auto& [name, row] : rows_) print(name, row);
    print("all", all_);
    return static_cast<double>(all_.held) >= 0.9 * static_cast<double>(all_.models) &&
           median(all_.widths) <= 0.3;
  }

 private:
  std::map<std::string, Row> rows_;
  Row all_;
};

Rbm learn_digits(const Dataset& digits, NegativeKind negative, std::uint64_t seed, ThreadTeam& team) {
  TrainOptions options;
  options.epochs = 20;
  options.negative = negative;
  options.rate = Schedule(0.1, ScheduleShape::kLinear);
  options.seed = seed;
  GreedyTrainer trainer(make_net({digits.layer(), parse_layer("20")}, false), {&digits}, {options}, team);
  trainer.run({});
  return trainer.net().top();
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t steps = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000;
  ThreadTeam team;
  Table small;
  std::uint64_t seed = 0;
  for (const auto& [name, rbm] : annealed_models::draw(kRounds))
    small.add(name,
              annealed_models::anneal(rbm, annealed_models::stand_in_data(rbm, team), steps, ++seed, team),
              exact_log_z(rbm, team));
  const bool small_hold = small.finish("small random models");

  DataRequest request;
  request.source = "mnist";
  request.limit = kDigits;
  request.binarise = Binarise::kSample;
  const Dataset digits = load_dataset(request);
  const Matrix<float> cases = fetch_range(digits, 0, 2000, 1, 0, team);
  Table learned;
  for (const auto& [name, negative] :
       {std::pair{"cd", NegativeKind::kContrastiveDivergence}, std::pair{"pcd", NegativeKind::kPersistent}})
    for (std::uint64_t s = 1; s <= 2; ++s) {
      const Rbm rbm = learn_digits(digits, negative, s, team);
      const double truth = exact_log_z(rbm, team);
      for (std::uint64_t run = 1; run <= 5; ++run)
        learned.add(std::string("784-20, ") + name + ", seed " + std::to_string(s),
                    annealed_models::anneal(rbm, cases, 5 * steps, run, team), truth);
    }
  std::printf("\n");
  const bool learned_hold = learned.finish("trained on MNIST digits, 5 estimates each");
  return small_hold && learned_hold ? 0 : 1;
}
