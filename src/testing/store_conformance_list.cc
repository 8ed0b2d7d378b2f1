// Listing: order, pages, prefixes and freshness.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "testing/store_conformance_cases.h"

namespace pgkeep::testing {
namespace {

using storage::ListPage;
using storage::ObjectInfo;

// Chosen so that the order of keys, of names in one directory and of directories all differ: '-'
// and
// '.' come before '/', digits and letters after it.
const std::vector<std::string>& TrickyKeys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> all = {
        "A/b",
        "a-b",
        "a-b.c",
        "a.b",
        "a.b-c/x",
        "a/b",
        "a/b-c",
        "a/b.c",
        "a/bc",
        "a/b0",
        "a0",
        "a_b",
        "aa",
        "aa/a",
        "b/c/d",
        "b/c/d-e/f",
        "b/c-d",
        "b/c.d/e",
        "b/c0",
        "b/c-/x",
        "b/c./x",
        "b0",
        "b-/-/-",
        "c/d/e/f/g",
        "c/d/e/f",
        "c/d/e",
        "c/d-e/f",
        "c/d.e/f/g",
        "z-",
        "z./-",
        "z0/z",
        "-",
        "--/-",
        "_",
        "0",
        "00",
        "0/0",
        "Z",
        "dec/0",
        "dec/00",
        "dec/1",
        "dec-/1",
        "dec.1",
        "dec.1/x",
        "exp/1",
        "exp/1-",
        "p/s/00000001",
        "p/s/00000002",
        "p/s-1/00000001",
        "p/s.1/00000001",
    };
    // No key may be a directory of another one.
    std::sort(all.begin(), all.end());
    std::vector<std::string> kept;
    for (const std::string& key : all) {
      const bool is_directory = std::any_of(all.begin(), all.end(), [&](const std::string& other) {
        return other.starts_with(key + "/");
      });
      if (!is_directory) kept.push_back(key);
    }
    return kept;
  }();
  return keys;
}

void Fill(storage::ObjectStore& store, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const auto written = Write(store, key, AsBytes(key));
    ASSERT_TRUE(written.ok()) << written.error().Describe();
  }
}

// The model: keys with the prefix behind `start_after`, in byte order.
std::vector<std::string> Expected(const std::vector<std::string>& sorted_keys,
                                  std::string_view prefix, std::string_view start_after) {
  std::vector<std::string> expected;
  for (const std::string& key : sorted_keys) {
    if (key.starts_with(prefix) && key > start_after) expected.push_back(key);
  }
  return expected;
}

std::vector<std::string> KeysOf(const ListPage& page) {
  std::vector<std::string> keys;
  for (const ObjectInfo& object : page.objects) keys.push_back(object.key);
  return keys;
}

// Every prefix of every key, and some that no key has.
std::set<std::string> Prefixes() {
  std::set<std::string> prefixes = {"a//", "/", "..", "a/../", ".", "zz", "a/b/", "dec/9", "//"};
  for (const std::string& key : TrickyKeys()) {
    for (size_t size = 0; size <= key.size(); ++size) prefixes.insert(key.substr(0, size));
  }
  return prefixes;
}

void PagesOfEverySizeGiveAllKeysInByteOrder(StoreUnderTest& t) {
  Fill(*t.store, TrickyKeys());
  for (const size_t page_size : {size_t{1}, size_t{2}, size_t{7}, size_t{1000}, size_t{1} << 40}) {
    EXPECT_EQ(ListKeys(*t.store, "", page_size), TrickyKeys()) << "pages of " << page_size;
  }
}

void PrefixesMayEndAnywhere(StoreUnderTest& t) {
  Fill(*t.store, TrickyKeys());
  for (const std::string& prefix : Prefixes()) {
    EXPECT_EQ(ListKeys(*t.store, prefix, 3), Expected(TrickyKeys(), prefix, ""))
        << "prefix '" << prefix << "'";
  }
}

// Starting behind every key, behind texts around them, and behind texts that cannot be keys.
void ListingStartsStrictlyBehindAnyText(StoreUnderTest& t) {
  Fill(*t.store, TrickyKeys());
  std::set<std::string> starts = {"\xff", std::string("a\0", 2), " ", "~", "a/b/", "..", "/a",
                                  "+tmp"};
  for (const std::string& key : TrickyKeys()) {
    starts.insert(key);
    starts.insert(key + "/");
    starts.insert(key + "-");
    starts.insert(key.substr(0, key.size() - 1));
    starts.insert(key.substr(0, key.find('/')) + "/");
    starts.insert(key.substr(0, key.find('/')) + "0");
  }
  starts.insert(std::string(storage::kMaxKeyBytes * 2, 'a'));
  for (const std::string& start : starts) {
    for (const char* prefix : {"", "a", "b/c", "dec/"}) {
      const auto page = t.store->List(prefix, start, 1000);
      ASSERT_TRUE(page.ok()) << page.error().Describe();
      EXPECT_EQ(KeysOf(*page), Expected(TrickyKeys(), prefix, start))
          << "prefix '" << prefix << "', behind '" << start << "'";
    }
  }
}

void EmptyStoreListsNothing(StoreUnderTest& t) {
  for (const char* prefix : {"", "a", "a/b", "dec/"}) {
    const auto page = t.store->List(prefix, "", 10);
    ASSERT_TRUE(page.ok()) << page.error().Describe();
    EXPECT_TRUE(page->objects.empty());
    EXPECT_EQ(page->next, "");
  }
}

void BadListArgumentsAreRefused(StoreUnderTest& t) {
  const auto code = [](const Result<ListPage>& page) {
    return page.ok() ? "ok" : std::string(CodeName(page.error().code()));
  };
  EXPECT_EQ(code(t.store->List("", "", 0)), "invalid_argument");
  for (const char* prefix : {"a b", "*", "a\n", "+tmp", "\xff", "a\\"}) {
    EXPECT_EQ(code(t.store->List(prefix, "", 10)), "invalid_argument") << prefix;
  }
}

void ListingIsNeverStale(StoreUnderTest& t) {
  std::vector<std::string> keys;
  const auto another = t.open_another ? t.open_another() : nullptr;
  storage::ObjectStore& reader = another ? *another : *t.store;
  for (int i = 0; i < 30; ++i) {
    const std::string key = "n/" + std::to_string(100 + i);
    ASSERT_TRUE(Write(*t.store, key, AsBytes(key)).ok());
    keys.push_back(key);
    ASSERT_EQ(ListKeys(reader, "n/", 7), keys);
  }
  while (!keys.empty()) {
    ASSERT_TRUE(t.store->Delete(keys.front()).ok());
    keys.erase(keys.begin());
    ASSERT_EQ(ListKeys(reader, "n/", 7), keys);
  }
}

// Empty groups must not end a listing early, however small its pages are.
void EmptiedGroupsAreInvisible(StoreUnderTest& t) {
  std::vector<std::string> kept;
  for (int i = 0; i < 40; ++i) {
    const std::string group = "p/s" + std::to_string(100 + i);
    ASSERT_TRUE(Write(*t.store, group + "/1", AsBytes("x")).ok());
    if (i % 13 == 12) {
      kept.push_back(group + "/1");
    } else {
      ASSERT_TRUE(t.store->Delete(group + "/1").ok());
    }
  }
  for (const size_t page_size : {1U, 2U, 1000U}) {
    EXPECT_EQ(ListKeys(*t.store, "", page_size), kept);
    EXPECT_EQ(ListKeys(*t.store, "p/s1", page_size), kept);
  }
}

void ListAllVisitsEverythingOnce(StoreUnderTest& t) {
  Fill(*t.store, TrickyKeys());
  std::vector<std::string> visited;
  const Status all = storage::ListAll(*t.store, "b/", [&](const ObjectInfo& object) {
    EXPECT_EQ(object.size, object.key.size());
    visited.push_back(object.key);
    return Ok();
  });
  ASSERT_TRUE(all.ok()) << all.error().Describe();
  EXPECT_EQ(visited, Expected(TrickyKeys(), "b/", ""));

  int calls = 0;
  const Status stopped = storage::ListAll(*t.store, "", [&](const ObjectInfo&) -> Status {
    if (++calls < 3) return Ok();
    return Err(ErrorCode::kCancelled, "enough");
  });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().message(), "enough");
  EXPECT_EQ(calls, 3);
}

}  // namespace

std::vector<ConformanceCase> ListCases() {
  return {
      {"PagesOfEverySizeGiveAllKeysInByteOrder", PagesOfEverySizeGiveAllKeysInByteOrder},
      {"PrefixesMayEndAnywhere", PrefixesMayEndAnywhere},
      {"ListingStartsStrictlyBehindAnyText", ListingStartsStrictlyBehindAnyText},
      {"EmptyStoreListsNothing", EmptyStoreListsNothing},
      {"BadListArgumentsAreRefused", BadListArgumentsAreRefused},
      {"ListingIsNeverStale", ListingIsNeverStale},
      {"EmptiedGroupsAreInvisible", EmptiedGroupsAreInvisible},
      {"ListAllVisitsEverythingOnce", ListAllVisitsEverythingOnce},
  };
}

}  // namespace pgkeep::testing
