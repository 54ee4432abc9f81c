// What several commands do alike.
#include <charconv>
#include <cstdio>
#include <string_view>

#include "command.h"
#include "harmonium/base/error.h"
#include "harmonium/data/load.h"
#include "harmonium/io/csv.h"
#include "harmonium/io/npy.h"
#include "harmonium/io/png.h"
#include "harmonium/render/number.h"
#include "harmonium/render/sheet.h"

namespace harmonium::app {

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  return CLI::Validator(
      [least, most](std::string& text) -> std::string {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool whole = error == std::errc() && end == text.data() + text.size();
        if (whole && value >= least && value <= most) return {};
        return text + " must be a whole number, " + std::to_string(least) +
               (most < kLargestNumber ? " to " + std::to_string(most) : " or more");
      },
      "");
}

void add_cases(CLI::App& command, CaseOptions& options, const char* model_help) {
  command.add_option("MODEL", options.model, model_help)->required();
  command.add_option("DATA", options.data, "a named data set or a path; read as the model's own data were")
      ->required();
  command.add_option("--part", options.part, "part of a named data set: train or test");
  command.add_option("--limit", options.limit, "the first so many cases; 0 takes all")
      ->check(whole_number(0));
}

void apply_setting(Recipe& recipe, const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos || equals == 0)
    throw InputError("--set " + setting + " must be KEY=VALUE, as in --set train.epochs=5.");
  set_recipe_key(recipe, setting.substr(0, equals), setting.substr(equals + 1));
}

namespace {

// Cases for a model of any kind, which takes `columns` units a case (in words: `takes`).
Dataset load_data_for(const ModelFacts& model, std::size_t columns, const std::string& takes,
                      const std::string& source, const std::string& part, std::size_t limit,
                      bool allow_missing) {
  DataRequest request;
  request.source = source;
  request.part = part;
  request.limit = limit;
  if (!model.schema.empty()) request.columns = Schema::from_json(model.schema, model.data_statistics);
  request.columns_of_other_cases = true;
  if (allow_missing && request.columns)
    for (Column& column : request.columns->columns) column.missing = Missing::kUnknown;
  const Dataset data = load_dataset(request);
  if (data.layer().columns() != columns)
    throw InputError(source + ": has " + std::to_string(data.layer().columns()) +
                     " units a case, but the model takes " + takes +
                     "; give data like those it was trained on (" + model.data_name + ").");
  for (const std::string& sentence : data.warnings())
    std::fprintf(stderr, "warning: %s\n", typed_minus(sentence).c_str());
  return data;
}

}  // namespace

Dataset load_model_data(const Model& model, const std::string& source, const std::string& part,
                        std::size_t limit, bool allow_missing) {
  const std::string takes =
      std::to_string(model.net.columns(0)) + " (\"" + model.net.layer(0).spec.to_string() + "\")";
  return load_data_for(model, model.net.columns(0), takes, source, part, limit, allow_missing);
}

Dataset load_model_data(const NetworkModel& model, const std::string& source, const std::string& part,
                        std::size_t limit) {
  const std::size_t inputs = model.network.inputs();
  Dataset data = load_data_for(model, inputs, std::to_string(inputs), source, part, limit, false);
  if (data.has_missing())
    throw InputError(source +
                     ": has missing values, but a feed-forward net takes whole cases; fill them in by "
                     "`harmonium impute` first.");
  return data;
}

std::size_t wanted_layer(const Model& model, std::size_t layer) {
  if (layer > model.net.depth())
    throw InputError("--layer " + std::to_string(layer) + " is not there; the model has layers 1 to " +
                     std::to_string(model.net.depth()) + " above the data.");
  return layer == 0 ? model.net.depth() : layer;
}

std::vector<std::size_t> model_image_shape(const ModelFacts& model) {
  if (model.schema.empty()) return {};
  return Schema::from_json(model.schema, model.data_statistics).image_shape();
}

void check_output_name(const std::filesystem::path& path, const std::vector<std::size_t>& shape) {
  const std::string ending = path.extension().string();
  if (ending == ".png" && shape.size() != 2)
    throw InputError(path.string() + ": these rows are no images of a known shape; write .npy or .csv.");
  if (ending != ".npy" && ending != ".csv" && ending != ".png")
    throw InputError(path.string() + ": an output ends in .npy, .csv or, for images, .png.");
}

void write_rows(const std::filesystem::path& path, ConstMatrixView<float> rows,
                const std::vector<std::size_t>& shape, const std::string& column_prefix) {
  check_output_name(path, shape);
  const std::string ending = path.extension().string();
  if (ending == ".npy") {
    write_npy(path, NumericArray::from(rows));
  } else if (ending == ".csv") {
    std::vector<std::string> header;
    for (std::size_t i = 0; i < rows.cols(); ++i) header.push_back(column_prefix + std::to_string(i));
    write_csv(path, header, rows.rows(), [&](std::size_t r, std::vector<std::string>& cells) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        char text[32];
        std::snprintf(text, sizeof text, "%.9g", static_cast<double>(rows(r, i)));
        cells[i] = text;
      }
    });
  } else {
    write_png(path, sheet_of_rows(rows, {shape[0], shape[1]}));
  }
}

namespace {

std::string plain_number(double value, int significant) {
  return typed_minus(number_text(value, significant));
}

}  // namespace

std::string typed_minus(std::string text) {
  constexpr std::string_view kTrueMinus = "\xE2\x88\x92";
  for (std::size_t at = 0; (at = text.find(kTrueMinus, at)) != std::string::npos; ++at) {
    text[at] = '-';
    text.erase(at + 1, kTrueMinus.size() - 1);
  }
  return text;
}

void print_measurements(std::span<const Measurement> measurements) {
  for (const Measurement& m : measurements) {
    std::string line = plain_number(m.value, 6);
    if (m.standard_error) line += " +- " + plain_number(*m.standard_error, 2);
    line += " " + m.unit;
    if (m.cases > 0) line += ", " + number_text(static_cast<double>(m.cases), 9) + " cases";
    if (!m.how.empty()) line += " (" + typed_minus(m.how) + ")";
    std::printf("%-28s %s\n", m.name.c_str(), line.c_str());
  }
}

Json measurements_json(std::span<const Measurement> measurements) {
  Json json = Json::object();
  for (const Measurement& m : measurements) {
    json[m.name] = {{"value", m.value}};
    if (m.standard_error) json[m.name]["standard_error"] = *m.standard_error;
    if (m.cases > 0) json[m.name]["cases"] = m.cases;
    json[m.name]["unit"] = m.unit;
    json[m.name]["how"] = typed_minus(m.how);
  }
  return json;
}

int say_stopped(bool was_forced) {
  std::fprintf(stderr, "harmonium: stopped; go on with the same command and --resume%s\n",
               was_forced ? " in place of --force" : "");
  return 130;
}

void print_json(const Json& json) {
  std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

}  // namespace harmonium::app
