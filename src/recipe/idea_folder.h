// Whose run stands in a folder: an idea's or a learning run's. Neither is written over by the other, or by
// another of its kind, unless by --force, and then nothing of the earlier one stays.
#pragma once

#include <filesystem>

#include "harmonium/recipe/recipe.h"
#include "harmonium/recipe/training.h"

namespace harmonium {

/// Refuses (InputError) a folder in which an idea cannot run: there is a learning run, or an idea's run and
/// neither options.overwrite nor options.resume; or options.resume, and it was of another idea, seed or
/// settings.
void check_idea_folder(const Recipe& recipe, const std::filesystem::path& folder, const RunOptions& options);
/// Removes what an idea's run or a learning run has written into the folder.
void clear_for_idea(const std::filesystem::path& folder);

/// Refuses (InputError) to learn into the folder of an idea, unless options.overwrite.
void refuse_idea_folder(const std::filesystem::path& folder, const RunOptions& options);
/// Removes what an idea's run has written into the folder; nothing where there is none.
void remove_idea_run(const std::filesystem::path& folder);

}  // namespace harmonium
