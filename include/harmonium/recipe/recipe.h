// A recipe: everything about an experiment in one value, read from a TOML file or built from options.
//
// One table of keys (recipe/keys.h) reads the file, answers `--set key=value`, makes the options of `train`
// and their help, and writes the canonical text that a model keeps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harmonium/data/load.h"
#include "harmonium/train/network_options.h"
#include "harmonium/train/options.h"

namespace harmonium {

/// As data.test: no test cases are read, so that held-out ones judge while choices are made.
inline constexpr const char* kNoTest = "none";

/// [data]: what to learn from and what to measure on.
struct DataRecipe {
  std::string train = "mnist";  ///< a named data set, or a path
  std::string test;             ///< likewise, or kNoTest; empty: the test part of `train`, where it has one
  std::string labels;           ///< path of the labels, where they are not found beside the values
  std::string label_column, weights_column;  ///< of a table
  std::vector<std::string> classes;          ///< keep these classes only
  std::size_t limit = 0;                     ///< keep the first so many training cases
  std::size_t held_out = 0;                  ///< training cases kept apart, to watch for overfitting
  std::string binarise;                      ///< "none", "threshold", "sample"; empty: as the schema says
  std::optional<double> threshold;
  std::optional<bool> standardise;
  std::string missing;              ///< "refuse", "unknown", "absent"; empty: as the schema says
  std::vector<std::size_t> resize;  ///< images to height, width
  std::string columns;              ///< TOML text of [data.columns], or empty
  // Data larger than memory; see StreamOptions.
  std::size_t memory = 2048;      ///< MiB; larger .npy files stay on the disk
  std::size_t block = 1024;       ///< KiB that are read at once
  std::size_t mixed_blocks = 16;  ///< blocks whose cases are shuffled among themselves
};

/// [joint]: learning all layers together after greedy learning.
struct JointRecipe {
  JointRecipe();
  TrainOptions train;  ///< of it: epochs (0 is off), batch, rate, momentum, l2, steps, sleep_states, ...
  std::string keep = "last";  ///< or "best": of the measured epochs the one with the fewest held-out errors
  double stop_error = 0;      ///< end when the training error is at most this; 0 is never
};

/// [fine_tune]: a net that is learned by back-propagation when the stack has been learned. A classifier is
/// its layers going up and a softmax of the classes on top, an autoencoder its layers going up and down
/// again.
struct FineTuneRecipe {
  FineTuneRecipe();

  TrainOptions train;  ///< of which a net takes epochs (0: off), rates, costs, averages
  NetworkOptions net;  ///< task, dropout, epochs of the output layer alone, rates of layers
  /// The stack that the run learns, "random", or a model file with a stack; then nothing is learned before.
  std::string start = "stack";
  std::size_t labels = 0;     ///< cases that a classifier learns from, drawn from each class alike; 0: all
  std::string keep = "last";  ///< or "best": of the measured epochs the one with the least held-out error
  std::size_t patience = 0;   ///< measured epochs without a smaller one, after which it ends; 0 is off
};

/// [measure]: what to measure when learning is done.
struct MeasureRecipe {
  std::string likelihood =
      "auto";  ///< "exact", "annealed", "none"; auto: exact where it can be summed quickly
  std::size_t annealing_runs = 100, annealing_temperatures = 10000;
  std::string annealing_schedule = "adaptive";  ///< or "standard", "uniform": where the temperatures lie
  std::size_t raise_cases = 500;                ///< cases bounded from below by RAISE as well; 0 is off
  std::size_t raise_temperatures = 0;           ///< 0: as many as annealing_temperatures
  std::size_t raise_chains = 1;                 ///< of each case
  // Of a stack of RBMs, or one with label units; see NetLikelihoodOptions.
  std::size_t net_cases = 0;  ///< cases, at most; 0: 500 where a likelihood is demanded, none where "auto"
  std::size_t net_samples = 1000, net_temperatures = 1;
  bool pseudo_likelihood = false;
  bool kl = false;                  ///< KL(data || model) on the training cases
  std::size_t mixing_steps = 0;     ///< Gibbs steps for the autocorrelation of energies; 0 is off
  std::size_t cases = 10000;        ///< test cases measured, at most
  std::size_t up_passes = 20;       ///< of recognition by several up-passes; 0 is off
  std::size_t settling_steps = 20;  ///< Gibbs steps of recognition by settling labels; 0 is off
  /// Grey pixels of the cases that are measured are sampled once, with this seed and not with that of the
  /// run, so that models of all seeds are judged by the same cases.
  std::size_t binarise_seed = 1;
  // [measure.one_class]: what a model of one class makes of the others (the tutorial's twos).
  std::string one_class;                 ///< the class, e.g. "2"; empty is off
  std::size_t one_class_pca = 50;        ///< components of the PCA that stands beside it
  std::size_t one_class_neighbours = 1;  ///< nearest training cases that vote
  std::size_t one_class_cases = 2000;    ///< test cases of other classes
  // [measure.fantasies]: the quality of fantasies; recipe/measure_fantasies.h.
  std::size_t fantasies = 0;           ///< for each label, or in all where there are no label units; 0 is off
  std::size_t fantasy_steps = 1000;    ///< Gibbs steps from noise to the first look, and between looks
  std::size_t fantasy_looks = 10;      ///< at one chain
  std::string fantasy_reader = "net";  ///< or "neighbours"
  std::size_t reader_units = 800, reader_epochs = 40;  ///< of the net that reads
  // [measure.mixing]: can fantasies be trusted? recipe/measure_mixing.h.
  std::size_t mixing_chains = 0;         ///< half from data, half from noise; 0 is off
  std::size_t mixing_record = 1000;      ///< steps that are recorded
  std::size_t mixing_burn_in = 500;      ///< steps before
  std::string mixing_mix = "gibbs";      ///< or "tempering", "trajectory"
  std::size_t mixing_temperatures = 20;  ///< of tempering
  std::size_t mixing_pairs = 10000;      ///< of columns whose second moments are compared, at most
};

/// [report]: what to show.
struct ReportRecipe {
  std::size_t fantasies = 100;  ///< chains; 0 is off
  std::vector<std::size_t> fantasy_steps = {0, 1, 10, 100, 1000};
  std::string fantasy_start = "noise";   ///< or "data"
  std::size_t fantasies_per_class = 10;  ///< of nets with label units, each class held; 0 is off
  bool movie = false;                    ///< a GIF of one chain, or of one of each class
  std::size_t features = 100;            ///< weight images shown for each layer; 0 is off
  std::vector<std::size_t> image_shape;  ///< height, width; empty: as the data say
};

/// [idea]: a small exact experiment in the place of learning from data (src/recipe/ideas). A recipe with it
/// has no other keys than name, title and seed.
struct IdeaRecipe {
  std::string name;                        ///< "explaining-away"; empty is a recipe that learns from data
  std::map<std::string, double> settings;  ///< all of the idea's keys
};

/// [[variant]]: the same experiment with some keys changed.
struct RecipeVariant {
  std::string name;
  std::vector<std::pair<std::string, std::string>> set;  ///< key and TOML literal
};

struct Recipe {
  std::string name = "run", title;
  std::uint64_t seed = 1;
  std::string layers = "data - 500";
  bool is_machine = false;  ///< a deep Boltzmann machine, in place of an RBM or a deep belief net
  DataRecipe data;
  TrainOptions train = recommended_options();
  /// [[layer]] tables, one an RBM from the data up: keys of [train] that differ there, as TOML literals.
  std::vector<std::map<std::string, std::string>> layer_overrides;
  JointRecipe joint;
  FineTuneRecipe fine_tune;
  MeasureRecipe measure;
  ReportRecipe report;
  IdeaRecipe idea;
  std::vector<std::uint64_t> sweep_seeds;  ///< run once for each; empty: `seed` alone
  std::vector<RecipeVariant> variants;
};

/// Reads a file. Throws InputError "FILE:LINE:COLUMN: ..." for what is not TOML, unknown keys (with the
/// nearest known one), values of a wrong type or out of range.
Recipe load_recipe(const std::filesystem::path& path);
Recipe parse_recipe(const std::string& text, const std::string& where);

/// Sets one key from text: a TOML literal, or bare words for a text. "layer.2.epochs" speaks of the second
/// RBM, "sweep.seeds" of the seeds of a sweep, "idea.chains" of an [idea] that has a name. Throws InputError
/// as above.
void set_recipe_key(Recipe& recipe, const std::string& key, const std::string& text);

/// The canonical text: every key in a fixed order; it reads back to the same recipe (variants and seeds of a
/// sweep left out). `learned_alone`: without the keys on which nothing that is learned depends (measures,
/// reports, names, test data, train.checkpoint_minutes), which may differ where a run goes on.
std::string recipe_text(const Recipe& recipe, bool learned_alone = false);

/// The first key on which what is learned depends and in which two recipes differ, as
/// "train.epochs = 5 and not 9" (the first recipe's value first); empty where both learn the same. Measures,
/// reports, titles and test data may differ.
std::string find_training_difference(const Recipe& a, const Recipe& b);

/// Options of each RBM: [train], then its [[layer]] table. Throws InputError for more tables than RBMs.
std::vector<TrainOptions> layer_options(const Recipe& recipe, std::size_t rbms);

/// Options of the joint stage: [joint], with what it shares with [train]. Throws InputError for a fault.
TrainOptions joint_options(const Recipe& recipe);

/// Is the result of the recipe a feed-forward net?
bool has_fine_tuning(const Recipe& recipe);
/// Does the recipe learn a stack, as its result or to start a net from; or does a net start from random
/// weights, or from the stack in a file?
bool learns_stack(const Recipe& recipe);
bool starts_at_random(const Recipe& recipe);
std::optional<std::string> stack_file(const Recipe& recipe);
/// Options of fine-tuning: [fine_tune], with what it shares with [train]. Throws InputError for a fault.
TrainOptions fine_tune_options(const Recipe& recipe);
NetworkOptions network_options(const Recipe& recipe);

/// A key as people see it.
struct RecipeKey {
  std::string path;           ///< "train.rate"
  std::string default_value;  ///< as TOML
  std::string help;           ///< one line
};
/// All keys, in the order of the canonical text.
std::vector<RecipeKey> recipe_keys();

/// Requests for the training and test cases. `test` is empty where the recipe names none and the source has
/// no test part, and where it is kNoTest.
DataRequest train_request(const Recipe& recipe);
std::optional<DataRequest> test_request(const Recipe& recipe);

}  // namespace harmonium
