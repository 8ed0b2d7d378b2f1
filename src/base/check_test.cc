#include "base/check.h"

#include <gtest/gtest.h>

namespace pgkeep {
namespace {

TEST(Check, PassesWithoutEffect) {
  int evaluations = 0;
  PGK_CHECK(++evaluations == 1);
  PGK_CHECK(++evaluations == 2, "with a text");
  EXPECT_EQ(evaluations, 2);
}

TEST(CheckDeathTest, AbortsWithPlaceConditionAndText) {
  const int two = 2;
  EXPECT_DEATH(PGK_CHECK(two == 3), "check_test.cc:[0-9]+: check failed: two == 3\n");
  EXPECT_DEATH(PGK_CHECK(two == 3, "they differ"), "check failed: two == 3: they differ\n");
}

TEST(CheckDeathTest, DebugCheckFollowsTheKindOfBuild) {
  int evaluations = 0;
  PGK_DCHECK(++evaluations > 0);
#ifdef NDEBUG
  EXPECT_EQ(evaluations, 0);
#else
  EXPECT_EQ(evaluations, 1);
  EXPECT_DEATH(PGK_DCHECK(evaluations == 7, "not seven"), "not seven");
#endif
}

}  // namespace
}  // namespace pgkeep
