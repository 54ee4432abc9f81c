// "Did you mean": the known word that is nearest to one that a person typed.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace harmonium {

/// The candidate with the smallest edit distance to `word` (insertions, deletions, replacements and swaps of
/// neighbours, upper and lower case alike), the first of them where several are equally near. Empty where
/// none is near: more than a third of the longer word would have to change.
std::string nearest_word(std::string_view word, std::span<const std::string> candidates);

/// The end of an error sentence: "; did you mean 'NEAREST'?", or "" where nothing is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace harmonium
