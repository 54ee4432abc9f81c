// `harmonium impute`: the unknown part of cases filled in by the model.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/data/restore.h"
#include "harmonium/io/csv.h"
#include "harmonium/io/png.h"
#include "harmonium/render/sheet.h"
#include "harmonium/samplers/impute.h"

namespace harmonium::app {
namespace {

constexpr std::size_t kCasesShown = 100;

struct Options : CaseOptions {
  std::string out;
  std::vector<std::string> known;
  ImputeOptions impute;
};

struct Range {
  std::size_t begin = 0, end = 0;
};

// "0:14" as in Python: from the first up to below the second; either may be left out.
Range parse_range(const std::string& text, std::size_t size, const std::string& option) {
  const auto colon = text.find(':');
  Range range{0, size};
  const auto read = [&](const std::string& word, std::size_t& into) {
    if (word.empty()) return true;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into);
    return error == std::errc() && end == word.data() + word.size();
  };
  if (colon == std::string::npos || !read(text.substr(0, colon), range.begin) ||
      !read(text.substr(colon + 1), range.end) || range.begin >= range.end || range.end > size)
    throw InputError("--known " + option + " must name a range within 0:" + std::to_string(size) +
                     ", as in rows=0:" + std::to_string(std::max<std::size_t>(1, size / 2)) + ".");
  return range;
}

// Flags of the units that --known names.
std::vector<unsigned char> known_units(const Options& o, const Model& model) {
  const std::size_t units = model.net.columns(0);
  std::vector<unsigned char> known(units, o.known.empty() ? 1 : 0);
  const auto shape = model_image_shape(model);
  for (const std::string& option : o.known) {
    const auto equals = option.find('=');
    const std::string what = option.substr(0, equals),
                      range_text = equals == std::string::npos ? "" : option.substr(equals + 1);
    if (what == "units") {
      const Range range = parse_range(range_text, units, option);
      std::fill(known.begin() + static_cast<std::ptrdiff_t>(range.begin),
                known.begin() + static_cast<std::ptrdiff_t>(range.end), 1);
    } else if ((what == "rows" || what == "columns") && shape.size() == 2) {
      const Range range = parse_range(range_text, shape[what == "rows" ? 0 : 1], option);
      for (std::size_t y = 0; y < shape[0]; ++y)
        for (std::size_t x = 0; x < shape[1]; ++x)
          if (const std::size_t at = what == "rows" ? y : x; at >= range.begin && at < range.end)
            known[y * shape[1] + x] = 1;
    } else {
      throw InputError("--known " + option + " must be rows=A:B or columns=A:B of an image, or units=A:B" +
                       (shape.size() == 2 ? "." : "; cases of this model are no images."));
    }
  }
  return known;
}

// Unknown values are NaN from here on; returns how many there are.
std::size_t forget_unknown(Matrix<float>& cases, const std::vector<unsigned char>& known) {
  std::size_t unknown = 0;
  for (std::size_t r = 0; r < cases.rows(); ++r)
    for (std::size_t i = 0; i < cases.cols(); ++i) {
      if (!known[i]) cases(r, i) = std::numeric_limits<float>::quiet_NaN();
      unknown += std::isnan(cases(r, i));
    }
  return unknown;
}

// The data, what was known of them, and each completion below.
Image completions_sheet(ConstMatrixView<float> data, const Matrix<float>& given, const Matrix<float>& filled,
                        ImageShape shape) {
  const std::size_t shown = std::min(kCasesShown, data.rows()), copies = filled.rows() / data.rows();
  std::vector<Matrix<float>> each(copies, Matrix<float>(shown, filled.cols()));
  std::vector<LabelledRows> sorts = {{"data", data.row_block(0, shown)},
                                     {"known", given.view().row_block(0, shown)}};
  for (std::size_t c = 0; c < copies; ++c) {
    for (std::size_t r = 0; r < shown; ++r)
      std::copy_n(filled.row(r * copies + c).data(), filled.cols(), each[c].row(r).data());
    sorts.push_back({copies == 1 ? "filled" : std::to_string(c + 1), each[c]});
  }
  return paired_sheet(sorts, shape);
}

// A table gets its own columns back; other cases are rows of units.
void write_filled(const std::filesystem::path& path, const Model& model, const Matrix<float>& filled) {
  const auto shape = model_image_shape(model);
  if (path.extension() != ".csv" || model.schema.empty() || !shape.empty())
    return write_rows(path, filled, shape, "unit");
  const Schema schema = Schema::from_json(model.schema, model.data_statistics);
  write_csv(path, raw_header(schema), filled.rows(), [&](std::size_t r, std::vector<std::string>& cells) {
    cells = raw_cells(schema, filled.row(r));
  });
}

int impute_cases(const Globals& globals, Options o) {
  const Model model = load_model(o.model);
  if (model.is_machine)
    throw InputError(o.model +
                     ": is a deep Boltzmann machine, which fills no gaps here; use an RBM or a deep "
                     "belief net.");
  const auto shape = model_image_shape(model);
  check_output_name(o.out, shape);
  const auto known = known_units(o, model);
  ThreadTeam team(globals.threads);
  TerminalReporter reporter(globals.quiet);
  o.impute.seed = globals.seed.value_or(1);
  o.impute.progress = [&reporter](double fraction) { reporter.working("imputing", fraction); };
  const Dataset data = load_model_data(model, o.data, o.part, o.limit, true);
  const auto cases = fetch_range(data, 0, data.size(), o.impute.seed, 0, team);
  Matrix<float> given = cases;
  const std::size_t unknown = forget_unknown(given, known);
  if (unknown == 0)
    throw InputError(o.data + ": has no missing value to fill in; name what is known by --known, as in " +
                     (shape.size() == 2 ? "--known rows=0:14." : "--known units=0:5."));
  if (unknown == given.size()) reporter.warn("nothing is known of any case: these are fantasies.");
  const Matrix<float> filled = impute(model.net, given, o.impute, team);
  if (std::filesystem::path(o.out).extension() == ".png" && shape.size() == 2)
    write_png(o.out, completions_sheet(cases, given, filled, {shape[0], shape[1]}));
  else
    write_filled(o.out, model, filled);
  if (model.net.depth() > 1)
    reporter.say(
        "the chain of a net with several layers is an approximation: its up-pass is the recognition model");
  if (globals.json)
    print_json({{"file", o.out},
                {"cases", data.size()},
                {"rows", filled.rows()},
                {"unknown_values", unknown},
                {"steps", o.impute.steps},
                {"seed", std::to_string(o.impute.seed)}});
  else
    std::printf(
        "%s: %zu cases, %zu unknown values, %s after %llu steps\n", o.out.c_str(), data.size(), unknown,
        o.impute.completions == 0 ? "their means"
                                  : (std::to_string(o.impute.completions) + " completions of each").c_str(),
        static_cast<unsigned long long>(o.impute.steps));
  return 0;
}

}  // namespace

void add_impute(CLI::App& app, Globals& globals, Action& action) {
  auto* command =
      app.add_subcommand("impute", "fills in missing values, or the part of an image that is not known");
  auto o = std::make_shared<Options>();
  add_cases(*command, *o);
  command
      ->add_option(
          "--known", o->known,
          "what is known, of images rows=A:B or columns=A:B, or units=A:B, several by commas (default: "
          "all but missing values)")
      ->delimiter(',');
  command->add_option("--steps", o->impute.steps, "Gibbs steps of a chain")
      ->check(whole_number(1))
      ->capture_default_str();
  command->add_option("--burn-in", o->impute.burn_in, "first steps that do not enter the mean")
      ->check(whole_number(0))
      ->capture_default_str();
  command
      ->add_option("--completions", o->impute.completions,
                   "chains a case, each giving its end as a row; 0: the mean over the steps of one")
      ->check(whole_number(0, 1000))
      ->capture_default_str();
  command->add_flag("--samples", o->impute.samples, "completions are sampled values in place of means");
  command
      ->add_option("--out", o->out, "file to write: .npy, .csv, or .png with the data above what was known")
      ->required();
  command->footer(
      "Examples:\n"
      "  harmonium impute model.safetensors mnist --part test --limit 20 --known rows=0:14 --completions 5 "
      "--out "
      "halves.png\n"
      "  harmonium impute patients.safetensors new.csv --out filled.csv");
  command->callback([&globals, &action, o] { action = [&globals, o] { return impute_cases(globals, *o); }; });
}

}  // namespace harmonium::app
