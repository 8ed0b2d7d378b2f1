#include "base/byte_budget.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <thread>
#include <vector>

namespace pgkeep {
namespace {

using Reservation = ByteBudget::Reservation;

// Waits until `count` requests wait.
void AwaitWaiting(const ByteBudget& budget, size_t count) {
  while (budget.waiting() != count) std::this_thread::yield();
}

TEST(ByteBudget, ReservationsGiveBackWhatTheyHold) {
  ByteBudget budget(100);
  {
    const Reservation first = *budget.Acquire(60, {});
    Reservation second = *budget.Acquire(40, {});
    EXPECT_EQ(budget.used(), 100U);
    second.Shrink(10);
    EXPECT_EQ(second.bytes(), 10U);
    EXPECT_EQ(budget.used(), 70U);
    second.Release();
    second.Release();
    EXPECT_EQ(budget.used(), 60U);
  }
  EXPECT_EQ(budget.used(), 0U);
  EXPECT_EQ(budget.peak(), 100U);
}

TEST(ByteBudget, MovingAReservationDoesNotCountItTwice) {
  ByteBudget budget(100);
  Reservation first = *budget.Acquire(30, {});
  Reservation second = std::move(first);
  EXPECT_EQ(first.bytes(), 0U);  // NOLINT(bugprone-use-after-move): that is what is tested
  Reservation third = *budget.Acquire(20, {});
  third = std::move(second);
  EXPECT_EQ(third.bytes(), 30U);
  EXPECT_EQ(budget.used(), 30U);
}

TEST(ByteBudget, MoreThanTheLimitIsGrantedAlone) {
  ByteBudget budget(100);
  std::optional<Reservation> small = *budget.Acquire(1, {});
  Reservation large;
  std::jthread waiter([&] { large = *budget.Acquire(1000, {}); });
  AwaitWaiting(budget, 1);
  EXPECT_EQ(budget.used(), 1U);
  small.reset();
  waiter.join();
  EXPECT_EQ(budget.used(), 1000U);
  // And nothing beside it.
  std::stop_source source;
  std::jthread other([&] { EXPECT_FALSE(budget.Acquire(1, source.get_token()).ok()); });
  AwaitWaiting(budget, 1);
  source.request_stop();
}

TEST(ByteBudget, LargeRequestIsNotOvertakenBySmallOnes) {
  ByteBudget budget(100);
  std::optional<Reservation> held = *budget.Acquire(60, {});
  Reservation large;
  Reservation small;
  std::jthread first([&] { large = *budget.Acquire(80, {}); });
  AwaitWaiting(budget, 1);
  std::jthread second([&] { small = *budget.Acquire(10, {}); });
  AwaitWaiting(budget, 2);
  EXPECT_EQ(budget.used(), 60U);  // 10 more would fit, but it is not their turn
  held.reset();
  first.join();
  second.join();
  EXPECT_EQ(budget.used(), 90U);
}

TEST(ByteBudget, CancelledRequestMakesRoomForTheNext) {
  ByteBudget budget(100);
  const Reservation held = *budget.Acquire(60, {});
  std::stop_source source;
  Reservation small;
  std::jthread first([&] {
    const Result<Reservation> large = budget.Acquire(80, source.get_token());
    ASSERT_FALSE(large.ok());
    EXPECT_EQ(large.error().code(), ErrorCode::kCancelled);
  });
  AwaitWaiting(budget, 1);
  std::jthread second([&] { small = *budget.Acquire(10, {}); });
  AwaitWaiting(budget, 2);
  source.request_stop();
  first.join();
  second.join();
  EXPECT_EQ(budget.used(), 70U);
}

TEST(ByteBudget, StoppedTokenIsRefusedEvenIfThereIsRoom) {
  ByteBudget budget(100);
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(budget.Acquire(1, source.get_token()).error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(budget.used(), 0U);
}

TEST(ByteBudget, ManyThreadsNeverExceedTheLimit) {
  const uint64_t limit = 1000;
  constexpr int kThreads = 6;
  constexpr int kRounds = 300;
  ByteBudget budget(limit);
  {
    std::vector<std::jthread> threads;
    for (unsigned seed = 0; seed < kThreads; ++seed) {
      threads.emplace_back([&budget, seed, limit] {
        std::mt19937 random(seed);
        for (int i = 0; i < kRounds; ++i) {
          const uint64_t bytes = random() % (limit + 1);
          Result<Reservation> held = budget.Acquire(bytes, {});
          ASSERT_TRUE(held.ok());
          EXPECT_LE(budget.used(), limit);
          held->Shrink(bytes / 2);
        }
      });
    }
  }
  EXPECT_EQ(budget.used(), 0U);
  EXPECT_LE(budget.peak(), limit);
  EXPECT_GT(budget.peak(), 0U);
}

TEST(ByteBudgetDeathTest, ReservationMustNotGrowNorOutlive) {
  ByteBudget budget(100);
  Reservation held = *budget.Acquire(10, {});
  EXPECT_DEATH(held.Shrink(11), "cannot grow");
  EXPECT_DEATH(
      {
        Reservation late;
        ByteBudget early(10);
        late = *early.Acquire(1, {});
      },
      "outlives its budget");
}

}  // namespace
}  // namespace pgkeep
