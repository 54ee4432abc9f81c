// Sources that are more than one file of a known format.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/source_file.h"

namespace harmonium {

/// A folder of PNGs of one size, in the order of their names; with subfolders, each is a class. Throws
/// InputError where there is none, sizes differ, or images lie both beside and in subfolders.
SourceFile read_png_folder(const std::filesystem::path& folder);

/// All images of N x N pixels whose rows (or columns) are each of one colour, each once: 2 * 2^N - 2.
/// `size` is N from 1 to 12 as text, 4 where it is empty. Throws InputError.
SourceFile make_bars_and_stripes(const std::string& size);

/// One word a line; empty lines are refused. `lines` gets their numbers.
std::vector<std::string> read_words(const std::filesystem::path& path, std::vector<std::size_t>& lines);

}  // namespace harmonium
