// Which raw values a column can hold, and where a data set holds others.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/raw_values.h"
#include "harmonium/data/schema.h"

namespace harmonium {

/// How errors name a place.
struct Place {
  std::string file;
  std::span<const std::size_t> lines;  ///< of each row, or empty

  /// "table.csv:17" or "images.npy: row 16 (counted from 0)".
  std::string row(std::size_t row) const;
};

/// Checks every stored value of every feature: kind, range, infinity, and NaN where the column refuses
/// missing values. Returns, for each column of the schema, its number of missing values. Throws InputError at
/// the first fault.
std::vector<std::uint64_t> check_values(const Schema& schema, const RawValues& raw, const Place& place);

/// The same values on a disk, with a check of every row that is read: as check_values, but missing values are
/// refused whatever the columns say, because a chain for each of them would have to be kept in memory.
std::shared_ptr<const RawValues> with_row_check(const RawValues& raw, const Schema& schema,
                                                const std::string& file);

/// Sets mean and deviation of the standardised columns that have none from the rows `rows` (all where empty).
/// A column that does not vary gets deviation 1 and a sentence in `warnings`.
void compute_statistics(Schema& schema, const RawValues& raw, std::span<const std::uint64_t> rows,
                        std::vector<std::string>& warnings);

/// A number as short as it can be, for messages.
std::string number_text(double value);

}  // namespace harmonium
