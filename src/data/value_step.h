// The step of which all unit values of a data set are whole multiples.
#pragma once

#include "data/raw_values.h"
#include "harmonium/data/schema.h"

namespace harmonium {

/// As BatchSource::value_step: 1 for binary, categorical and small counts, 1/255 where grey bytes are among
/// them, 0 where values are real or counts may exceed 256. Looks at all raw values in memory that are
/// not bytes; on a disk only bytes count as whole.
float value_step(const Schema& schema, const RawValues& raw);

}  // namespace harmonium
