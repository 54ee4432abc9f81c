#include "harmonium/data/describe.h"

#include "data/infer.h"
#include "data/schema_text.h"
#include "data/source_file.h"
#include "data/value_check.h"
#include "harmonium/base/error.h"

namespace harmonium {
namespace {

std::string content_text(const SourceFile& source) {
  if (const auto* table = std::get_if<CsvTable>(&source.content)) {
    return "table of " + std::to_string(table->rows.size()) + " cases and " +
           std::to_string(table->header.size()) + " columns";
  }
  const auto dense_text = [](ElementType type, const std::vector<std::size_t>& shape) {
    std::string text(element_name(type));
    for (std::size_t d = 0; d < shape.size(); ++d) text += (d == 0 ? " " : " x ") + std::to_string(shape[d]);
    return text;
  };
  if (const auto* dense = std::get_if<NumericArray>(&source.content)) {
    return dense_text(dense->type, dense->shape);
  }
  if (const auto* rows = std::get_if<NpyRows>(&source.content))
    return dense_text(rows->type(), rows->shape());
  const auto& sparse = std::get<CsrMatrix>(source.content);
  return "sparse " + std::to_string(sparse.rows) + " x " + std::to_string(sparse.cols) + " with " +
         std::to_string(sparse.values.size()) + " entries";
}

}  // namespace

std::string Description::to_toml() const {
  std::string text = "# " + summary + "\n";
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && &c != &text.back()) c = ' ';
  }
  return text + schema_to_toml(schema, reasons);
}

Description describe(const DataRequest& request) {
  const SourceFile source = read_source(request);
  if (source.rows() == 0) throw InputError(source.file + " holds no cases; it should hold at least one");
  Inferred inferred = infer_schema(source, request.label_column, request.weights_column);
  return {std::move(inferred.schema), source.rows(), source.description + ": " + content_text(source),
          std::move(inferred.reasons)};
}

Description describe(const std::string& source) {
  DataRequest request;
  request.source = source;
  return describe(request);
}

}  // namespace harmonium
