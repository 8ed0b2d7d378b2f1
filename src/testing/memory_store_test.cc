#include "testing/memory_store.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "testing/fake_clock.h"

namespace pgkeep::testing {
namespace {

template <class Outcome>
std::string CodeOf(const Outcome& outcome) {
  return outcome.ok() ? "ok" : std::string(CodeName(outcome.error().code()));
}

TEST(MemoryStore, TakesItsTimesFromTheClock) {
  FakeClock clock;
  MemoryStore store(clock);
  const auto first = store.CreateIfAbsent("a", {});
  clock.Advance(std::chrono::hours(5));
  const auto second = store.CreateIfAbsent("b", {});
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(second->modified - first->modified, std::chrono::hours(5));
  EXPECT_EQ(store.ServerTime().value(), clock.Now());
}

TEST(MemoryStore, CapacityCountsWhatIsStored) {
  MemoryStore store;
  store.SetCapacity(100);
  EXPECT_EQ(CodeOf(store.CreateIfAbsent("a", Bytes(60))), "ok");
  EXPECT_EQ(store.FreeBytes().value(), std::optional<uint64_t>(40));
  EXPECT_EQ(CodeOf(store.CreateIfAbsent("b", Bytes(41))), "out_of_space");
  EXPECT_EQ(CodeOf(store.Head("b")), "not_found");
  EXPECT_EQ(CodeOf(store.Put("a", Bytes(100))), "ok");
  EXPECT_EQ(CodeOf(store.Delete("a")), "ok");
  EXPECT_EQ(CodeOf(store.CreateIfAbsent("b", Bytes(100))), "ok");
}

TEST(MemoryStore, RightsCanBeTakenAway) {
  MemoryStore store;
  ASSERT_TRUE(store.CreateIfAbsent("p/a", Bytes(3)).ok());
  ASSERT_TRUE(store.CreateIfAbsent("dec/a", Bytes(3)).ok());
  store.SetCanDelete(false);
  store.ForbidReading("p/");
  EXPECT_FALSE(store.features().can_delete);
  EXPECT_EQ(CodeOf(store.Delete("p/a")), "permission");
  EXPECT_EQ(CodeOf(store.Get("p/a", 10)), "permission");
  EXPECT_EQ(CodeOf(store.Head("p/a")), "permission");
  EXPECT_EQ(CodeOf(store.Get("p/none", 10)), "permission");
  EXPECT_EQ(CodeOf(store.Get("dec/a", 10)), "ok");
  EXPECT_EQ(store.List("p/", "", 10).value().objects.size(), 1U);
  EXPECT_EQ(CodeOf(store.CreateIfAbsent("p/b", Bytes(3))), "ok");
}

TEST(MemoryStore, TamperingChangesContentOnly) {
  MemoryStore store;
  const auto created = store.CreateIfAbsent("a", Bytes{1, 2, 3});
  ASSERT_TRUE(created.ok());
  store.Tamper("a", [](Bytes& content) { content.pop_back(); });
  EXPECT_EQ(store.Get("a", 10).value(), (Bytes{1, 2}));
  EXPECT_EQ(store.Head("a").value().etag, created->etag);
}

TEST(MemoryStore, GoesBackToASnapshot) {
  MemoryStore store;
  store.SetCapacity(10);
  ASSERT_TRUE(store.CreateIfAbsent("a", Bytes(4)).ok());
  const auto snapshot = store.Save();
  ASSERT_TRUE(store.CreateIfAbsent("b", Bytes(5)).ok());
  ASSERT_TRUE(store.Delete("a").ok());
  store.Restore(*snapshot);
  EXPECT_EQ(store.Keys(), std::vector<std::string>{"a"});
  EXPECT_EQ(store.FreeBytes().value(), std::optional<uint64_t>(6));
}

}  // namespace
}  // namespace pgkeep::testing
