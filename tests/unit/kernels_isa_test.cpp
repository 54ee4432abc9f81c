// HARMONIUM_ISA caps Highway and oneDNN. Each case runs in a fresh process, because a cap is for life.
#include "harmonium/kernels/isa.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "harmonium/base/error.h"

namespace harmonium {
namespace {

/// Exits with 0 where the cap `value` gives a target other than those in `above` and oneDNN's level `onednn`.
void exit_after_cap(const char* value, const std::string& above, const char* onednn) {
  ::setenv("HARMONIUM_ISA", value, 1);
  cap_instruction_set_from_environment();
  cap_instruction_set_from_environment();
  const char* level = std::getenv("ONEDNN_MAX_CPU_ISA");
  const char* older = std::getenv("DNNL_MAX_CPU_ISA");
  const std::string name(instruction_set_name());
  const bool fine = above.find("<" + name + ">") == std::string::npos && level != nullptr &&
                    level == std::string(onednn) && older == std::string(onednn);
  std::exit(fine ? 0 : 1);
}

class IsaDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

#if defined(__x86_64__)
TEST_F(IsaDeathTest, CapsHighwayAndOneDnn) {
  EXPECT_EXIT(exit_after_cap("avx2", "<AVX3><AVX3_DL>", "AVX2"), ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(exit_after_cap("sse4", "<AVX3><AVX3_DL><AVX2>", "SSE41"), ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(exit_after_cap("scalar", "<AVX3><AVX3_DL><AVX2><SSE4><SSSE3>", "SSE41"),
              ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(exit_after_cap("avx512", "", "AVX512_CORE_BF16"), ::testing::ExitedWithCode(0), "");
}
#endif

/// Exits with 0 where both calls throw a sentence that holds the value and the choices.
void exit_after_refusal() {
  ::setenv("HARMONIUM_ISA", "avx1024", 1);
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      cap_instruction_set_from_environment();
      std::exit(1);
    } catch (const InputError& error) {
      const std::string text = error.what();
      if (text.find("'avx1024'") == std::string::npos || text.find("avx2") == std::string::npos) std::exit(2);
    }
  }
  std::exit(0);
}

TEST_F(IsaDeathTest, RefusesUnknownValueEveryTime) {
  EXPECT_EXIT(exit_after_refusal(), ::testing::ExitedWithCode(0), "");
}

/// Exits with 0 where an empty value caps nothing and sets nothing.
void exit_after_empty() {
  ::unsetenv("ONEDNN_MAX_CPU_ISA");
  ::setenv("HARMONIUM_ISA", "", 1);
  std::exit(!instruction_set_name().empty() && std::getenv("ONEDNN_MAX_CPU_ISA") == nullptr ? 0 : 1);
}

TEST_F(IsaDeathTest, EmptyIsNoCap) {
  EXPECT_EXIT(exit_after_empty(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace harmonium
