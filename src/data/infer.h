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
  /// What a person should know who does not look at the schema: columns of a table that are left out, numbers
  /// that are taken as words because of some cell, a first case that is taken as names.
  std::vector<std::string> warnings;
};

/// `label_column` and `weights_column` name columns of a table, or are empty.
Inferred infer_schema(const SourceFile& source, const std::string& label_column,
                      const std::string& weights_column);

}  // namespace harmonium
