// For a scientist with a table of binary measurements: fit an RBM, get its exact log-likelihood, save it.
//
// The table here is "bars and stripes": the 30 images of 4 x 4 pixels whose rows, or whose columns, are each
// all on or all off. A model that knew them exactly would give each log(1/30) = -3.40 nats.
#include <cstdio>
#include <filesystem>
#include <numeric>

#include "harmonium/data/load.h"
#include "harmonium/measure/exact.h"
#include "harmonium/models/model_file.h"
#include "harmonium/train/greedy.h"

using namespace harmonium;

int main(int argc, char** argv) {
  ThreadTeam team;
  const Dataset table = load_dataset("bars-and-stripes:4");

  // 16 visible units, as the table says, and 12 hidden ones.
  DeepBeliefNet net = make_net({table.layer(), parse_layer("12")}, /*labels=*/false);

  TrainOptions options;
  options.epochs = 3000;  // one batch of all 30 patterns each
  options.batch = 30;
  options.rate = Schedule(0.2, ScheduleShape::kLinear);
  options.initial_deviation = 0.1;
  options.negative = NegativeKind::kTempering;  // chains that reach every mode
  options.measure_every = 1000;

  GreedyTrainer trainer(net, {&table}, {options}, team);
  trainer.run({});
  const Rbm& rbm = trainer.net().top();

  // 12 hidden units have 4096 states, so log Z is a sum and the likelihood is exact.
  const double log_z = exact_log_z(rbm, team);
  const Matrix<float> cases = fetch_range(table, 0, table.size(), 1, 0, team);
  const auto log_likelihood = log_likelihoods(rbm, cases, log_z, team);
  const double mean = std::accumulate(log_likelihood.begin(), log_likelihood.end(), 0.0) / 30;
  std::printf("log Z %.3f, mean log-likelihood %.3f nats a case, KL(data || model) %.3f nats\n", log_z, mean,
              kl_from_data(rbm, cases, log_z, team));

  Model model;
  model.net = trainer.net();
  model.data_name = table.name();
  const auto path = std::filesystem::path(argc > 1 ? argv[1] : ".") / "bars.safetensors";
  save_model(path, model);
  const bool same = exact_log_z(load_model(path).net.top(), team) == log_z;
  std::printf("saved as %s and read back: %s\n", path.c_str(), same ? "the same model" : "ANOTHER MODEL");
  return same && mean > -4.5 ? 0 : 1;
}
