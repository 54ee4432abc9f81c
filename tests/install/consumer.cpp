// Uses the installed library: a value of a template, compiled code, an exception across the library's border.
#include <cstdlib>
#include <iostream>

#include "harmonium/base/error.h"
#include "harmonium/base/matrix.h"
#include "harmonium/base/paths.h"
#include "harmonium/base/random.h"
#include "harmonium/base/version.h"

int main() {
  harmonium::Matrix<float> draws(2, 3);
  const harmonium::Noise noise(1, harmonium::Stream::kSampling, 0);
  for (std::size_t i = 0; i < draws.size(); ++i) draws.values()[i] = noise.normal(0, i);
  std::cout << harmonium::version() << '\n' << harmonium::data_folder().string() << '\n';

  setenv("HARMONIUM_DATA", "/no/such/folder", 1);
  try {
    harmonium::data_folder();
  } catch (const harmonium::InputError&) {
    return 0;
  }
  std::cerr << "InputError was not caught\n";
  return 1;
}
