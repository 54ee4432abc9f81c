// What checkpoints of all stages of a run have in common: their header and their tensors.
#pragma once

#include <string>
#include <vector>

#include "harmonium/io/safetensors.h"
#include "harmonium/models/model_file.h"
#include "harmonium/models/parameters.h"
#include "harmonium/train/average.h"
#include "harmonium/train/learner.h"
#include "harmonium/train/loop.h"
#include "io/json.h"

namespace harmonium {

inline constexpr const char* kCheckpointKey = "harmonium_checkpoint";
inline constexpr std::uint64_t kCheckpointVersion = 1;
/// The tensor of a learner's state whose values may be NaN: missing values that no update has sampled yet.
inline constexpr const char* kMissingStates = "missing";

/// The header of a checkpoint. Throws InputError where the file has none, or one that is not JSON.
Json checkpoint_header(const TensorFile& file);

/// {"format_version", "recipe", "cases", "epoch", "batch", "update", "history"}.
Json start_header(const std::string& recipe, std::size_t cases, const LoopPosition& position,
                  const std::vector<HistoryRecord>& history);

/// Refuses (InputError) another version, another recipe or another number of cases.
void check_header(const Json& header, const std::string& path, const std::string& recipe, std::size_t cases);

/// Refuses (InputError) a place that a run of so many epochs of so many batches does not come to.
LoopPosition position_of(const Json& header, const std::string& path, std::uint64_t batches,
                         std::uint64_t epochs);
std::vector<HistoryRecord> history_of(const Json& header, const std::string& path);

/// Adds the tensors of `list` under PREFIX + name, or reads them back (InputError where one is missing, of
/// another shape, or holds what is no finite number).
void add_tensors(TensorFile& file, const ParameterList& list, const std::string& prefix);
void read_tensors(const TensorFile& file, const ParameterList& list, const std::string& prefix);

/// Parameters and state of a learner. Refuses (InputError) states that its chains cannot have.
void read_learner(const TensorFile& file, Learner& learner);
/// The average of a run at `position`. Refuses (InputError) one of another number of updates.
void restore_average(ParameterAverage& average, const TensorFile& file, const Json& header,
                     const LoopPosition& position);

/// Copies values between lists of equal shapes.
void copy_values(const ParameterList& from, const ParameterList& to);

}  // namespace harmonium
