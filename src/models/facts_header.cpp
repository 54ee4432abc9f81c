#include "models/facts_header.h"

#include <algorithm>
#include <cmath>

#include "harmonium/base/version.h"

namespace harmonium {
namespace {

constexpr const char* kKey = "harmonium";
constexpr const char* kDataPrefix = "data.";

Json history_to_json(const HistoryRecord& record) {
  Json json = {{"layer", record.layer}, {"epoch", record.epoch}};
  for (const auto& [name, value] : record.measures) json[name] = value;
  if (!record.warnings.empty()) json["warnings"] = record.warnings;
  return json;
}

HistoryRecord history_from_json(const Json& json) {
  HistoryRecord record;
  for (const auto& [key, value] : json.items()) {
    if (key == "layer")
      record.layer = value.get<std::size_t>();
    else if (key == "epoch")
      record.epoch = value.get<std::uint64_t>();
    else if (key == "warnings")
      record.warnings = value.get<std::vector<std::string>>();
    else
      record.measures[key] = value.is_number() ? value.get<double>() : std::nan("");
  }
  return record;
}

std::uint64_t seed_of(const Json& header, const std::string& path) {
  try {
    return std::stoull(header.at("seed").get<std::string>());
  } catch (const std::logic_error&) {
    throw InputError(path + ": the seed in the header is not a whole number.");
  }
}

}  // namespace

std::string stage_name(std::size_t layer, std::size_t rbms) {
  if (layer > rbms) return "fine-tuning";
  return layer == rbms ? "all layers" : "layer " + std::to_string(layer + 1);
}

const HistoryRecord* last_record(const std::vector<HistoryRecord>& history, std::size_t layer) {
  const auto found = std::find_if(history.rbegin(), history.rend(),
                                  [layer](const HistoryRecord& record) { return record.layer == layer; });
  return found == history.rend() ? nullptr : &*found;
}

std::string history_line(const HistoryRecord& record) {
  return dump_json(history_to_json(record));
}

HistoryRecord history_record_from_line(const std::string& line, const std::string& where) {
  return with_header_errors(where, [&] { return history_from_json(parse_json(line, where)); });
}

Json header_of(int format_version, const std::string& kind, const Json& own, const ModelFacts& facts) {
  Json header = {{"format_version", format_version}, {"library_version", version()}, {"kind", kind}};
  header.update(own);
  header["precision"] = facts.precision;
  header["seed"] = std::to_string(facts.seed);  // text: JSON numbers lose bits above 2^53
  header["data_name"] = facts.data_name;
  header["data_hash"] = facts.data_hash;
  header["classes"] = facts.classes;
  header["recipe"] = facts.recipe;
  header["schema"] = facts.schema.empty() ? Json(nullptr) : parse_json(facts.schema, "schema");
  header["history"] = Json::array();
  for (const HistoryRecord& record : facts.history) header["history"].push_back(history_to_json(record));
  return header;
}

void write_model_file(const std::filesystem::path& path, TensorFile file, const Json& header,
                      const ModelFacts& facts) {
  file.metadata[kKey] = dump_json(header);
  for (const auto& [name, values] : facts.data_statistics)
    file.tensors.push_back(
        Tensor::from_f32(name.starts_with(kDataPrefix) ? name : kDataPrefix + name, values, {values.size()}));
  write_safetensors(path, file);
}

Json read_header(const TensorFile& file) {
  if (!file.metadata.count(kKey))
    throw InputError(
        file.path +
        ": has no \"harmonium\" metadata; it is a safetensors file of another program, not a model of "
        "harmonium.");
  Json header = parse_json(file.metadata.at(kKey), file.path);
  with_header_errors(file.path, [&] {
    const std::uint64_t format = whole_number_of(header, "format_version", file.path);
    if (format > kModelFormatVersion)
      throw InputError(file.path + ": has format version " + std::to_string(format) +
                       ", and this harmonium reads up to version " + std::to_string(kModelFormatVersion) +
                       "; use a newer harmonium.");
    if (format < 1)
      throw InputError(file.path + ": has format version " + std::to_string(format) +
                       ", which there never was; the file is damaged.");
  });
  return header;
}

void read_facts(const Json& header, const TensorFile& file, ModelFacts& facts) {
  facts.seed = seed_of(header, file.path);
  facts.precision = header.at("precision").get<std::string>();
  facts.recipe = header.at("recipe").get<std::string>();
  facts.data_name = header.at("data_name").get<std::string>();
  facts.data_hash = header.at("data_hash").get<std::string>();
  facts.classes = header.at("classes").get<std::vector<std::string>>();
  if (!header.at("schema").is_null()) facts.schema = dump_json(header.at("schema"));
  for (const Json& record : header.at("history")) facts.history.push_back(history_from_json(record));
  for (const Tensor& tensor : file.tensors)
    if (tensor.name.starts_with(kDataPrefix)) {
      const auto values = file.finite_f32(tensor);
      facts.data_statistics[tensor.name].assign(values.begin(), values.end());
    }
}

void add_parameters(TensorFile& file, const ParameterList& parameters, const std::string& prefix) {
  for (const NamedTensor& tensor : parameters)
    file.tensors.push_back(Tensor::from_f32(prefix + tensor.name, tensor.values, tensor.shape));
}

void read_parameters(const TensorFile& file, const ParameterList& parameters, const std::string& prefix) {
  for (const NamedTensor& tensor : parameters) {
    const auto values = file.finite_f32(file.require(prefix + tensor.name, tensor.shape));
    std::copy(values.begin(), values.end(), tensor.values.begin());
  }
}

}  // namespace harmonium
