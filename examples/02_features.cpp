// For an engineer who needs features without labels: learn 200 from digits, encode new ones, and see what a
// nearest neighbour makes of the codes.
#include <cstdio>

#include "harmonium/baselines/nearest_neighbour.h"
#include "harmonium/data/load.h"
#include "harmonium/train/greedy.h"

using namespace harmonium;

namespace {

// Fraction of test cases whose nearest training case has another label.
double error_of(ConstMatrixView<float> train, const Dataset& train_set, ConstMatrixView<float> test,
                const Dataset& test_set, ThreadTeam& team) {
  const auto read = nearest_labels(train, train_set.labels(), test, team);
  double wrong = 0;
  for (std::size_t i = 0; i < read.size(); ++i) wrong += read[i] != test_set.labels()[i];
  return wrong / static_cast<double>(read.size());
}

}  // namespace

int main() {
  ThreadTeam team;
  DataRequest request;
  request.source = "mnist";
  const Dataset train = load_dataset(request).take(0, 4000);
  request.part = "test";
  const Dataset test = load_dataset(request).take(0, 500);

  TrainOptions options;  // CD-1 with means as reconstructions learns features fast
  options.epochs = 10;
  options.rate = 0.1;
  options.momentum = Schedule(std::vector<double>{0.5, 0.5, 0.9});
  options.l2 = 2e-4;
  options.visible_states = VisibleStates::kMeans;
  GreedyTrainer trainer(make_net({train.layer(), parse_layer("200")}, false), {&train}, {options}, team);
  trainer.run({});

  // Labels were never seen; they only judge.
  const Matrix<float> train_pixels = fetch_range(train, 0, train.size(), 1, 0, team);
  const Matrix<float> test_pixels = fetch_range(test, 0, test.size(), 1, 0, team);
  const Noise unused(1, Stream::kMeasure, 0);
  const auto encode = [&](const Matrix<float>& pixels) {
    return up_pass(trainer.net(), 0, 1, pixels, States::kMeans, unused, {}, team);
  };
  const Matrix<float> train_codes = encode(train_pixels), test_codes = encode(test_pixels);
  const double by_pixels = error_of(train_pixels, train, test_pixels, test, team);
  const double by_codes = error_of(train_codes, train, test_codes, test, team);
  std::printf("nearest neighbour, %zu training and %zu test digits\n", train.size(), test.size());
  std::printf("  784 pixels   %.1f %% errors\n  200 features %.1f %% errors\n", 100 * by_pixels,
              100 * by_codes);
  return by_codes < 0.12 ? 0 : 1;
}
