// Where the files that ship with harmonium lie on this machine.
#pragma once

#include <filesystem>

namespace harmonium {

/// The folder that holds the data sets that ship with harmonium (`mnist/` and so on). The first of these:
///  1. the environment variable HARMONIUM_DATA, where it is set and not empty;
///  2. `share/harmonium/data` of the prefix that this library or program was installed into, found from where
///     its binary lies, so that an installed tree may be moved as a whole;
///  3. `data` of the source tree that this library was built from.
///
/// Throws InputError when HARMONIUM_DATA names no folder, or when it is not set and neither of the others is
/// there.
std::filesystem::path data_folder();

}  // namespace harmonium
