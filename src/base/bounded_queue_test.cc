#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace pgkeep {
namespace {

TEST(BoundedQueue, GivesItemsInOrderAndThenTheEnd) {
  BoundedQueue<std::unique_ptr<int>> queue(3);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.Push(std::make_unique<int>(i), {}).ok());
  queue.Close();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(***queue.Pop({}), i);
  EXPECT_FALSE(queue.Pop({})->has_value());
  EXPECT_FALSE(queue.Pop({})->has_value());
}

TEST(BoundedQueue, RefusesItemsAfterClose) {
  BoundedQueue<int> queue(3);
  queue.Close();
  queue.Close();
  EXPECT_EQ(queue.Push(1, {}).error().code(), ErrorCode::kCancelled);
}

TEST(BoundedQueue, CloseWakesABlockedProducerAndABlockedConsumer) {
  BoundedQueue<int> full(1);
  ASSERT_TRUE(full.Push(1, {}).ok());
  BoundedQueue<int> empty(1);
  std::jthread producer([&] { EXPECT_FALSE(full.Push(2, {}).ok()); });
  std::jthread consumer([&] { EXPECT_FALSE(empty.Pop({})->has_value()); });
  full.Close();
  empty.Close();
  producer.join();
  consumer.join();
  EXPECT_EQ(**full.Pop({}), 1);
  EXPECT_FALSE(full.Pop({})->has_value());
}

TEST(BoundedQueue, StopEndsBlockedCalls) {
  BoundedQueue<int> full(1);
  ASSERT_TRUE(full.Push(1, {}).ok());
  BoundedQueue<int> empty(1);
  std::stop_source source;
  std::jthread producer(
      [&] { EXPECT_EQ(full.Push(2, source.get_token()).error().code(), ErrorCode::kCancelled); });
  std::jthread consumer(
      [&] { EXPECT_EQ(empty.Pop(source.get_token()).error().code(), ErrorCode::kCancelled); });
  source.request_stop();
}

TEST(BoundedQueue, StopComesBeforeItemsAndRoom) {
  BoundedQueue<int> queue(2);
  ASSERT_TRUE(queue.Push(1, {}).ok());
  std::stop_source source;
  source.request_stop();
  EXPECT_FALSE(queue.Pop(source.get_token()).ok());
  EXPECT_FALSE(queue.Push(2, source.get_token()).ok());
  EXPECT_EQ(**queue.Pop({}), 1);
}

TEST(BoundedQueue, ProducerIsNeverFurtherAheadThanTheCapacity) {
  constexpr int kCapacity = 4;
  constexpr int kItems = 2000;
  BoundedQueue<int> queue(kCapacity);
  std::atomic<int> pushed = 0;
  std::jthread producer([&] {
    for (int i = 0; i < kItems; ++i) {
      ASSERT_TRUE(queue.Push(i, {}).ok());
      ++pushed;
    }
    queue.Close();
  });
  int popped = 0;
  while (true) {
    EXPECT_LE(pushed - popped, kCapacity);
    const std::optional<int> item = *queue.Pop({});
    if (!item.has_value()) break;
    EXPECT_EQ(*item, popped++);
  }
  EXPECT_EQ(popped, kItems);
}

TEST(BoundedQueue, ManyProducersAndConsumersLoseAndDoubleNothing) {
  constexpr int kProducers = 4;
  constexpr int kConsumers = 3;
  constexpr int kEach = 500;
  BoundedQueue<int> queue(5);
  std::vector<std::atomic<int>> seen(kProducers * kEach);
  std::vector<std::jthread> consumers;
  for (int c = 0; c < kConsumers; ++c) {
    consumers.emplace_back([&] {
      while (true) {
        const std::optional<int> item = *queue.Pop({});
        if (!item.has_value()) return;
        ++seen[static_cast<size_t>(*item)];
      }
    });
  }
  {
    std::vector<std::jthread> producers;
    for (int p = 0; p < kProducers; ++p) {
      producers.emplace_back([&queue, p] {
        for (int i = 0; i < kEach; ++i) ASSERT_TRUE(queue.Push(p * kEach + i, {}).ok());
      });
    }
  }
  queue.Close();
  consumers.clear();
  for (const std::atomic<int>& count : seen) EXPECT_EQ(count, 1);
}

// A wake-up that reaches a consumer which is being stopped must go on to the other one. The two
// race; without handing on, some round hangs.
TEST(BoundedQueue, StoppedConsumerDoesNotSwallowTheWakeUpOfAnother) {
  for (int round = 0; round < 300; ++round) {
    BoundedQueue<int> queue(1);
    std::stop_source source;
    std::atomic<int> got = 0;
    std::jthread stopped([&] {
      if (queue.Pop(source.get_token()).ok()) ++got;
    });
    std::jthread patient([&] {
      const Result<std::optional<int>> item = queue.Pop({});
      if (item->has_value()) ++got;
    });
    std::jthread stopper([&] { source.request_stop(); });
    ASSERT_TRUE(queue.Push(1, {}).ok());
    stopper.join();
    stopped.join();
    // Closing would wake everybody: only when there is nothing left to be woken for.
    if (got == 1) queue.Close();
    patient.join();
    EXPECT_EQ(got, 1);
  }
}

}  // namespace
}  // namespace pgkeep
