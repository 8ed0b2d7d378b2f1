#include "config/nearest_name.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace pgkeep::config {
namespace {

constexpr std::array<std::string_view, 4> kWords = {"list", "verify", "expire", "key_file"};

TEST(NearestName, FindsInsertedRemovedReplacedAndSwappedLetters) {
  EXPECT_EQ(NearestName("lisst", kWords), "list");
  EXPECT_EQ(NearestName("keyfile", kWords), "key_file");
  EXPECT_EQ(NearestName("verifi", kWords), "verify");
  EXPECT_EQ(NearestName("lits", kWords), "list");
}

TEST(NearestName, PrefersTheNearerCandidate) {
  constexpr std::array<std::string_view, 2> kNear = {"expired", "expire"};
  EXPECT_EQ(NearestName("expir", kNear), "expire");
}

TEST(NearestName, GuessesNothingWhenEverythingIsFar) {
  EXPECT_EQ(NearestName("schedule", kWords), std::nullopt);
  EXPECT_EQ(NearestName("", kWords), std::nullopt);
  EXPECT_EQ(NearestName(std::string(10'000, 'l'), kWords), std::nullopt);
}

}  // namespace
}  // namespace pgkeep::config
