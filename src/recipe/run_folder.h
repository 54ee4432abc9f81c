// Whose run stands in a folder: an idea's, a learning run's or that of several runs that are compared. None
// is written over by one of another kind, nor an idea's by another idea's, unless by --force, and then
// nothing of the earlier one stays but the folders of single runs.
#pragma once

#include <filesystem>

#include "harmonium/recipe/recipe.h"
#include "harmonium/recipe/training.h"

namespace harmonium {

/// Refuses (InputError) a folder in which an idea cannot run: there is another run, or an idea's run and
/// neither options.overwrite nor options.resume; or options.resume, and it was of another idea, seed or
/// settings.
void check_idea_folder(const Recipe& recipe, const std::filesystem::path& folder, const RunOptions& options);
/// Removes what an idea's run or a learning run has written into the folder.
void clear_for_idea(const std::filesystem::path& folder);

/// Refuses (InputError) to learn into the folder of an idea or of several runs, unless options.overwrite.
void check_learning_folder(const std::filesystem::path& folder, const RunOptions& options);
/// Removes the comparison or an idea's run from the folder; nothing where there is none.
void clear_for_learning(const std::filesystem::path& folder);

/// Removes the pictures of earlier runs, before those of this one are drawn.
void remove_pictures(const std::filesystem::path& folder);

/// Refuses (InputError) to compare several runs in the folder of an idea, of one learning run or of another
/// comparison, or where the same one is and options.resume is not set; unless options.overwrite.
void check_comparison_folder(const Recipe& recipe, const std::filesystem::path& folder,
                             const RunOptions& options);
/// Removes the same and a learning run.
void clear_for_comparison(const std::filesystem::path& folder);

}  // namespace harmonium
