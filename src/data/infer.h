// Guesses what columns are, with a reason for each guess.
#pragma once

#include <string>
#include <vector>

#include "data/source_file.h"
#include "harmonium/data/schema.h"

namespace harmonium {

struct Inferred {
  Schema schema;
  std::vector<std::string> reasons;  ///< one a column
};

/// `label_column` and `weights_column` name columns of a table, or are empty.
Inferred infer_schema(const SourceFile& source, const std::string& label_column,
                      const std::string& weights_column);

}  // namespace harmonium
