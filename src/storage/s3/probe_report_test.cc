// Probe reports as they are kept in a repository.
#include <gtest/gtest.h>

#include "storage/s3/probe.h"
#include "testing/memory_store.h"

namespace pgkeep::storage {
namespace {

ProbeReport Sample(const char* time, ProbeVerdict verdict) {
  return {.time = ParseUtc(time).value(),
          .versions = BucketVersions::kSuspended,
          .findings = {{std::string(kProbeConditionalCreate), verdict, "8 of \"8\""},
                       {std::string(kProbeRange), ProbeVerdict::kUnknown, ""}}};
}

TEST(ProbeReport, ReadsWhatItWrote) {
  const ProbeReport report = Sample("2026-11-23T03:00:00Z", ProbeVerdict::kNo);
  const auto read = ParseProbeReport(AsBytes(FormatProbeReport(report)));
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_EQ(read->time, report.time);
  EXPECT_EQ(read->versions, BucketVersions::kSuspended);
  ASSERT_EQ(read->findings.size(), 2U);
  const ProbeFinding* const finding = read->Find(kProbeConditionalCreate);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->verdict, ProbeVerdict::kNo);
  EXPECT_EQ(finding->detail, "8 of \"8\"");
  EXPECT_EQ(read->Find("other"), nullptr);
}

TEST(ProbeReport, RefusesWhatIsNone) {
  for (const char* text :
       {"", "[]", "{}", R"({"time":"x","versions":"on","findings":[]})",
        R"({"time":"2026-11-23T03:00:00Z","versions":"some","findings":[]})",
        R"({"time":"2026-11-23T03:00:00Z","versions":"on","findings":[{"name":"a"}]})",
        R"({"time":"2026-11-23T03:00:00Z","versions":"on","findings":[7]})"}) {
    const auto read = ParseProbeReport(AsBytes(text));
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code(), ErrorCode::kCorruption) << text;
  }
}

TEST(ProbeReport, TheNewestCounts) {
  testing::MemoryStore store;
  EXPECT_FALSE(ReadProbeReport(store).value().has_value());
  ASSERT_TRUE(KeepProbeReport(store, Sample("2026-11-23T03:00:00Z", ProbeVerdict::kYes)).ok());
  ASSERT_TRUE(KeepProbeReport(store, Sample("2025-11-23T03:00:00Z", ProbeVerdict::kNo)).ok());
  const auto newest = ReadProbeReport(store);
  ASSERT_TRUE(newest.ok() && newest->has_value());
  EXPECT_EQ((*newest)->Find(kProbeConditionalCreate)->verdict, ProbeVerdict::kYes);
}

}  // namespace
}  // namespace pgkeep::storage
