#include "repository/heartbeat_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "repository/control_access.h"
#include "repository/limits.h"
#include "repository/protocol_test_kit.h"
#include "testing/faulty_store.h"
#include "testing/stepped_clock.h"

namespace pgkeep::repository {
namespace {

using ::testing::ElementsAre;

class HeartbeatTest : public ::testing::Test {
 protected:
  std::vector<std::string> Beats() {
    std::vector<std::string> keys = KeysBelow(memory_.store, kPinPrefix);
    std::erase(keys, PinKey(writer_));
    return keys;
  }

  HandmadeRepository memory_;
  const WriterId writer_ = memory_.repository.MakeDeadWriter();
};

TEST_F(HeartbeatTest, BeatsAreNumberedSignedAndTimed) {
  const RepositoryContext context = memory_.repository.Context();
  Heartbeat heartbeat(context, writer_);
  ASSERT_TRUE(heartbeat.Beat().ok());
  ASSERT_TRUE(heartbeat.Beat().ok());
  EXPECT_THAT(Beats(), ElementsAre(HeartbeatKey(writer_, 1), HeartbeatKey(writer_, 2)));
  const Result<Bytes> object = memory_.store.Get(HeartbeatKey(writer_, 2), kMaxPinObjectBytes);
  ASSERT_TRUE(object.ok());
  const Result<HeartbeatObject> decoded =
      DecodeHeartbeat(*object, {context.id, writer_}, 2, ControlAccess(context).signers());
  ASSERT_TRUE(decoded.ok()) << decoded.error().Describe();
  EXPECT_EQ(decoded->time, memory_.clock.Now());
}

TEST_F(HeartbeatTest, FailedBeatIsCompletedByTheNext) {
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  RepositoryContext context = memory_.repository.Context(&faulty);
  context.retry.attempts = 1;
  faulty.AddRule({.action = testing::FaultAction::kFailAfter,
                  .operation = storage::StoreOperation::kCreateIfAbsent});
  Heartbeat heartbeat(context, writer_);
  EXPECT_FALSE(heartbeat.Beat().ok()) << "done, but the answer was lost";
  memory_.clock.Advance(kHeartbeatInterval);
  EXPECT_TRUE(heartbeat.Beat().ok()) << "the same bytes, so it is known to be ours";
  EXPECT_TRUE(heartbeat.Beat().ok());
  EXPECT_THAT(Beats(), ElementsAre(HeartbeatKey(writer_, 1), HeartbeatKey(writer_, 2)));
}

TEST_F(HeartbeatTest, CloneUnderTheSameIdIsNoticed) {
  RepositoryContext context = memory_.repository.Context();
  ASSERT_TRUE(Heartbeat(context, writer_).Beat().ok());
  memory_.clock.Advance(kHeartbeatInterval);
  const Status clone = Heartbeat(context, writer_).Beat();
  ASSERT_FALSE(clone.ok());
  EXPECT_EQ(clone.error().code(), ErrorCode::kConflict);
}

TEST_F(HeartbeatTest, ThreadBeatsOncePerInterval) {
  testing::SteppedClock clock;
  RepositoryContext context = memory_.repository.Context();
  context.clock = &clock;
  HeartbeatThread thread(context, writer_);
  clock.WaitUntilAsleep();
  EXPECT_THAT(Beats(), ElementsAre());
  clock.Step();
  EXPECT_THAT(Beats(), ElementsAre(HeartbeatKey(writer_, 1)));
  clock.Step();
  EXPECT_THAT(Beats(), ElementsAre(HeartbeatKey(writer_, 1), HeartbeatKey(writer_, 2)));
}

TEST_F(HeartbeatTest, ThreadGoesOnAfterAFailure) {
  testing::SteppedClock clock;
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  RepositoryContext context = memory_.repository.Context(&faulty);
  context.clock = &clock;
  faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                  .operation = storage::StoreOperation::kCreateIfAbsent,
                  .code = ErrorCode::kPermission});
  HeartbeatThread thread(context, writer_);
  clock.WaitUntilAsleep();
  clock.Step();
  EXPECT_THAT(Beats(), ElementsAre());
  clock.Step();
  EXPECT_THAT(Beats(), ElementsAre(HeartbeatKey(writer_, 1)));
}

TEST_F(HeartbeatTest, DestructorInterruptsThePause) {
  RepositoryContext context = memory_.repository.Context();
  context.clock = &SystemClock();
  { HeartbeatThread thread(context, writer_); }
  EXPECT_THAT(Beats(), ElementsAre()) << "it did not wait ten minutes";
}

}  // namespace
}  // namespace pgkeep::repository
