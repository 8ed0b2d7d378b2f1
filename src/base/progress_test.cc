#include "base/progress.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/task_group.h"

namespace pgkeep {
namespace {

TEST(Progress, BeginsAnewWithEachPhaseAndAddsUpTheJob) {
  Progress progress;
  progress.SetNote("snapshot 1 min old");
  progress.BeginPhase("schema");
  progress.AddObjects(3);
  progress.AddBytes(10);
  progress.SetTotalBytes(20, true);
  progress.SetTotalObjects(4);
  progress.SetObject("public.a");
  ProgressSnapshot at = progress.Snapshot();
  EXPECT_EQ(at.phase, "schema");
  EXPECT_EQ(at.bytes, 10U);
  EXPECT_EQ(at.total_bytes, 20U);
  EXPECT_TRUE(at.total_is_estimate);
  EXPECT_EQ(at.total_objects, 4U);
  EXPECT_EQ(at.object, "public.a");

  progress.BeginPhase("copy");
  progress.AddBytes(5);
  progress.AddRows(2);
  at = progress.Snapshot();
  EXPECT_EQ(at.phase, "copy");
  EXPECT_EQ(at.bytes, 5U);
  EXPECT_EQ(at.rows, 2U);
  EXPECT_EQ(at.objects, 0U);
  EXPECT_EQ(at.total_bytes, std::nullopt);
  EXPECT_EQ(at.total_objects, std::nullopt);
  EXPECT_EQ(at.object, "");
  EXPECT_EQ(at.note, "snapshot 1 min old");
  EXPECT_EQ(at.job_bytes, 15U);
  EXPECT_EQ(at.job_rows, 2U);
  EXPECT_EQ(at.job_objects, 3U);
}

TEST(Progress, TellsItsListenerOfPhasesWithoutALock) {
  Progress progress;
  std::vector<std::string> heard;
  progress.SetPhaseListener([&](std::string_view phase) {
    // Would never return if the lock were held.
    heard.push_back(std::string(phase) + " after " + std::to_string(progress.Snapshot().job_bytes));
  });
  progress.BeginPhase("one");
  progress.AddBytes(7);
  progress.BeginPhase("two");
  progress.SetPhaseListener({});
  progress.BeginPhase("three");
  EXPECT_EQ(heard, (std::vector<std::string>{"one after 0", "two after 7"}));
}

TEST(Progress, LosesNothingThatSeveralThreadsCount) {
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kRounds = 5000;
  Progress progress;
  TaskGroup group;
  for (uint64_t thread = 0; thread < kThreads; ++thread) {
    group.Spawn("counter", [&progress](const std::stop_token&) {
      for (uint64_t i = 0; i < kRounds; ++i) {
        progress.AddBytes(3);
        progress.AddRows(2);
        progress.AddObjects();
      }
      return Ok();
    });
  }
  ASSERT_TRUE(group.Wait().ok());
  const ProgressSnapshot at = progress.Snapshot();
  EXPECT_EQ(at.bytes, kThreads * kRounds * 3);
  EXPECT_EQ(at.rows, kThreads * kRounds * 2);
  EXPECT_EQ(at.objects, kThreads * kRounds);
  EXPECT_EQ(at.job_bytes, at.bytes);
}

}  // namespace
}  // namespace pgkeep
