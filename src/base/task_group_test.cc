#include "base/task_group.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <string>

#include "base/clock.h"

namespace pgkeep {
namespace {

// A task that ends only when it is stopped.
Status WaitForStop(std::stop_token stop) {
  return SystemClock().SleepFor(std::chrono::hours(24), std::move(stop));
}

TEST(TaskGroup, WaitsForAllTasks) {
  std::atomic<int> done = 0;
  TaskGroup group;
  for (int i = 0; i < 8; ++i) {
    group.Spawn("task", [&done](std::stop_token) {
      ++done;
      return Ok();
    });
  }
  EXPECT_TRUE(group.Wait().ok());
  EXPECT_EQ(done, 8);
}

TEST(TaskGroup, FirstErrorWinsAndStopsTheOthers) {
  TaskGroup group;
  for (int i = 0; i < 4; ++i) group.Spawn("waiter", WaitForStop);
  group.Spawn("broken", [](std::stop_token) -> Status { return Err(ErrorCode::kIo, "broken"); });
  const Status status = group.Wait();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().ToString(), "broken");
  EXPECT_TRUE(group.token().stop_requested());
  EXPECT_EQ(group.Wait().error().ToString(), "broken");
}

TEST(TaskGroup, SuccessOfOneDoesNotStopTheOthers) {
  TaskGroup group;
  group.Spawn("quick", [](std::stop_token) { return Ok(); });
  EXPECT_TRUE(group.Wait().ok());
  EXPECT_FALSE(group.token().stop_requested());
}

TEST(TaskGroup, StopOfTheParentReachesTheTasks) {
  std::stop_source parent;
  TaskGroup group(parent.get_token());
  group.Spawn("waiter", WaitForStop);
  parent.request_stop();
  EXPECT_EQ(group.Wait().error().code(), ErrorCode::kCancelled);
}

TEST(TaskGroup, FailureDoesNotStopTheParent) {
  std::stop_source parent;
  TaskGroup group(parent.get_token());
  group.Spawn("broken", [](std::stop_token) -> Status { return Err(ErrorCode::kIo, "broken"); });
  EXPECT_FALSE(group.Wait().ok());
  EXPECT_FALSE(parent.stop_requested());
}

TEST(TaskGroup, RequestStopEndsTheTasks) {
  TaskGroup group;
  group.Spawn("waiter", WaitForStop);
  group.RequestStop();
  EXPECT_EQ(group.Wait().error().code(), ErrorCode::kCancelled);
}

TEST(TaskGroup, DestructorStopsAndWaits) {
  std::atomic<bool> ended = false;
  {
    TaskGroup group;
    group.Spawn("waiter", [&ended](std::stop_token stop) {
      Status status = WaitForStop(std::move(stop));
      ended = true;
      return status;
    });
  }
  EXPECT_TRUE(ended);
}

TEST(TaskGroup, TasksMaySpawnTasks) {
  std::atomic<int> done = 0;
  TaskGroup group;
  group.Spawn("outer", [&](std::stop_token) {
    for (int i = 0; i < 3; ++i) {
      group.Spawn("inner", [&](std::stop_token) {
        group.Spawn("innermost", [&](std::stop_token) {
          ++done;
          return Ok();
        });
        return Ok();
      });
    }
    return Ok();
  });
  EXPECT_TRUE(group.Wait().ok());
  EXPECT_EQ(done, 3);
}

TEST(TaskGroup, ExceptionsBecomeInternalErrors) {
  TaskGroup group;
  group.Spawn("thrower", [](std::stop_token) -> Status {
    return std::string("x").at(5) == 'y' ? Ok() : Ok();
  });
  const Status status = group.Wait();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kInternal);
  EXPECT_TRUE(status.error().message().starts_with("task thrower: unexpected exception: "));
}

TEST(TaskGroup, ThreadsCarryTheNameCutToWhatTheKernelKeeps) {
  std::array<char, 64> name = {};
  TaskGroup group;
  group.Spawn("a-name-that-is-too-long", [&name](std::stop_token) {
    pthread_getname_np(pthread_self(), name.data(), name.size());
    return Ok();
  });
  ASSERT_TRUE(group.Wait().ok());
  EXPECT_STREQ(name.data(), "a-name-that-is-");
}

}  // namespace
}  // namespace pgkeep
