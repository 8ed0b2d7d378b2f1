#include "catalog/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgkeep::catalog {
namespace {

using ::testing::HasSubstr;

TEST(JobNames, AreReadAsTheyAreWritten) {
  for (const JobKind kind : {JobKind::kBackup, JobKind::kRestore, JobKind::kExport,
                             JobKind::kVerify, JobKind::kExpire, JobKind::kGc, JobKind::kTest}) {
    EXPECT_EQ(ParseJobKind(JobKindName(kind)).value(), kind);
  }
  for (const JobType type : {JobType::kNone, JobType::kLogical, JobType::kPhysical}) {
    EXPECT_EQ(ParseJobType(JobTypeName(type)).value(), type);
  }
  for (const JobTrigger trigger : {JobTrigger::kManual, JobTrigger::kSchedule, JobTrigger::kApi}) {
    EXPECT_EQ(ParseJobTrigger(JobTriggerName(trigger)).value(), trigger);
  }
  for (const JobStatus status :
       {JobStatus::kQueued, JobStatus::kRunning, JobStatus::kSucceeded, JobStatus::kFailed,
        JobStatus::kCancelled, JobStatus::kInterrupted, JobStatus::kPartial}) {
    EXPECT_EQ(ParseJobStatus(JobStatusName(status)).value(), status);
    EXPECT_EQ(IsFinal(status), status != JobStatus::kQueued && status != JobStatus::kRunning);
  }
}

TEST(JobNames, SayWhatIsKnown) {
  const auto parsed = ParseJobStatus("done");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(parsed.error().message(), "'done' is no state of a job");
  EXPECT_THAT(parsed.error().hint(), HasSubstr("queued, running, succeeded"));
}

TEST(JobError, KeepsWhatAnErrorSays) {
  const Error error = Err(ErrorCode::kOutOfSpace, "disk {} is full", "a")
                          .WithHint("free space")
                          .WithContext("writing pack 3");
  EXPECT_EQ(ToJobError(error), (JobError{.code = "out_of_space",
                                         .text = "writing pack 3: disk a is full",
                                         .hint = "free space"}));
}

TEST(JobError, IsCutOffBetweenCharacters) {
  const std::string text = "x" + [] {
    std::string many;
    while (many.size() < 2 * kMaxErrorTextBytes) many += "é";
    return many;
  }();
  const JobError kept = ToJobError(Error(ErrorCode::kIo, text));
  EXPECT_EQ(kept.text, text.substr(0, kept.text.size()));
  EXPECT_EQ(kept.text.size(), kMaxErrorTextBytes - 1) << "not in the middle of the last é";
}

}  // namespace
}  // namespace pgkeep::catalog
