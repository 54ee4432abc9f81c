// For a scientist with a table of binary measurements: fit an RBM, get its exact log-likelihood, save it.
//
// The table here is "bars and stripes": the 30 images of 4 x 4 pixels whose rows, or whose columns, are each
// all on or all off. A model that knew them exactly would give each log(1/30) = -3.40 nats, and would tell
// every pixel from the other fifteen (a pseudo-log-likelihood of 0). For a file: load_dataset("table.csv").
#include <cstdio>
#include <filesystem>
#include <numeric>

#include "harmonium/data/load.h"
#include "harmonium/measure/exact.h"
#include "harmonium/measure/pseudo_likelihood.h"
#include "harmonium/models/model_file.h"
#include "harmonium/train/greedy.h"

using namespace harmonium;

namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

int main(int argc, char** argv) {
  ThreadTeam team;
  const Dataset table = load_dataset("bars-and-stripes:4");

  // 16 visible units, as the table says, and 12 hidden ones.
  DeepBeliefNet net = make_net({table.layer(), parse_layer("12")}, /*labels=*/false);

  TrainOptions options;
  options.epochs = 6000;  // one batch of all 30 patterns each
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
  const double log_likelihood = mean_of(log_likelihoods(rbm, cases, log_z, team));
  std::printf("log Z %.3f\n", log_z);
  std::printf("mean log-likelihood  %7.3f nats a case\n", log_likelihood);
  std::printf("KL(data || model)    %7.3f nats\n", kl_from_data(rbm, cases, log_z, team));
  std::printf("pseudo-likelihood    %7.3f nats a case\n", mean_of(pseudo_log_likelihoods(rbm, cases, team)));

  // The file holds the columns of the table too, so that the model can read a new one by itself.
  Model model;
  model.net = trainer.net();
  model.seed = options.seed;
  model.data_name = table.name();
  model.data_hash = table.hash();
  model.schema = table.schema().to_json();
  model.data_statistics = table.schema().statistics();
  model.history = trainer.history();
  const auto path = std::filesystem::path(argc > 1 ? argv[1] : ".") / "bars.safetensors";
  save_model(path, model);
  const bool same = exact_log_z(load_model(path).net.top(), team) == log_z;
  std::printf("saved as %s and read back: %s\n", path.c_str(), same ? "the same model" : "ANOTHER MODEL");
  return same && log_likelihood > -4.5 ? 0 : 1;
}
