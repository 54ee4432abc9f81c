// Infers what a file holds, as a schema for a person to correct.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harmonium/data/load.h"
#include "harmonium/data/schema.h"

namespace harmonium {

/// What was inferred and why.
struct Description {
  Schema schema;
  std::size_t cases = 0;
  std::string summary;  ///< one line: file, format, type, sizes
  /// One a column of the schema: why it was taken for what it is ("3 different whole numbers from 0 to 2").
  std::vector<std::string> reasons;

  /// The schema's TOML with the reasons as comments; `Schema::from_toml` of it gives `schema` back.
  std::string to_toml() const;
};

/// Reads the data that `request` names and infers kinds and ranges:
///  - images of bytes: Bernoulli, scale 1/255, the values being probabilities; bytes that are all 0 or 1:
///  scale 1;
///  - columns of 0 and 1, or of two words or numbers: Bernoulli, the second category being 1;
///  - at most 20 different words, or at most 10 different whole numbers: softmax categories;
///  - whole numbers from 0: Poisson, or binomial N where they end sharply at a largest N of at most 20; also
///    few different ones, from 0 without a hole, whose largest is rare;
///  - real numbers: Gaussian, standardised;
///  - sparse counts: one multinomial block; a sparse matrix of ones: Bernoulli;
///  - a column named like a label, constants, identifiers (all different) and free text: a role other than
///    feature, with the reason. Nothing is left out without one.
/// Missing cells (empty, "NaN", "NA") are counted, and a column that has some gets missing = "unknown".
/// Throws InputError where the file cannot be read.
Description describe(const DataRequest& request);
Description describe(const std::string& source);

}  // namespace harmonium
