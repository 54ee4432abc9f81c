#include "recipe/keys.h"

#include <algorithm>
#include <array>
#include <limits>

#include "harmonium/base/error.h"
#include "harmonium/io/suggest.h"

namespace harmonium {
namespace {

using Help = const char*;

constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();
// Of what memory is taken for when hours of learning are over; recipe/claims.h looks at products of these.
constexpr std::size_t kMostTemperatures = 10'000'000, kMostRuns = 1'000'000, kMostChains = 1'000'000,
                      kMostSteps = 10'000'000, kMostRungs = 1000;

// Which values a key takes, in words for the table of keys.
std::string between(std::size_t least, std::size_t most) {
  return "a whole number, " + std::to_string(least) +
         (most < kNoBound ? " to " + std::to_string(most) : " or more");
}
std::string either_of(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words)
    if (!word.empty()) list += (list.empty() ? "" : ", ") + word;
  return list;
}

// A row whose member is reached by `at(recipe)`; the member's type chooses how it is read and written. Where
// `values` are given, find_option_fault sees to them.
template <class At>
KeyRow number(const char* path, Help help, At at, const char* values = "a number") {
  return {path, help, [=](Recipe& r, const RecipeValue& v) { at(r) = as_number(path, v); },
          [=](const Recipe& r) { return value_text(static_cast<double>(at(const_cast<Recipe&>(r)))); },
          values};
}
template <class At>
KeyRow count(const char* path, Help help, At at, const std::string& values = between(0, kNoBound)) {
  return {path, help, [=](Recipe& r, const RecipeValue& v) { at(r) = as_count(path, v); },
          [=](const Recipe& r) { return std::to_string(at(const_cast<Recipe&>(r))); }, values};
}
template <class At>
KeyRow count_between(std::size_t least, std::size_t most, const char* path, Help help, At at) {
  KeyRow row = count(path, help, at, between(least, most));
  row.set = [=](Recipe& r, const RecipeValue& v) {
    const std::size_t given = as_count(path, v);
    if (given < least || given > most)
      throw InputError(std::string(path) + " must be " + between(least, most) + ", but is " +
                       std::to_string(given) + ".");
    at(r) = given;
  };
  return row;
}
template <class At>
KeyRow count_from(std::size_t least, const char* path, Help help, At at) {
  return count_between(least, kNoBound, path, help, at);
}
template <class At>
KeyRow flag(const char* path, Help help, At at) {
  return {path, help, [=](Recipe& r, const RecipeValue& v) { at(r) = as_bool(path, v); },
          [=](const Recipe& r) { return std::string(at(const_cast<Recipe&>(r)) ? "true" : "false"); },
          "true, false"};
}
template <class At>
KeyRow text(const char* path, Help help, At at) {
  return {path, help, [=](Recipe& r, const RecipeValue& v) { at(r) = as_text(path, v); },
          [=](const Recipe& r) { return value_text(at(const_cast<Recipe&>(r))); }, "a text"};
}
template <class At>
KeyRow counts(const char* path, Help help, At at) {
  return {path, help, [=](Recipe& r, const RecipeValue& v) { at(r) = as_counts(path, v); },
          [=](const Recipe& r) {
            std::string list = "[";
            for (const auto n : at(const_cast<Recipe&>(r)))
              list += (list.size() > 1 ? ", " : "") + std::to_string(n);
            return list + "]";
          },
          "a list of whole numbers"};
}

template <class At>
KeyRow numbers(const char* path, Help help, At at) {
  return {path, help,
          [=](Recipe& r, const RecipeValue& v) {
            const auto* list = std::get_if<RecipeList>(&v);
            at(r) = list && list->empty() ? std::vector<double>() : as_numbers(path, v);
          },
          [=](const Recipe& r) {
            std::string list = "[";
            for (const double n : at(const_cast<Recipe&>(r)))
              list += (list.size() > 1 ? ", " : "") + value_text(n);
            return list + "]";
          },
          "a list of numbers"};
}

// Refuses lists that do not ascend.
KeyRow ascending(KeyRow row) {
  row.values += " that ascend";
  row.set = [path = row.path, set = row.set](Recipe& r, const RecipeValue& v) {
    const auto given = as_counts(path, v);
    if (!std::is_sorted(given.begin(), given.end()))
      throw InputError(path + " must ascend, but is " + value_text(v) + ".");
    set(r, v);
  };
  return row;
}

// One of a few words.
template <class At, class Enum, std::size_t N>
KeyRow choice(const char* path, Help help, At at, std::array<std::pair<const char*, Enum>, N> words) {
  std::vector<std::string> known;
  known.reserve(N);
  for (const auto& [name, value] : words) known.emplace_back(name);
  return {path, help,
          [=](Recipe& r, const RecipeValue& v) {
            const std::string given = as_text(path, v);
            std::vector<std::string> names;
            for (const auto& [name, value] : words) {
              if (given == name) {
                at(r) = value;
                return;
              }
              names.push_back(name);
            }
            std::string list;
            for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
            throw InputError(std::string(path) + " must be one of " + list + ", but is \"" + given + "\"" +
                             did_you_mean(given, names));
          },
          [=](const Recipe& r) {
            for (const auto& [name, value] : words)
              if (at(const_cast<Recipe&>(r)) == value) return value_text(std::string(name));
            return std::string();
          },
          either_of(known)};
}

template <class At>
KeyRow one_of(const char* path, Help help, At at, const std::vector<std::string>& words) {
  KeyRow row = text(path, help, at);
  row.values = either_of(words);
  row.set = [=, set = row.set](Recipe& r, const RecipeValue& v) {
    const std::string given = as_text(path, v);
    if (std::find(words.begin(), words.end(), given) == words.end()) {
      std::string list;
      for (const auto& word : words) list += (list.empty() ? "\"" : ", \"") + word + "\"";
      throw InputError(std::string(path) + " must be one of " + list + ", but is \"" + given + "\"" +
                       did_you_mean(given, words));
    }
    set(r, v);
  };
  return row;
}

// A number, or a list with one value an epoch (or a stage). The shape has a key of its own; one that was
// given before stays where it fits.
bool is_list(ScheduleShape shape) {
  return shape == ScheduleShape::kList || shape == ScheduleShape::kStages;
}

template <class At>
KeyRow schedule(const char* path, Help help, At at, const std::string& each) {
  return {path, help,
          [=](Recipe& r, const RecipeValue& v) {
            const auto values = as_numbers(path, v);
            const ScheduleShape before = at(r).shape;
            const bool list = std::holds_alternative<RecipeList>(v);
            at(r) = list ? Schedule(values) : Schedule(values.front());
            if (is_list(before) == list) at(r).shape = before;
          },
          [=](const Recipe& r) {
            const Schedule& s = at(const_cast<Recipe&>(r));
            if (!is_list(s.shape)) return value_text(s.values.front());
            std::string list = "[";
            for (const double value : s.values) list += (list.size() > 1 ? ", " : "") + value_text(value);
            return list + "]";
          },
          each + ", or a list of such"};
}

ScheduleShape shape_of(const char* path, const std::string& given) {
  try {
    return parse_schedule_shape(given);
  } catch (const InputError& error) {
    throw InputError(std::string(path) + ": " + error.what());
  }
}

template <class At>
KeyRow shape(const char* path, Help help, At at) {
  return {path, help,
          [=](Recipe& r, const RecipeValue& v) {
            const auto parsed = shape_of(path, as_text(path, v));
            const bool list = is_list(at(r).shape);
            if (parsed == ScheduleShape::kStages && !list)
              throw InputError(std::string(path) +
                               " = \"stages\" shapes a list with one value a stage, as in [3, 6, 10].");
            if (list && parsed != ScheduleShape::kConstant && parsed != ScheduleShape::kStages)
              throw InputError(std::string(path) +
                               " cannot shape a list, which gives each epoch its value already.");
            if (!list || parsed == ScheduleShape::kStages) at(r).shape = parsed;
          },
          [=](const Recipe& r) {
            const auto own = at(const_cast<Recipe&>(r)).shape;
            return own == ScheduleShape::kList ? std::string()
                                               : value_text(std::string(schedule_shape_name(own)));
          },
          "constant, linear, step, cosine, stages"};
}

KeyRow optional_number(const char* path, Help help, std::optional<double>& (*at)(Recipe&)) {
  return {path, help, [=](Recipe& r, const RecipeValue& v) { at(r) = as_number(path, v); },
          [=](const Recipe& r) {
            const auto& value = at(const_cast<Recipe&>(r));
            return value ? value_text(*value) : std::string();
          },
          "a number"};
}
KeyRow optional_flag(const char* path, Help help, std::optional<bool>& (*at)(Recipe&)) {
  return {path, help, [=](Recipe& r, const RecipeValue& v) { at(r) = as_bool(path, v); },
          [=](const Recipe& r) {
            const auto& value = at(const_cast<Recipe&>(r));
            return value ? std::string(*value ? "true" : "false") : std::string();
          },
          "true, false"};
}
KeyRow texts(const char* path, Help help, std::vector<std::string>& (*at)(Recipe&)) {
  return {path, help, [=](Recipe& r, const RecipeValue& v) { at(r) = as_texts(path, v); },
          [=](const Recipe& r) {
            std::string list = "[";
            for (const auto& item : at(const_cast<Recipe&>(r)))
              list += (list.size() > 1 ? ", " : "") + value_text(item);
            return list + "]";
          },
          "a list of texts"};
}

#define AT(member)          \
  [](Recipe & r) -> auto& { \
    return r.member;        \
  }

void add_data_keys(std::vector<KeyRow>& rows) {
  rows.push_back(text("name", "short name of the experiment, used for folders", AT(name)));
  rows.back().set = [](Recipe& r, const RecipeValue& v) {
    const std::string given = as_text("name", v);
    if (given.empty() || given == "." || given == ".." || given.find('/') != std::string::npos)
      throw InputError("name names a folder, so it must be a word without slashes, but is \"" + given +
                       "\".");
    r.name = given;
  };
  rows.push_back(text("title", "title of the report", AT(title)));
  rows.push_back({"seed", "every random number of the run follows from it",
                  [](Recipe& r, const RecipeValue& v) { r.seed = as_seed("seed", v); },
                  [](const Recipe& r) { return seed_text(r.seed); }, "a whole number of 64 bits"});
  rows.push_back(
      text("data.train", "training data: a name (`harmonium data list`) or a path", AT(data.train)));
  rows.push_back(text("data.test",
                      "test data; empty: the test part of data.train, where it has one; none: choices are "
                      "made on held-out cases",
                      AT(data.test)));
  rows.push_back(
      text("data.labels", "path of the labels, where they are not found beside the values", AT(data.labels)));
  rows.push_back(text("data.label_column", "column of a table that holds the class", AT(data.label_column)));
  rows.push_back(text("data.weights_column", "column of a table that holds the weight of a case",
                      AT(data.weights_column)));
  rows.push_back(texts("data.classes", "keep the cases of these classes only", AT(data.classes)));
  rows.push_back(count("data.limit", "keep the first so many training cases; 0 keeps all", AT(data.limit)));
  rows.push_back(
      count("data.held_out", "training cases kept apart, to watch for overfitting", AT(data.held_out)));
  rows.push_back(
      one_of("data.binarise",
             "how values become 0 or 1: none, threshold, sample (anew each epoch); empty: as inferred",
             AT(data.binarise), {"", "none", "threshold", "sample"}));
  rows.push_back(optional_number("data.threshold", "value above which a pixel is 1", AT(data.threshold)));
  rows.push_back(optional_flag("data.standardise",
                               "subtract the mean and divide by the deviation of each column",
                               AT(data.standardise)));
  rows.push_back(one_of(
      "data.missing",
      "what a missing value is: refuse (an error), unknown (sampled), absent (masked); empty: as inferred",
      AT(data.missing), {"", "refuse", "unknown", "absent"}));
  rows.push_back(counts("data.resize", "reduce images to [height, width]", AT(data.resize)));
  rows.push_back(
      count("data.memory",
            "MiB of values kept in memory; larger .npy files are read block by block while they are "
            "learned, 0: all",
            AT(data.memory)));
  rows.push_back(count_from(1, "data.block", "KiB of such a file that are read at once", AT(data.block)));
  rows.push_back(count_from(1, "data.mixed_blocks",
                            "blocks of such a file whose cases are shuffled among themselves",
                            AT(data.mixed_blocks)));
  rows.push_back(text("model.layers",
                      "layers from the data up, as in \"data - 500 - 500 + softmax 10 - 2000\"", AT(layers)));
  rows.push_back(choice("model.kind",
                        "dbn: one RBM or a deep belief net; dbm: a deep Boltzmann machine, which starts from "
                        "RBMs with doubled weights",
                        AT(is_machine), std::array{std::pair{"dbn", false}, std::pair{"dbm", true}}));
  rows.push_back(
      choice("model.start",
             "of each next RBM: random, or tied (the one below turned over; persistent chains then "
             "begin at the first cases)",
             AT(train.tied_start), std::array{std::pair{"random", false}, std::pair{"tied", true}}));
  rows.push_back(choice("model.pass", "what the next RBM learns from: means or samples of the layer below",
                        AT(train.pass_samples),
                        std::array{std::pair{"means", false}, std::pair{"samples", true}}));
}

void add_training_keys(std::vector<KeyRow>& rows) {
  rows.push_back(count("train.epochs", "passes over the training cases, for each RBM", AT(train.epochs)));
  rows.push_back(count("train.batch", "cases an update (Hinton 2010, section 3: 10 to 100)", AT(train.batch),
                       between(1, kNoBound)));
  rows.push_back(schedule("train.rate",
                          "learning rate on batch means; a list has one value an epoch, or one a stage",
                          AT(train.rate), "a number, 0 or more"));
  rows.push_back(shape(
      "train.rate_schedule",
      "how one rate goes on: constant, linear (to zero), step (a tenth after half, a hundredth after three "
      "quarters of the epochs), cosine; stages: a list of equally long ones",
      AT(train.rate)));
  rows.push_back(choice(
      "train.precision", "of the products: bf16 where processor and states allow it (auto), f32, or bf16",
      AT(train.precision),
      std::array{std::pair{"auto", PrecisionChoice::kAuto}, std::pair{"f32", PrecisionChoice::kF32},
                 std::pair{"bf16", PrecisionChoice::kBf16}}));
  rows.push_back(schedule("train.momentum", "fraction of the last step kept; a list has one value an epoch",
                          AT(train.momentum), "a number, 0 to below 1"));
  rows.push_back(number("train.variance_rate", "log-variances learn at this fraction of the rate",
                        AT(train.variance_rate), "a number, 0 or more"));
  rows.push_back(number("train.l2", "weight cost l2 * w on weights, not on biases (Hinton 2010, section 10)",
                        AT(train.l2), "a number, 0 or more"));
  rows.push_back(
      number("train.l1", "weight cost l1 * sign(w) on weights", AT(train.l1), "a number, 0 or more"));
  rows.push_back(number("train.sparsity_target",
                        "wanted mean activity of hidden units; 0 is off (Hinton 2010, section 11)",
                        AT(train.sparsity_target), "a number, 0 or more"));
  rows.push_back(number("train.sparsity_cost", "strength of the pull towards it", AT(train.sparsity_cost),
                        "a number, 0 or more"));
  rows.push_back(number("train.sparsity_decay", "memory of the running mean activity, an update",
                        AT(train.sparsity_decay), "a number, 0 to below 1"));
  rows.push_back(number("train.norm_limit", "longest column of weights into a hidden unit; 0 is no limit",
                        AT(train.norm_limit), "a number, 0 or more"));
  rows.push_back(
      flag("train.centring",
           "gradient of the centred energy (Montavon & Mueller 2012), but for documents without one length",
           AT(train.centring)));
  rows.push_back(number("train.centring_decay", "memory of the running offsets, an update",
                        AT(train.centring_decay), "a number, 0 to below 1"));
  rows.push_back(choice(
      "train.negative",
      "negative phase: cd, pcd (persistent chains), fpcd (with fast weights), tempering, exact; auto: pcd, "
      "but cd for documents without one length and masked values",
      AT(train.negative),
      std::array{
          std::pair{"auto", NegativeKind::kAuto}, std::pair{"cd", NegativeKind::kContrastiveDivergence},
          std::pair{"pcd", NegativeKind::kPersistent}, std::pair{"fpcd", NegativeKind::kFastPersistent},
          std::pair{"tempering", NegativeKind::kTempering}, std::pair{"exact", NegativeKind::kExact}}));
  rows.push_back(schedule("train.steps", "Gibbs steps an update (k); a list has one value an epoch",
                          AT(train.steps), between(1, 1'000'000)));
  rows.push_back(count_between(1, kMostChains, "train.chains", "fantasy particles of pcd, fpcd and tempering",
                               AT(train.chains)));
  rows.push_back(count_between(2, kMostRungs, "train.temperatures",
                               "of tempering, from 0 to 1 at equal distances", AT(train.temperatures)));
  rows.push_back(number("train.fast_rate", "learning rate of the fast weights of fpcd", AT(train.fast_rate),
                        "a number, 0 or more"));
  rows.push_back(number("train.fast_decay", "fast weights keep this much an update", AT(train.fast_decay),
                        "a number, 0 to below 1"));
  rows.push_back(choice(
      "train.visible_states", "visible units of a reconstruction of cd: samples or means",
      AT(train.visible_states),
      std::array{std::pair{"samples", VisibleStates::kSamples}, std::pair{"means", VisibleStates::kMeans}}));
  rows.push_back(number("train.initial_deviation", "of the Gaussian initial weights (Hinton 2010, section 8)",
                        AT(train.initial_deviation), "a number, 0 or more"));
  rows.push_back(
      number("train.initial_hidden_bias", "initial biases of hidden units", AT(train.initial_hidden_bias)));
  rows.push_back(
      count("train.components",
            "principal components of the data along which the weights start; 0: random weights alone",
            AT(train.components)));
  rows.push_back(count("train.average_epochs",
                       "average parameters over about the last so many epochs; 0 is off",
                       AT(train.average_epochs)));
  rows.push_back(
      count("train.snapshots",
            "of the top RBM along its training, kept beside the model for `sample --mix trajectory`",
            AT(train.snapshots), between(0, 1000)));
  rows.push_back(count("train.likelihood_every", "epochs between log-likelihoods in the history; 0 is never",
                       AT(train.likelihood_every)));
  rows.push_back(count("train.measure_every", "epochs between lines of the history", AT(train.measure_every),
                       between(1, kNoBound)));
  rows.push_back(count_from(1, "train.monitor_cases", "cases of each set measured for a line of the history",
                            AT(train.monitor_cases)));
  rows.push_back(number("train.checkpoint_minutes", "minutes between checkpoints within an epoch",
                        AT(train.checkpoint_minutes), "a number above 0"));
}

void add_joint_keys(std::vector<KeyRow>& rows) {
  rows.push_back(
      count("joint.epochs",
            "epochs of learning all layers together when each has been learned (up-down learning of a deep "
            "belief net, mean field and chains of a deep Boltzmann machine); 0 is off",
            AT(joint.train.epochs)));
  rows.push_back(count("joint.batch", "cases an update", AT(joint.train.batch), between(1, kNoBound)));
  rows.push_back(schedule("joint.rate", "learning rate on batch means, the same for all layers",
                          AT(joint.train.rate), "a number, 0 or more"));
  rows.push_back(shape("joint.rate_schedule", "as train.rate_schedule", AT(joint.train.rate)));
  rows.push_back(
      number("joint.l2", "weight cost l2 * w on weights", AT(joint.train.l2), "a number, 0 or more"));
  rows.push_back(schedule("joint.momentum", "fraction of the last step kept", AT(joint.train.momentum),
                          "a number, 0 to below 1"));
  rows.push_back(schedule("joint.steps",
                          "Gibbs steps (of the top RBM, of a machine's chains) for each update (k)",
                          AT(joint.train.steps), between(1, 1'000'000)));
  rows.push_back(shape("joint.steps_schedule",
                       "constant, or stages for a list of equally long ones, as in [3, 6, 10]",
                       AT(joint.train.steps)));
  rows.push_back(choice(
      "joint.states",
      "visible units of the sleep phase and label units of the Gibbs steps: sampled, or probabilities as in "
      "Hinton, Osindero & Teh 2006",
      AT(joint.train.sleep_states),
      std::array{std::pair{"sampled", SleepStates::kSamples},
                 std::pair{"probabilities", SleepStates::kMeans}}));
  rows.push_back(count_from(1, "joint.mean_field_sweeps",
                            "sweeps of mean field for each case, at most, of a deep Boltzmann machine",
                            AT(joint.train.mean_field_sweeps)));
  rows.push_back(choice(
      "joint.negative",
      "negative phase of the top RBM or of a machine: cd (steps from the data, not for a machine), pcd "
      "(persistent chains), tempering, exact, or auto: cd for up-down learning, pcd for a machine",
      AT(joint.train.negative),
      std::array{
          std::pair{"auto", NegativeKind::kAuto}, std::pair{"cd", NegativeKind::kContrastiveDivergence},
          std::pair{"pcd", NegativeKind::kPersistent}, std::pair{"tempering", NegativeKind::kTempering},
          std::pair{"exact", NegativeKind::kExact}}));
  rows.push_back(
      number("joint.persistent_share",
             "of the negative statistics and dreams of up-down learning where negative is not cd; the "
             "rest is by steps from the data",
             AT(joint.train.persistent_share), "a number, 0 to 1"));
  rows.push_back(count_between(1, kMostChains, "joint.chains", "fantasy particles of pcd and tempering",
                               AT(joint.train.chains)));
  rows.push_back(count_between(2, kMostRungs, "joint.temperatures",
                               "of tempering, from 0 to 1 at equal distances", AT(joint.train.temperatures)));
  rows.push_back(count("joint.snapshots",
                       "of the top RBM along up-down learning, after those of train.snapshots",
                       AT(joint.train.snapshots), between(0, 1000)));
  rows.push_back(flag("joint.centring", "gradient of its centred energy (Montavon & Mueller 2012)",
                      AT(joint.train.centring)));
  rows.push_back(count("joint.average_epochs",
                       "average parameters over about the last so many epochs; 0 is off",
                       AT(joint.train.average_epochs)));
  rows.push_back(one_of("joint.keep", "parameters of the last epoch, or of the best one on held-out cases",
                        AT(joint.keep), {"last", "best"}));
  rows.push_back(number(
      "joint.stop_error",
      "end when, of joint.monitor_cases training cases, the fraction that is misread is at most this; 0 is "
      "never",
      AT(joint.stop_error), "a number, 0 to below 1"));
  rows.push_back(count("joint.measure_every", "epochs between lines of the history",
                       AT(joint.train.measure_every), between(1, kNoBound)));
  rows.push_back(count_from(1, "joint.monitor_cases", "cases of each set measured for a line of the history",
                            AT(joint.train.monitor_cases)));
}

void add_fine_tuning_keys(std::vector<KeyRow>& rows) {
  rows.push_back(count("fine_tune.epochs",
                       "epochs of back-propagation when the stack has been learned; 0 is off",
                       AT(fine_tune.train.epochs)));
  rows.push_back(
      choice("fine_tune.task",
             "classify: the stack with a softmax of the classes on top; reconstruct: an autoencoder, "
             "the stack going up and down again",
             AT(fine_tune.net.task),
             std::array{std::pair{"classify", NetworkTask::kClassify},
                        std::pair{"reconstruct", NetworkTask::kReconstruct}}));
  rows.push_back(
      text("fine_tune.start",
           "stack: from the stack that this run learns; random: the same net from random weights; "
           "or a model file with a stack that was learned before. But for stack, [train] and [joint] "
           "learn nothing",
           AT(fine_tune.start)));
  rows.push_back(count(
      "fine_tune.labels",
      "cases that a classifier learns from, as many of each class as there can be, drawn at random; the "
      "stack learns from all; 0: all",
      AT(fine_tune.labels)));
  rows.push_back(
      count("fine_tune.batch", "cases an update", AT(fine_tune.train.batch), between(1, kNoBound)));
  rows.push_back(schedule("fine_tune.rate", "learning rate on batch means", AT(fine_tune.train.rate),
                          "a number, 0 or more"));
  rows.push_back(shape("fine_tune.rate_schedule", "as train.rate_schedule", AT(fine_tune.train.rate)));
  rows.push_back(
      numbers("fine_tune.layer_rates",
              "a factor of the rate for each layer of weights, from the inputs up, the output layer "
              "last; []: 1 for all",
              AT(fine_tune.net.layer_rates)));
  rows.push_back(schedule("fine_tune.momentum", "fraction of the last step kept",
                          AT(fine_tune.train.momentum), "a number, 0 to below 1"));
  rows.push_back(
      number("fine_tune.l2", "weight cost l2 * w on weights", AT(fine_tune.train.l2), "a number, 0 or more"));
  rows.push_back(number("fine_tune.norm_limit", "longest column of weights into a unit; 0 is no limit",
                        AT(fine_tune.train.norm_limit), "a number, 0 or more"));
  rows.push_back(number("fine_tune.input_dropout", "probability with which an update leaves out an input",
                        AT(fine_tune.net.input_dropout), "a number, 0 to below 1"));
  rows.push_back(number("fine_tune.hidden_dropout",
                        "probability with which an update leaves out a hidden unit, but for linear ones",
                        AT(fine_tune.net.hidden_dropout), "a number, 0 to below 1"));
  rows.push_back(
      count("fine_tune.output_epochs",
            "the first epochs, in which the output layer learns alone (5 in the Science-2006 code)",
            AT(fine_tune.net.output_epochs)));
  rows.push_back(count("fine_tune.average_epochs",
                       "average parameters over about the last so many epochs; 0 is off",
                       AT(fine_tune.train.average_epochs)));
  rows.push_back(one_of("fine_tune.keep",
                        "parameters of the last epoch, or of the best one on held-out cases",
                        AT(fine_tune.keep), {"last", "best"}));
  rows.push_back(
      count("fine_tune.patience",
            "end when so many measured epochs in a row have brought no smaller held-out error; 0 is "
            "never",
            AT(fine_tune.patience)));
  rows.push_back(count("fine_tune.measure_every", "epochs between lines of the history",
                       AT(fine_tune.train.measure_every), between(1, kNoBound)));
  rows.push_back(count_from(1, "fine_tune.monitor_cases",
                            "cases of each set measured for a line of the history",
                            AT(fine_tune.train.monitor_cases)));
}

void add_measuring_keys(std::vector<KeyRow>& rows) {
  rows.push_back(one_of("measure.likelihood",
                        "auto (exact where it can be summed quickly, else annealed), exact, annealed or none",
                        AT(measure.likelihood), {"auto", "exact", "annealed", "none"}));
  rows.push_back(count_between(1, kMostRuns, "measure.annealing_runs",
                               "independent runs of annealed importance sampling",
                               AT(measure.annealing_runs)));
  rows.push_back(count_between(4, kMostTemperatures, "measure.annealing_temperatures",
                               "temperatures of annealed importance sampling",
                               AT(measure.annealing_temperatures)));
  rows.push_back(
      one_of("measure.annealing_schedule",
             "where they lie: adaptive (learned from pilot runs), standard (dense near the model) or "
             "uniform",
             AT(measure.annealing_schedule), {"adaptive", "standard", "uniform"}));
  rows.push_back(count("measure.raise_cases",
                       "cases whose annealed likelihood is bounded from below too, by RAISE; 0 is off",
                       AT(measure.raise_cases)));
  rows.push_back(count_between(0, kMostTemperatures, "measure.raise_temperatures",
                               "temperatures of RAISE; 0: as many as measure.annealing_temperatures",
                               AT(measure.raise_temperatures)));
  rows.push_back(count_between(1, kMostRuns, "measure.raise_chains", "chains of RAISE for each case",
                               AT(measure.raise_chains)));
  rows.push_back(
      count("measure.net_cases",
            "cases whose likelihood under a net of several layers is estimated; 0: none where likelihood is "
            "auto and the net is not tiny, else 500",
            AT(measure.net_cases)));
  rows.push_back(count_between(1, kMostRuns, "measure.net_samples",
                               "up-passes that weigh each of these cases", AT(measure.net_samples)));
  rows.push_back(count_between(1, kMostTemperatures, "measure.net_temperatures",
                               "steps of annealing from each up-pass to the posterior; 1: none",
                               AT(measure.net_temperatures)));
  rows.push_back(
      flag("measure.pseudo_likelihood", "also the pseudo-log-likelihood", AT(measure.pseudo_likelihood)));
  rows.push_back(flag("measure.kl", "also KL(data || model) on the training cases", AT(measure.kl)));
  rows.push_back(count_between(
      0, kMostSteps, "measure.mixing_steps",
      "Gibbs steps for the autocorrelation of energies alone (measure.mixing judges more); 0 is off",
      AT(measure.mixing_steps)));
  rows.push_back(count_from(1, "measure.cases", "cases measured of each set, at most", AT(measure.cases)));
  rows.push_back(count("measure.binarise_seed",
                       "of the grey pixels of measured cases, sampled once, whatever the seed of the run",
                       AT(measure.binarise_seed)));
  rows.push_back(count("measure.up_passes",
                       "up-passes of samples of which recognition averages label probabilities; 0 is off",
                       AT(measure.up_passes)));
  rows.push_back(count("measure.settling_steps",
                       "Gibbs steps in which label units settle from a neutral state; 0 is off",
                       AT(measure.settling_steps)));
  rows.push_back(text("measure.one_class.class",
                      "class that alone was learned: what does the model make of the others?",
                      AT(measure.one_class)));
  rows.push_back(count("measure.one_class.pca", "components of the PCA that stands beside it",
                       AT(measure.one_class_pca)));
  rows.push_back(count("measure.one_class.neighbours",
                       "nearest training cases that vote on what a reconstruction is",
                       AT(measure.one_class_neighbours)));
  rows.push_back(
      count("measure.one_class.cases", "test cases of other classes", AT(measure.one_class_cases)));
  rows.push_back(count_between(0, kMostChains, "measure.fantasies.cases",
                               "fantasies judged for each label (in all, without label units); 0 is off",
                               AT(measure.fantasies)));
  rows.push_back(count_from(1, "measure.fantasies.steps",
                            "Gibbs steps from noise to the first look at a chain, and between looks",
                            AT(measure.fantasy_steps)));
  rows.push_back(count_between(1, kMostChains, "measure.fantasies.looks", "fantasies taken from one chain",
                               AT(measure.fantasy_looks)));
  rows.push_back(one_of("measure.fantasies.reader",
                        "who reads labels in fantasies: net (trained for it), or neighbours",
                        AT(measure.fantasy_reader), {"net", "neighbours"}));
  rows.push_back(count_between(1, 10'000, "measure.fantasies.reader_units",
                               "units of each of the two hidden layers of that net",
                               AT(measure.reader_units)));
  rows.push_back(count_from(1, "measure.fantasies.reader_epochs",
                            "passes of that net over the training cases", AT(measure.reader_epochs)));
  rows.push_back(
      count_between(0, kMostChains, "measure.mixing.chains",
                    "chains, half from data and half from noise, judged by whether they mix; 0 is off",
                    AT(measure.mixing_chains)));
  rows.push_back(count_between(10, kMostSteps, "measure.mixing.steps",
                               "steps of these chains that are recorded", AT(measure.mixing_record)));
  rows.push_back(count("measure.mixing.burn_in", "steps before these", AT(measure.mixing_burn_in)));
  rows.push_back(
      one_of("measure.mixing.mix",
             "how these chains move: gibbs, tempering (exchanges with warmer copies) or trajectory "
             "(with the models of the training run, see train.snapshots, joint.snapshots)",
             AT(measure.mixing_mix), {"gibbs", "tempering", "trajectory"}));
  rows.push_back(count_between(2, kMostRungs, "measure.mixing.temperatures", "of tempering",
                               AT(measure.mixing_temperatures)));
  rows.push_back(count_between(1, kMostChains, "measure.mixing.pairs",
                               "pairs of columns whose second moments are compared with the data's, at most",
                               AT(measure.mixing_pairs)));
  rows.push_back(count_between(0, 10'000, "report.fantasies", "chains of fantasies shown; 0 is off",
                               AT(report.fantasies)));
  rows.push_back(ascending(counts("report.fantasy_steps", "Gibbs steps after which fantasies are shown",
                                  AT(report.fantasy_steps))));
  rows.push_back(one_of("report.fantasy_start", "where chains start: noise or data", AT(report.fantasy_start),
                        {"noise", "data"}));
  rows.push_back(
      count_between(0, 10'000, "report.fantasies_per_class",
                    "chains of each class, its label held, where the net has label units; 0 is off",
                    AT(report.fantasies_per_class)));
  rows.push_back(flag("report.movie",
                      "a GIF of one chain, or of one of each class, with the top layer beside it",
                      AT(report.movie)));
  rows.push_back(count_between(0, 10'000, "report.features",
                               "features shown as images for each layer; 0 is off", AT(report.features)));
  rows.push_back(counts("report.image_shape",
                        "draw cases as images of [height, width], where the data do not say that they are",
                        AT(report.image_shape)));
}

#undef AT

bool is_learned(const std::string& path) {
  if (path == "seed") return true;
  if (path == "data.test" || path == "train.checkpoint_minutes") return false;
  return path.starts_with("data.") || path.starts_with("model.") || path.starts_with("train.") ||
         path.starts_with("joint.") || path.starts_with("fine_tune.");
}

}  // namespace

const std::vector<KeyRow>& key_table() {
  static const std::vector<KeyRow> rows = [] {
    std::vector<KeyRow> all;
    add_data_keys(all);
    add_training_keys(all);
    add_joint_keys(all);
    add_fine_tuning_keys(all);
    add_measuring_keys(all);
    for (KeyRow& row : all) row.is_learned = is_learned(row.path);
    return all;
  }();
  return rows;
}

const KeyRow* find_key(const std::string& path) {
  for (const KeyRow& row : key_table())
    if (row.path == path) return &row;
  return nullptr;
}

std::string unknown_key(const std::string& path) {
  std::vector<std::string> names;
  for (const KeyRow& row : key_table()) names.push_back(row.path);
  names.emplace_back("idea.name");
  return unknown_key(path, names);
}

std::string unknown_key(const std::string& path, const std::vector<std::string>& names) {
  // A key without its table ("rate") is most likely that of the table which has it.
  for (const std::string& name : names)
    if (name.ends_with("." + path)) return "unknown key " + path + "; did you mean '" + name + "'?";
  return "unknown key " + path + did_you_mean(path, names);
}

}  // namespace harmonium
