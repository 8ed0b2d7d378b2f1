// What several threads, each with a handle of its own where the store allows it, see of each other.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "base/error.h"
#include "testing/store_conformance_cases.h"

namespace pgkeep::testing {
namespace {

using storage::ObjectStore;

constexpr size_t kThreads = 4;

// One handle for each thread: its own, or the shared one.
class Handles {
 public:
  explicit Handles(StoreUnderTest& t) : shared_(*t.store) {
    if (!t.open_another) return;
    for (size_t i = 0; i < kThreads; ++i) own_.push_back(t.open_another());
  }
  ObjectStore& operator[](size_t thread) { return own_.empty() ? shared_ : *own_[thread]; }

 private:
  ObjectStore& shared_;
  std::vector<std::unique_ptr<ObjectStore>> own_;
};

// Runs `body(thread)` in kThreads threads and waits for them.
template <class Body>
void InThreads(Body body) {
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < kThreads; ++i) threads.emplace_back([&body, i] { body(i); });
}

// 64 KiB whose every part tells its writer and round.
Bytes Claim(size_t thread, size_t round) { return Pattern(thread * 31 + round * 5, 64 << 10); }

void CreateHasExactlyOneWinner(StoreUnderTest& t) {
  if (!t.store->features().conditional_create) return;
  constexpr size_t kRounds = 60;
  Handles handles(t);
  std::barrier start(kThreads);
  std::vector<std::vector<int>> won(kThreads, std::vector<int>(kRounds, -1));
  InThreads([&](size_t thread) {
    for (size_t round = 0; round < kRounds; ++round) {
      const Bytes claim = Claim(thread, round);
      const std::string key = "dec/" + std::to_string(round);
      start.arrive_and_wait();
      const auto created = handles[thread].CreateIfAbsent(key, claim);
      if (created.ok()) {
        won[thread][round] = 1;
      } else if (created.error().code() == ErrorCode::kAlreadyExists) {
        won[thread][round] = 0;
        // Whoever is told that it exists can read it, whole, at once.
        const auto seen = handles[thread].Get(key, claim.size());
        EXPECT_TRUE(seen.ok() && seen->size() == claim.size());
      } else {
        ADD_FAILURE() << created.error().Describe();
      }
    }
  });
  for (size_t round = 0; round < kRounds; ++round) {
    std::vector<size_t> winners;
    for (size_t thread = 0; thread < kThreads; ++thread) {
      if (won[thread][round] == 1) winners.push_back(thread);
    }
    ASSERT_EQ(winners.size(), 1U) << "round " << round;
    const auto content = t.store->Get("dec/" + std::to_string(round), 1 << 20);
    ASSERT_TRUE(content.ok());
    EXPECT_TRUE(BytesEqual(*content, Claim(winners[0], round))) << "round " << round;
  }
}

// Readers poll for keys that are being created: nothing, or all of it.
void ReadersNeverSeePartOfAnObject(StoreUnderTest& t) {
  constexpr size_t kObjects = 30;
  constexpr size_t kSize = 512 << 10;
  Handles handles(t);
  std::atomic<size_t> written{0};
  std::atomic<size_t> seen_whole{0};
  const auto key_of = [](size_t i) { return "p/" + std::to_string(1000 + i); };
  InThreads([&](size_t thread) {
    ObjectStore& store = handles[thread];
    if (thread == 0) {
      for (size_t i = 0; i < kObjects; ++i) {
        const auto created = Write(store, key_of(i), Pattern(i, kSize));
        EXPECT_TRUE(created.ok()) << created.error().Describe();
        written = i + 1;
      }
      return;
    }
    for (size_t i = 0; i < kObjects;) {
      const bool acknowledged = written > i;
      const auto content = store.Get(key_of(i), kSize);
      if (!content.ok()) {
        ASSERT_EQ(CodeName(content.error().code()), "not_found") << content.error().Describe();
        ASSERT_FALSE(acknowledged) << "an acknowledged object is missing";
        const auto page = store.List(key_of(i), "", 1);
        ASSERT_TRUE(page.ok()) << page.error().Describe();
        for (const auto& object : page->objects) ASSERT_EQ(object.size, kSize);
        const auto head = store.Head(key_of(i));
        if (head.ok()) {
          ASSERT_EQ(head->size, kSize);
        }
        continue;
      }
      ASSERT_TRUE(BytesEqual(*content, Pattern(i, kSize)));
      ++seen_whole;
      ++i;
    }
  });
  EXPECT_EQ(seen_whole, kObjects * (kThreads - 1));
}

// Readers of an object that is being replaced see one version or another, never a mixture.
void ReadersOfReplacedObjectSeeOneVersion(StoreUnderTest& t) {
  constexpr size_t kVersions = 30;
  const auto version = [](size_t i) { return Pattern(i, 10'000 + i * 1000); };
  Handles handles(t);
  ASSERT_TRUE(t.store->Put("lease/x", version(0)).ok());
  std::atomic<bool> done{false};
  InThreads([&](size_t thread) {
    ObjectStore& store = handles[thread];
    if (thread == 0) {
      for (size_t i = 1; i < kVersions; ++i) EXPECT_TRUE(store.Put("lease/x", version(i)).ok());
      done = true;
      return;
    }
    size_t newest = 0;
    do {
      const auto content = store.Get("lease/x", 1 << 20);
      ASSERT_TRUE(content.ok()) << content.error().Describe();
      const size_t i = (content->size() - 10'000) / 1000;
      ASSERT_TRUE(BytesEqual(*content, version(i)));
      ASSERT_GE(i, newest) << "an older version came back";
      newest = i;
    } while (!done);
  });
}

// All threads make the same new groups at the same time, each with objects of its own.
void GroupsCanBeMadeByManyAtOnce(StoreUnderTest& t) {
  constexpr size_t kRounds = 20;
  Handles handles(t);
  std::barrier start(kThreads);
  InThreads([&](size_t thread) {
    for (size_t round = 0; round < kRounds; ++round) {
      start.arrive_and_wait();
      const std::string key = "m/" + std::to_string(100 + round) + "/x/y/" + std::to_string(thread);
      const auto created = Write(handles[thread], key, AsBytes(key));
      EXPECT_TRUE(created.ok()) << created.error().Describe();
    }
  });
  EXPECT_EQ(ListKeys(*t.store, "m/", 7).size(), kRounds * kThreads);
}

// Objects that are there all the time appear in every listing exactly once while others come and
// go, and nothing but objects is listed.
void ListingsStayWholeBesideWriters(StoreUnderTest& t) {
  constexpr size_t kStable = 40;
  constexpr size_t kRounds = 25;
  for (size_t i = 0; i < kStable; ++i) {
    ASSERT_TRUE(Write(*t.store, "s/" + std::to_string(100 + i) + "/stable", AsBytes("x")).ok());
  }
  Handles handles(t);
  std::atomic<size_t> writers{kThreads / 2};
  InThreads([&](size_t thread) {
    ObjectStore& store = handles[thread];
    if (thread < kThreads / 2) {
      for (size_t i = 0; i < kRounds; ++i) {
        const std::string key = "s/" + std::to_string(100 + i) + "/" + std::to_string(thread);
        EXPECT_TRUE(Write(store, key, AsBytes("y")).ok());
        if (i % 2 == 0) {
          EXPECT_TRUE(store.Delete(key).ok());
        }
      }
      --writers;
      return;
    }
    bool last = false;
    do {
      last = writers == 0;
      size_t stable = 0;
      for (const std::string& key : ListKeys(store, "", 5)) {
        ASSERT_TRUE(key.starts_with("s/")) << key;
        if (key.ends_with("/stable")) ++stable;
      }
      ASSERT_EQ(stable, kStable);
    } while (!last);
  });
}

void DeletesRaceWithoutErrors(StoreUnderTest& t) {
  constexpr size_t kRounds = 30;
  Handles handles(t);
  std::barrier start(kThreads);
  InThreads([&](size_t thread) {
    for (size_t round = 0; round < kRounds; ++round) {
      const std::string key = "d/" + std::to_string(round);
      if (thread == 0) {
        EXPECT_TRUE(Write(handles[0], key, AsBytes("x")).ok());
      }
      start.arrive_and_wait();
      const Status deleted = handles[thread].Delete(key);
      EXPECT_TRUE(deleted.ok()) << deleted.error().Describe();
      start.arrive_and_wait();
    }
  });
  EXPECT_TRUE(ListKeys(*t.store, "", 10).empty());
}

}  // namespace

std::vector<ConformanceCase> RaceCases() {
  return {
      {"CreateHasExactlyOneWinner", CreateHasExactlyOneWinner},
      {"ReadersNeverSeePartOfAnObject", ReadersNeverSeePartOfAnObject},
      {"ReadersOfReplacedObjectSeeOneVersion", ReadersOfReplacedObjectSeeOneVersion},
      {"GroupsCanBeMadeByManyAtOnce", GroupsCanBeMadeByManyAtOnce},
      {"ListingsStayWholeBesideWriters", ListingsStayWholeBesideWriters},
      {"DeletesRaceWithoutErrors", DeletesRaceWithoutErrors},
  };
}

}  // namespace pgkeep::testing
