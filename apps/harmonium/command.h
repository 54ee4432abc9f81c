// What the commands of the program share: global options, how a command is added, models with their data.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harmonium/base/threads.h"
#include "harmonium/data/dataset.h"
#include "harmonium/models/network_model.h"
#include "harmonium/recipe/measures.h"
#include "harmonium/train/loop.h"
#include "terminal.h"

namespace harmonium::app {

using Json = nlohmann::ordered_json;

/// Options that every command takes, before or after its name.
struct Globals {
  unsigned threads = 0;
  std::optional<std::uint64_t> seed;
  std::string precision;  // empty where it was not given
  bool quiet = false, json = false;
  std::string command_line;           ///< as typed, for reports
  std::atomic<bool>* stop = nullptr;  ///< set by Ctrl-C while `can_save`; else Ctrl-C ends at once
  std::atomic<bool>* can_save = nullptr;
};

/// A command does its work here and returns the exit code; it throws InputError (2) or WorkError (1).
using Action = std::function<int()>;

/// Each adds one command; when it is chosen, its action is put into `action`.
void add_run(CLI::App& app, Globals& globals, Action& action);
void add_train(CLI::App& app, Globals& globals, Action& action);
void add_sample(CLI::App& app, Globals& globals, Action& action);
void add_reconstruct(CLI::App& app, Globals& globals, Action& action);
void add_impute(CLI::App& app, Globals& globals, Action& action);
void add_encode(CLI::App& app, Globals& globals, Action& action);
void add_decode(CLI::App& app, Globals& globals, Action& action);
void add_classify(CLI::App& app, Globals& globals, Action& action);
void add_evaluate(CLI::App& app, Globals& globals, Action& action);
void add_inspect(CLI::App& app, Globals& globals, Action& action);
void add_data(CLI::App& app, Globals& globals, Action& action);

/// A model and cases for it, as several commands take them.
struct CaseOptions {
  std::string model, data, part;
  std::size_t limit = 0;
};
/// Adds MODEL, DATA, --part and --limit to a command. `options` must outlive it.
void add_cases(CLI::App& command, CaseOptions& options, const char* model_help = "a model file");

/// Applies `pass(cases, first)`, a row a case, to all cases piece by piece, so that memory holds the results
/// and one piece of cases.
template <class T, class F>
Matrix<T> in_pieces(const Dataset& data, std::size_t columns, std::uint64_t seed, ThreadTeam& team,
                    Reporter& reporter, const char* what, F pass) {
  Matrix<T> result(data.size(), columns);
  fetch_pieces(data, data.size(), seed, 0, team, [&](std::size_t first, const Matrix<float>& cases) {
    const Matrix<T> piece = pass(cases, first);
    std::copy(piece.values().begin(), piece.values().end(), result.row(first).begin());
    reporter.working(what, static_cast<double>(first + piece.rows()) / static_cast<double>(data.size()));
  });
  return result;
}

inline constexpr std::uint64_t kLargestNumber = 9'000'000'000'000'000;  // exact in every JSON and TOML reader
/// Accepts whole numbers from `least` up to `most` only (CLI11 alone reads -1 as 2^64 - 1).
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most = kLargestNumber);

/// A text with the minus sign that people type: a true one looks well in a report, but what a terminal shows
/// is copied into other programs.
std::string typed_minus(std::string text);

/// Splits the KEY=VALUE of --set and sets that key. Throws InputError for what is no KEY=VALUE and for
/// unknown keys.
void apply_setting(Recipe& recipe, const std::string& setting);

/// Refuses an output before hours of work: another ending than .npy, .csv or, where cases are images of
/// `shape`, .png. Throws InputError.
void check_output_name(const std::filesystem::path& path, const std::vector<std::size_t>& shape);

/// The cases of `source` as the model's own schema reads them; with `allow_missing` any value may be missing.
Dataset load_model_data(const Model& model, const std::string& source, const std::string& part,
                        std::size_t limit, bool allow_missing = false);
Dataset load_model_data(const NetworkModel& model, const std::string& source, const std::string& part,
                        std::size_t limit);

/// The layer that --layer names, 0 being the top one. Throws InputError where the stack has none of that
/// number.
std::size_t wanted_layer(const Model& model, std::size_t layer);

/// Rows as a file: .npy, .csv (a column a unit), or .png where the rows are images of `shape`. Throws
/// InputError for another ending or rows that are no images.
void write_rows(const std::filesystem::path& path, ConstMatrixView<float> rows,
                const std::vector<std::size_t>& shape, const std::string& column_prefix);

/// Rows and columns of the image that a case of the model's data is, or empty.
std::vector<std::size_t> model_image_shape(const ModelFacts& model);

/// Prints measurements for people, or adds them to a JSON object.
void print_measurements(std::span<const Measurement> measurements);
Json measurements_json(std::span<const Measurement> measurements);
/// Tells how a run that Ctrl-C has stopped goes on, and returns the exit code for it.
int say_stopped(bool was_forced);
/// Prints `json` alone on standard output.
void print_json(const Json& json);

}  // namespace harmonium::app
