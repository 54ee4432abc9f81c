// NumPy's .npy arrays and .npz archives of them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harmonium/io/table.h"

namespace harmonium {

/// Reads .npy of format 1, 2 or 3: bool (as u8), u1, i1, u2, i2, i4, i8, f4, f8, either byte order, C or
/// Fortran order (turned to C). Throws InputError that names the file and what is wrong; the sizes are
/// checked against the file before memory is taken.
NumericArray read_npy(const std::filesystem::path& path);

/// Writes format 1, atomically, in C order, as numpy.save does. Throws WorkError.
void write_npy(const std::filesystem::path& path, const NumericArray& array);

/// Names of the arrays in an archive, without ".npy", in the archive's order. Throws InputError.
std::vector<std::string> npz_names(const std::filesystem::path& path);

/// One array of an archive. Throws InputError as read_npy does, and where the name is missing (with those
/// that are there).
NumericArray read_npz(const std::filesystem::path& path, const std::string& name);

/// All arrays of an archive by their names.
std::map<std::string, NumericArray> read_npz(const std::filesystem::path& path);

}  // namespace harmonium
