#include "restore/load_queue.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace pgkeep::restore {
namespace {

// Takes all chunks that are left and leaves the item.
uint64_t TakeAll(LoadQueue& queue, size_t item) {
  uint64_t units = 0;
  while (const auto chunk = queue.NextChunk(item)) units += chunk->units;
  queue.Leave(item, true);
  return units;
}

TEST(LoadQueue, GivesEachWorkerATableForItselfFirst) {
  LoadQueue queue({{.units = 100, .bytes = 1000}, {.units = 50, .bytes = 500}, {}}, 100);
  EXPECT_EQ(queue.Join({}), 0U);
  EXPECT_EQ(queue.Join({}), 1U);
  EXPECT_EQ(TakeAll(queue, 0), 100U);
  EXPECT_EQ(queue.Join({}), 2U);
  EXPECT_FALSE(queue.NextChunk(2));  // no rows
  EXPECT_TRUE(queue.Leave(2, true));
  EXPECT_EQ(TakeAll(queue, 1), 50U);
  EXPECT_EQ(queue.Join({}), std::nullopt);
}

TEST(LoadQueue, LetsWorkersHelpWithWhatIsLeft) {
  LoadQueue queue({{.units = 1000, .bytes = 1000}}, 100);
  ASSERT_EQ(queue.Join({}), 0U);
  const auto first = queue.NextChunk(0);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->first_unit, 0U);
  EXPECT_EQ(first->units, 100U);
  ASSERT_EQ(queue.Join({}), 0U);  // the helper
  const auto second = queue.NextChunk(0);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->first_unit, 100U);
  while (queue.NextChunk(0)) {
  }
  EXPECT_FALSE(queue.Leave(0, true));
  EXPECT_TRUE(queue.Leave(0, true)) << "the last of both completes it";
}

TEST(LoadQueue, DoesNotShareWhatIsForOne) {
  LoadQueue queue({{.units = 1000, .bytes = 1000, .after = {}, .shared = false}}, 100);
  ASSERT_EQ(queue.Join({}), 0U);
  EXPECT_EQ(queue.Join({}), std::nullopt);
  EXPECT_EQ(queue.NextChunk(0)->units, 1000U);
  EXPECT_TRUE(queue.Leave(0, true));
}

TEST(LoadQueue, StopsHandingOutWhatHasFailed) {
  LoadQueue queue({{.units = 1000, .bytes = 1000}}, 100);
  ASSERT_EQ(queue.Join({}), 0U);
  ASSERT_EQ(queue.Join({}), 0U);
  ASSERT_TRUE(queue.NextChunk(0));
  EXPECT_FALSE(queue.Leave(0, false));
  EXPECT_TRUE(queue.HasFailed(0));
  EXPECT_FALSE(queue.NextChunk(0));
  EXPECT_TRUE(queue.Leave(0, true));
}

TEST(LoadQueue, KeepsTheOrderOfWhatWaitsForOthers) {
  LoadQueue queue({{.units = 1, .bytes = 1, .after = {1}}, {.units = 1, .bytes = 1}}, 100);
  EXPECT_EQ(queue.Join({}), 1U);
  std::jthread other([&queue] { EXPECT_EQ(queue.Join({}), 0U); });
  EXPECT_EQ(TakeAll(queue, 1), 1U);
  other.join();
  EXPECT_EQ(TakeAll(queue, 0), 1U);
  EXPECT_EQ(queue.Join({}), std::nullopt);
}

TEST(LoadQueue, BreaksCircles) {
  LoadQueue queue({{.units = 1, .bytes = 1, .after = {1}}, {.units = 1, .bytes = 1, .after = {0}}},
                  100);
  EXPECT_EQ(queue.Join({}), 0U);
  TakeAll(queue, 0);
  EXPECT_EQ(queue.Join({}), 1U);
}

TEST(LoadQueue, EndsWaitingWhenStopped) {
  LoadQueue queue({{.units = 1, .bytes = 1, .after = {1}}, {.units = 1, .bytes = 1}}, 100);
  ASSERT_EQ(queue.Join({}), 1U);
  std::stop_source stop;
  std::jthread other([&] { EXPECT_EQ(queue.Join(stop.get_token()), std::nullopt); });
  stop.request_stop();
}

}  // namespace
}  // namespace pgkeep::restore
