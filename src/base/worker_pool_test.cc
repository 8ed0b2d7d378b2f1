#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>

namespace pgkeep {
namespace {

TEST(WorkerPool, DrainWaitsForEverythingSubmitted) {
  int results[100] = {};
  WorkerPool pool("pool", 3, 4);
  for (int round = 1; round <= 3; ++round) {
    for (int& result : results) {
      pool.Submit([&result] { ++result; });
    }
    pool.Drain();
    for (const int result : results) EXPECT_EQ(result, round);
  }
}

TEST(WorkerPool, WithoutThreadsRunsInsideSubmit) {
  WorkerPool pool("pool", 0, 4);
  std::thread::id runner;
  pool.Submit([&runner] { runner = std::this_thread::get_id(); });
  EXPECT_EQ(runner, std::this_thread::get_id());
  pool.Drain();
}

TEST(WorkerPool, OneThreadKeepsTheOrder) {
  std::string order;
  WorkerPool pool("pool", 1, 2);
  for (const char letter : {'a', 'b', 'c', 'd', 'e'}) {
    pool.Submit([&order, letter] { order += letter; });
  }
  pool.Drain();
  EXPECT_EQ(order, "abcde");
}

TEST(WorkerPool, SubmitBlocksWhileTheQueueIsFull) {
  std::latch started(1);
  std::latch released(1);
  std::atomic<bool> third_is_in = false;
  std::atomic<int> done = 0;
  WorkerPool pool("pool", 1, 1);
  pool.Submit([&] {
    started.count_down();
    released.wait();
    ++done;
  });
  started.wait();
  pool.Submit([&] { ++done; });
  std::jthread submitter([&] {
    pool.Submit([&] { ++done; });
    third_is_in = true;
  });
  // Cannot fail when the pool is right, however long this thread or the other one sleeps.
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_FALSE(third_is_in);
  released.count_down();
  submitter.join();
  pool.Drain();
  EXPECT_EQ(done, 3);
}

TEST(WorkerPool, DestructorFinishesWhatWasSubmitted) {
  std::atomic<int> done = 0;
  {
    WorkerPool pool("pool", 2, 50);
    for (int i = 0; i < 50; ++i) {
      pool.Submit([&done] { ++done; });
    }
  }
  EXPECT_EQ(done, 50);
}

TEST(WorkerPool, WhatAJobCapturedIsGoneAfterDrain) {
  const auto captured = std::make_shared<int>(1);
  WorkerPool pool("pool", 2, 4);
  for (int i = 0; i < 20; ++i) {
    pool.Submit([captured] { EXPECT_EQ(*captured, 1); });
  }
  pool.Drain();
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(WorkerPoolDeathTest, AnExceptionEndsTheProcess) {
  EXPECT_DEATH(
      {
        WorkerPool pool("pool", 0, 1);
        pool.Submit([] { static_cast<void>(std::string("x").at(5)); });
      },
      "");
}

}  // namespace
}  // namespace pgkeep
