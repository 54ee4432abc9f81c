// Unit values turned back into the columns of a table: what a model filled in, in the file's own words.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harmonium/data/schema.h"

namespace harmonium {

/// Names of the raw columns of all features, in the schema's order: "age", "colour", "pixels[3,7]".
std::vector<std::string> raw_header(const Schema& schema);

/// The raw cells that `units` (one row of the schema's layer, samples or means) stand for: (unit * deviation
/// + mean
/// - offset) / scale, to 7 digits; of columns with categories the name of the likeliest state, of softmax
/// columns without names its number. Bernoulli columns without names keep means as they are, because half a
/// yes is worth knowing; values that were binarised stay 0 to 1. NaN is an empty cell.
std::vector<std::string> raw_cells(const Schema& schema, std::span<const float> units);

}  // namespace harmonium
