// Tables of text turned into stored numbers, as a schema says.
#pragma once

#include "data/raw_values.h"
#include "data/source_file.h"
#include "harmonium/data/dataset.h"

namespace harmonium {

/// Fills values (f32; features only), labels, weights, lines and the schema of `parts` from a table. Columns
/// are found by their names, a block by the names of its parts ("pixels[3,7]"); the schema is put into the
/// order of the file's columns. A label or weight that the table does not have is left out. Throws InputError
/// where a column of the table is not in the schema, a feature of the schema not in the table, or a cell is
/// not a number, a category or empty.
void build_table(const CsvTable& table, const Schema& schema, Dataset::Parts& parts);

}  // namespace harmonium
