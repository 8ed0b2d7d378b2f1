#include "storage/counting_store.h"

#include <gtest/gtest.h>

#include <thread>

#include "testing/memory_store.h"

namespace pgkeep::storage {
namespace {

TEST(CountingStore, CountsCallsAndBytesByOperationAndClass) {
  testing::MemoryStore memory;
  CountingStore store(memory);
  Bytes buffer(30);
  ASSERT_TRUE(store.CreateIfAbsent("p/a/1", Bytes(100)).ok());
  ASSERT_TRUE(store.CreateIfAbsent("p/a/2", Bytes(50)).ok());
  ASSERT_TRUE(store.CreateIfAbsent("dec/a", Bytes(7)).ok());
  ASSERT_FALSE(store.CreateIfAbsent("dec/a", Bytes(9)).ok());
  ASSERT_TRUE(store.Put("config", Bytes(11)).ok());
  ASSERT_TRUE(store.Get("p/a/1", 1000).ok());
  ASSERT_FALSE(store.Get("p/a/3", 1000).ok());
  ASSERT_TRUE(store.GetRange("p/a/1", 5, buffer).ok());
  ASSERT_TRUE(store.List("p/", "", 10).ok());
  ASSERT_TRUE(store.List("", "", 2).ok());
  ASSERT_TRUE(store.Head("dec/a").ok());
  ASSERT_TRUE(store.Delete("p/a/2").ok());
  ASSERT_TRUE(store.ServerTime().ok());
  ASSERT_TRUE(store.FreeBytes().ok());

  const StoreCounts counts = store.Counts();
  EXPECT_EQ(counts.Of(StoreOperation::kCreateIfAbsent, "p"),
            (OperationCount{.calls = 2, .bytes_written = 150}));
  EXPECT_EQ(counts.Of(StoreOperation::kCreateIfAbsent, "dec"),
            (OperationCount{.calls = 2, .errors = 1, .bytes_written = 7}));
  EXPECT_EQ(counts.Of(StoreOperation::kCreateIfAbsent),
            (OperationCount{.calls = 4, .errors = 1, .bytes_written = 157}));
  EXPECT_EQ(counts.Of(StoreOperation::kPut, "config"),
            (OperationCount{.calls = 1, .bytes_written = 11}));
  EXPECT_EQ(counts.Of(StoreOperation::kGet, "p"),
            (OperationCount{.calls = 2, .errors = 1, .bytes_read = 100}));
  EXPECT_EQ(counts.Of(StoreOperation::kGetRange, "p"),
            (OperationCount{.calls = 1, .bytes_read = 30}));
  EXPECT_EQ(counts.Of(StoreOperation::kList, "p"), (OperationCount{.calls = 1, .listed = 2}));
  EXPECT_EQ(counts.Of(StoreOperation::kList, ""), (OperationCount{.calls = 1, .listed = 2}));
  EXPECT_EQ(counts.Of(StoreOperation::kHead, "dec"), (OperationCount{.calls = 1}));
  EXPECT_EQ(counts.Of(StoreOperation::kDelete, "p"), (OperationCount{.calls = 1}));
  EXPECT_EQ(counts.Of(StoreOperation::kDelete, "dec"), OperationCount{});
  EXPECT_EQ(counts.Of(StoreOperation::kServerTime), (OperationCount{.calls = 1}));
  EXPECT_EQ(counts.Of(StoreOperation::kFreeBytes), (OperationCount{.calls = 1}));
  EXPECT_EQ(counts.Total().calls, 14U);

  store.Reset();
  EXPECT_EQ(store.Counts().Total(), OperationCount{});
}

TEST(CountingStore, BoundsTheNumberOfClasses) {
  testing::MemoryStore memory;
  CountingStore store(memory);
  for (int i = 0; i < 200; ++i) EXPECT_FALSE(store.Head("class" + std::to_string(i)).ok());
  EXPECT_FALSE(store.Head("class0").ok());
  const StoreCounts counts = store.Counts();
  EXPECT_EQ(counts.by_class.size(), 65U);
  EXPECT_EQ(counts.Of(StoreOperation::kHead, "class0").calls, 2U);
  EXPECT_EQ(counts.Of(StoreOperation::kHead, "other").calls, 136U);
  EXPECT_EQ(counts.Total().calls, 201U);
}

TEST(CountingStore, LosesNothingBetweenThreads) {
  testing::MemoryStore memory;
  CountingStore store(memory);
  constexpr size_t kThreads = 4;
  constexpr size_t kCalls = 500;
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&store] {
        for (size_t call = 0; call < kCalls; ++call) EXPECT_TRUE(store.Put("a", Bytes(3)).ok());
      });
    }
  }
  EXPECT_EQ(store.Counts().Of(StoreOperation::kPut, "a"),
            (OperationCount{.calls = kThreads * kCalls, .bytes_written = kThreads * kCalls * 3}));
}

TEST(StoreOperation, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kStoreOperationCount; ++i) {
    names.insert(StoreOperationName(static_cast<StoreOperation>(i)));
  }
  EXPECT_EQ(names.size(), kStoreOperationCount);
  EXPECT_FALSE(names.contains("unknown"));
}

}  // namespace
}  // namespace pgkeep::storage
