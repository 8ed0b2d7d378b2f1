#include "storage/s3/version_choice.h"

#include <gtest/gtest.h>

namespace pgkeep::storage {
namespace {

using Rule = VersionChoice::Rule;

Timestamp At(int seconds) { return Timestamp(std::chrono::seconds(seconds)); }

S3Version Made(const std::string& id, int seconds, bool deletion = false) {
  S3Version version{.time = At(seconds), .id = id, .deletion = deletion};
  version.object.key = "k";
  return version;
}

// The id of what counts, "-" if nothing does.
std::string Chosen(Rule rule, std::optional<Timestamp> as_of,
                   const std::vector<S3Version>& newest_first) {
  VersionChoice choice(rule, as_of);
  for (const S3Version& version : newest_first) choice.See(version);
  return choice.chosen() ? choice.chosen()->id : "-";
}

TEST(VersionChoice, TheOldestIsNotTouchedByWhatComesLater) {
  EXPECT_EQ(Chosen(Rule::kOldest, {}, {}), "-");
  EXPECT_EQ(Chosen(Rule::kOldest, {}, {Made("a", 1)}), "a");
  EXPECT_EQ(Chosen(Rule::kOldest, {}, {Made("b", 2), Made("a", 1)}), "a");
  EXPECT_EQ(Chosen(Rule::kOldest, {}, {Made("mark", 2, true), Made("a", 1)}), "a");
  EXPECT_EQ(Chosen(Rule::kOldest, {}, {Made("c", 3), Made("mark", 2, true), Made("a", 1)}), "a");
  EXPECT_EQ(Chosen(Rule::kOldest, {}, {Made("a", 2), Made("mark", 1, true)}), "a");
  EXPECT_EQ(Chosen(Rule::kOldest, {}, {Made("mark", 1, true)}), "-");
}

TEST(VersionChoice, TheOldestMayBeTooYoung) {
  EXPECT_EQ(Chosen(Rule::kOldest, At(5), {Made("b", 9), Made("a", 6)}), "-");
  EXPECT_EQ(Chosen(Rule::kOldest, At(6), {Made("b", 9), Made("a", 6)}), "a");
}

TEST(VersionChoice, TheNewestAtAMoment) {
  const std::vector<S3Version> versions = {Made("c", 9), Made("mark", 7, true), Made("b", 5),
                                           Made("a", 3)};
  EXPECT_EQ(Chosen(Rule::kNewest, {}, versions), "c");
  EXPECT_EQ(Chosen(Rule::kNewest, At(8), versions), "-");
  EXPECT_EQ(Chosen(Rule::kNewest, At(7), versions), "-");
  EXPECT_EQ(Chosen(Rule::kNewest, At(6), versions), "b");
  EXPECT_EQ(Chosen(Rule::kNewest, At(4), versions), "a");
  EXPECT_EQ(Chosen(Rule::kNewest, At(2), versions), "-");
}

S3Version With(S3Version version, const std::string& etag, uint64_t size = 1) {
  version.object.etag = etag;
  version.object.size = size;
  return version;
}

TEST(VersionChoice, WhatIsGoingToBePurgedIsNotIntact) {
  const S3Version original = With(Made("a", 1), "x");
  EXPECT_EQ(Chosen(Rule::kIntact, {}, {}), "-");
  EXPECT_EQ(Chosen(Rule::kIntact, {}, {original}), "a");
  EXPECT_EQ(Chosen(Rule::kIntact, {}, {With(Made("b", 2), "y"), original}), "-");
  EXPECT_EQ(Chosen(Rule::kIntact, {}, {With(Made("b", 2), "x", 2), original}), "-");
  EXPECT_EQ(Chosen(Rule::kIntact, {}, {Made("mark", 2, true), original}), "-");
  // The same once more, as a repeated request makes it.
  EXPECT_EQ(Chosen(Rule::kIntact, {}, {With(Made("b", 2), "x"), original}), "a");
  EXPECT_EQ(Chosen(Rule::kIntact, At(1), {With(Made("b", 2), "y"), original}), "a");
}

}  // namespace
}  // namespace pgkeep::storage
