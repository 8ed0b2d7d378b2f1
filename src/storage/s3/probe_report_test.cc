// Probe reports as they are kept in a repository.
#include <gtest/gtest.h>

#include "storage/s3/probe.h"
#include "testing/fake_clock.h"
#include "testing/memory_store.h"

namespace pgkeep::storage {
namespace {

ProbeReport Sample(const char* time, ProbeVerdict verdict) {
  return {.time = ParseUtc(time).value(),
          .place = "here",
          .versions = BucketVersions::kSuspended,
          .findings = {{std::string(kProbeConditionalCreate), verdict, "8 of \"8\""},
                       {std::string(kProbeRange), ProbeVerdict::kUnknown, ""}}};
}

TEST(ProbeReport, ReadsWhatItWrote) {
  const ProbeReport report = Sample("2026-11-23T03:00:00Z", ProbeVerdict::kNo);
  const auto read = ParseProbeReport(AsBytes(FormatProbeReport(report)));
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_EQ(read->time, report.time);
  EXPECT_EQ(read->place, "here");
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

// Reports in a store whose clock says noon.
class ProbeReportsTest : public ::testing::Test {
 protected:
  ProbeReportsTest() { clock_.SetNow(ParseUtc("2026-11-23T12:00:00Z").value()); }

  void Keep(const char* time, ProbeVerdict verdict, const std::string& place = "here") {
    ProbeReport report = Sample(time, verdict);
    report.place = place;
    ASSERT_TRUE(
        store_.CreateIfAbsent(NewProbeReportKey(report.time), AsBytes(FormatProbeReport(report)))
            .ok());
  }

  // What counts here: the verdict, or "none".
  std::string Counts() {
    const auto report = ReadProbeReport(store_, "here");
    if (!report.ok()) return report.error().Describe();
    if (!*report) return "none";
    return std::string(ProbeVerdictName((*report)->Find(kProbeConditionalCreate)->verdict));
  }

  testing::FakeClock clock_;
  testing::MemoryStore store_{clock_};
};

TEST_F(ProbeReportsTest, TheNewestCounts) {
  EXPECT_EQ(Counts(), "none");
  Keep("2026-11-23T03:00:00Z", ProbeVerdict::kYes);
  Keep("2025-11-23T03:00:00Z", ProbeVerdict::kNo);
  EXPECT_EQ(Counts(), "yes");
  Keep("2026-11-23T03:00:01Z", ProbeVerdict::kNo);
  EXPECT_EQ(Counts(), "no");
}

TEST_F(ProbeReportsTest, OfOneSecondTheOneThatForbidsCounts) {
  for (int i = 0; i < 8; ++i) Keep("2026-11-23T03:00:00Z", ProbeVerdict::kYes);
  Keep("2026-11-23T03:00:00Z", ProbeVerdict::kNo);
  for (int i = 0; i < 8; ++i) Keep("2026-11-23T03:00:00Z", ProbeVerdict::kYes);
  EXPECT_EQ(Counts(), "no");
}

TEST_F(ProbeReportsTest, ThoseOfTheFutureDoNotCount) {
  Keep("2099-12-31T00:00:00Z", ProbeVerdict::kYes);
  EXPECT_EQ(Counts(), "none");
  Keep("2026-11-23T11:00:00Z", ProbeVerdict::kNo);
  EXPECT_EQ(Counts(), "no");
  Keep("2026-11-23T12:00:30Z", ProbeVerdict::kYes);  // by a clock that is a little ahead
  EXPECT_EQ(Counts(), "yes");
}

TEST_F(ProbeReportsTest, ThoseOfOtherPlacesDoNotCount) {
  Keep("2026-11-23T03:00:00Z", ProbeVerdict::kYes, "there");
  EXPECT_EQ(Counts(), "none");
  Keep("2026-11-23T02:00:00Z", ProbeVerdict::kNo);
  EXPECT_EQ(Counts(), "no");
}

TEST_F(ProbeReportsTest, OtherNamesAreNoReports) {
  for (const char* key : {"probe/report.zzz", "probe/report.1", "probe/report.20260101T000000Zx",
                          "probe/report.2026010xT000000Z"}) {
    ASSERT_TRUE(store_.CreateIfAbsent(key, AsBytes("junk")).ok());
  }
  EXPECT_EQ(Counts(), "none");
}

}  // namespace
}  // namespace pgkeep::storage
