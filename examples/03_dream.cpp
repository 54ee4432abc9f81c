// For a student: a small deep belief net with labels learns digits, is told a label, and dreams.
#include <cstdio>
#include <filesystem>

#include "harmonium/baselines/nearest_neighbour.h"
#include "harmonium/data/load.h"
#include "harmonium/io/png.h"
#include "harmonium/render/sheet.h"
#include "harmonium/samplers/generate.h"
#include "harmonium/train/greedy.h"

using namespace harmonium;

int main(int argc, char** argv) {
  ThreadTeam team;
  const Dataset digits = load_dataset("mnist").take(0, 5000);

  // Pixels, 150 features, then an associative memory of 150 features and 10 label units below 400 units.
  const auto layers = parse_layers("784 - 150 - 150 + softmax 10 - 400");
  DeepBeliefNet net = make_net(layers, /*labels=*/true);

  TrainOptions options;
  options.epochs = 10;
  options.rate = 0.1;
  options.momentum = Schedule(std::vector<double>{0.5, 0.5, 0.9});
  options.l2 = 2e-4;
  // The top RBM is a density: binary samples, persistent chains, a falling rate.
  TrainOptions memory = options;
  memory.epochs = 30;
  memory.rate = Schedule(0.1, ScheduleShape::kLinear);
  memory.momentum = 0.0;
  memory.l2 = 2e-5;
  memory.pass_samples = true;
  memory.negative = NegativeKind::kPersistent;
  memory.average_epochs = 2;
  GreedyTrainer trainer(net, {&digits, nullptr, digits.labels()}, {options, options, memory}, team);
  GreedyHooks hooks;
  hooks.epoch_done = [](const HistoryRecord& record) {
    if (record.epoch % 10 == 0)
      std::printf("layer %zu, epoch %2d: reconstruction error %.2f\n", record.layer + 1,
                  static_cast<int>(record.epoch), record.measures.at("reconstruction_error"));
  };
  trainer.run(hooks);

  // Clamp each label in turn and let ten chains settle.
  Matrix<float> sheet(100, 784);
  std::vector<std::int32_t> asked;
  for (std::size_t label = 0; label < 10; ++label) {
    FantasyOptions dream;
    dream.chains = 10;
    dream.steps = {1000};
    dream.label = label;
    const Fantasies fantasies = fantasies_from_noise(trainer.net(), dream, team);
    for (std::size_t c = 0; c < 10; ++c) {
      const auto image = fantasies.visible.back().row(c);
      std::copy(image.begin(), image.end(), sheet.row(asked.size()).begin());
      asked.push_back(static_cast<std::int32_t>(label));
    }
  }
  const auto path = std::filesystem::path(argc > 1 ? argv[1] : ".") / "dreams.png";
  SheetOptions look;
  look.columns = 10;
  write_png(path, sheet_of_rows(sheet, {28, 28}, look));
  std::printf("%s: a row for each label from 0 to 9\n", path.c_str());

  // Would someone who knows the real digits read the dreams as what was asked for?
  const Matrix<float> real = fetch_range(digits, 0, digits.size(), 1, 0, team);
  const auto read = nearest_labels(real, digits.labels(), sheet, team);
  std::size_t right = 0;
  for (std::size_t i = 0; i < read.size(); ++i) right += read[i] == asked[i];
  std::printf("%zu of 100 dreams lie nearest to a real digit of their label (by chance: 10)\n", right);
  return right >= 40 ? 0 : 1;
}
