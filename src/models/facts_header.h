// The JSON header that every model file of ours has, and the tensors that belong to its facts: what files of
// all kinds of model share.
#pragma once

#include <filesystem>
#include <string>

#include "harmonium/base/error.h"
#include "harmonium/io/safetensors.h"
#include "harmonium/models/model_facts.h"
#include "harmonium/models/parameters.h"
#include "io/json.h"

namespace harmonium {

/// "format_version", "library_version" and "kind", then the members of `own`, then the facts.
Json header_of(int format_version, const std::string& kind, const Json& own, const ModelFacts& facts);
/// Writes `file`, which has the parameters, with this header and behind them the tensors of the facts.
void write_model_file(const std::filesystem::path& path, TensorFile file, const Json& header,
                      const ModelFacts& facts);

/// The header of a file that was read. Throws InputError where it has none, or one of a version that is not
/// known.
Json read_header(const TensorFile& file);
/// The facts of header and file. Throws InputError, or the library's errors where a member is missing.
void read_facts(const Json& header, const TensorFile& file, ModelFacts& facts);

/// Tensors of these parameters, their names behind `prefix`.
void add_parameters(TensorFile& file, const ParameterList& parameters, const std::string& prefix);
/// The inverse, after checking shapes and numbers (InputError).
void read_parameters(const TensorFile& file, const ParameterList& parameters, const std::string& prefix);

/// read(), with errors of the JSON library as InputError that names the file.
template <class F>
auto with_header_errors(const std::string& path, F read) {
  try {
    return read();
  } catch (const Json::exception& error) {
    throw InputError(path + ": the model's header is damaged (" + error.what() +
                     "); it must be the JSON that docs/model-format.md describes.");
  }
}

}  // namespace harmonium
