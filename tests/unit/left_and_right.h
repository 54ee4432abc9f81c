// A table of two classes: pixels on the left of two rows for one, on the right for the other; one in ten is
// wrong.
#pragma once

#include <filesystem>
#include <fstream>

#include "harmonium/base/random.h"
#include "harmonium/recipe/recipe.h"

namespace harmonium {

inline void write_left_and_right(const std::filesystem::path& path, std::size_t rows, std::uint64_t seed) {
  const Noise noise(seed, Stream::kSynthetic, 0);
  std::ofstream table(path);
  table << "a,b,c,d,e,f,g,h,class\n";
  for (std::size_t r = 0; r < rows; ++r) {
    const bool right = noise.bits(r, 99) % 2;
    for (std::uint32_t i = 0; i < 8; ++i)
      table << (((i % 4 >= 2) == right) != (noise.uniform(r, i) < 0.1f) ? 1 : 0) << ",";
    table << (right ? "right" : "left") << "\n";
  }
}

/// A recipe that learns from 200 such cases and is judged by 80 others, both in `folder`.
inline void use_left_and_right(Recipe& recipe, const std::filesystem::path& folder) {
  const auto train = folder / "train.csv", test = folder / "test.csv";
  write_left_and_right(train, 200, 1);
  write_left_and_right(test, 80, 2);
  recipe.data.train = train.string(), recipe.data.test = test.string();
  recipe.data.label_column = "class";
  recipe.report.image_shape = {2, 4};
}

}  // namespace harmonium
