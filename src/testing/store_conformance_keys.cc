// Which keys a store accepts, and that it keeps them apart.
#include <gtest/gtest.h>

#include "testing/store_conformance_cases.h"

namespace pgkeep::testing {
namespace {

using storage::ObjectStore;

// Every key, whatever the call, must be refused before it reaches anything.
void HostileKeysAreRefusedByEveryCall(StoreUnderTest& t) {
  Bytes buffer(1);
  for (const std::string& key : HostileKeys()) {
    SCOPED_TRACE("key '" + key + "'");
    ObjectStore& store = *t.store;
    const std::vector<std::pair<std::string, Status>> outcomes = [&] {
      const auto drop = [](const auto& result) {
        return result.ok() ? Status() : Status(result.error());
      };
      return std::vector<std::pair<std::string, Status>>{
          {"create", drop(store.CreateIfAbsent(key, buffer))},
          {"put", drop(store.Put(key, buffer))},
          {"get", drop(store.Get(key, 100))},
          {"get_range", store.GetRange(key, 0, buffer)},
          {"head", drop(store.Head(key))},
          {"delete", store.Delete(key)},
      };
    }();
    for (const auto& [call, outcome] : outcomes) {
      ASSERT_FALSE(outcome.ok()) << call;
      EXPECT_EQ(CodeName(outcome.error().code()), "invalid_argument") << call;
      EXPECT_FALSE(outcome.error().hint().empty()) << call;
      for (const char c : outcome.error().Describe())
        EXPECT_TRUE(c == '\n' || (c >= 32 && c < 127));
    }
  }
  EXPECT_TRUE(ListKeys(*t.store, "", 10).empty());
}

void EveryAllowedKeyWorks(StoreUnderTest& t) {
  const std::string longest_part(storage::kMaxKeyComponentBytes, 'x');
  std::string deepest;
  while (deepest.size() + 5 < storage::kMaxKeyBytes) deepest += "dir/";
  deepest += "d";
  const std::string longest = longest_part + "/" + longest_part.substr(1) + "/y";
  ASSERT_EQ(longest.size(), storage::kMaxKeyBytes);
  const std::vector<std::string> keys = {
      "0",        "-",     "_",     "a.",    "a..",  "a..b", "--help", "AZaz09._-/AZaz09_-.",
      "config.1", "x.tmp", "tmp/x", deepest, longest};
  for (const std::string& key : keys) {
    SCOPED_TRACE(key);
    const auto created = Write(*t.store, key, Pattern(key.size(), 20));
    ASSERT_TRUE(created.ok()) << created.error().Describe();
    EXPECT_EQ(created->key, key);
  }
  for (const std::string& key : keys) {
    const auto content = t.store->Get(key, 20);
    ASSERT_TRUE(content.ok()) << content.error().Describe();
    EXPECT_TRUE(BytesEqual(*content, Pattern(key.size(), 20)));
  }
  EXPECT_EQ(ListKeys(*t.store, "", 3).size(), keys.size());
}

void CaseTellsKeysApart(StoreUnderTest& t) {
  for (const std::string key : {"dec/ab", "dec/aB", "dec/Ab", "Dec/ab"}) {
    const auto created = Write(*t.store, key, AsBytes(key));
    ASSERT_TRUE(created.ok()) << created.error().Describe();
  }
  for (const std::string key : {"dec/ab", "dec/aB", "dec/Ab", "Dec/ab"}) {
    const auto content = t.store->Get(key, 100);
    ASSERT_TRUE(content.ok()) << content.error().Describe();
    EXPECT_EQ(AsText(*content), key);
  }
}

// Some stores can hold "a" beside "a/b" and some cannot; none may damage one for the other.
void KeyBelowAnotherKeyWorksOrConflicts(StoreUnderTest& t) {
  const auto expect_ok_or_conflict = [](const auto& outcome) {
    if (!outcome.ok()) {
      EXPECT_EQ(CodeName(outcome.error().code()), "conflict") << outcome.error().Describe();
      EXPECT_FALSE(outcome.error().hint().empty());
    }
    return outcome.ok();
  };
  ASSERT_TRUE(Write(*t.store, "a", AsBytes("object")).ok());
  ASSERT_TRUE(Write(*t.store, "g/b", AsBytes("below")).ok());
  std::vector<std::string> expected = {"a", "g/b"};
  if (expect_ok_or_conflict(Write(*t.store, "a/b", AsBytes("below")))) {
    expected = {"a", "a/b", "g/b"};
  }
  if (expect_ok_or_conflict(Write(*t.store, "g", AsBytes("object")))) {
    expected.insert(expected.end() - 1, "g");
  }
  expect_ok_or_conflict(t.store->Put("g", AsBytes("object")));
  const auto content = t.store->Get("a", 100);
  ASSERT_TRUE(content.ok()) << content.error().Describe();
  EXPECT_EQ(AsText(*content), "object");
  EXPECT_EQ(ListKeys(*t.store, "", 10), expected);
}

}  // namespace

std::vector<std::string> HostileKeys() {
  using std::string_literals::operator""s;
  return {
      "",
      "/",
      "/etc/passwd",
      "a/",
      "a//b",
      "//",
      ".",
      "..",
      "../a",
      "a/../b",
      "a/..",
      "a/./b",
      ".hidden",
      "a/.nfs0001",
      "...",
      "a b",
      "a\\b",
      "a\nb",
      "a\0b"s,
      "\0"s,
      "a%2fb",
      "a:b",
      "a*",
      "a?",
      "~",
      "$HOME",
      "+tmp",
      "+tmp/x",
      "\xc3\xa4",
      "\xff",
      "\x1b[2J",
      std::string(storage::kMaxKeyBytes + 1, 'x'),
      std::string(storage::kMaxKeyComponentBytes + 1, 'x'),
      "a/" + std::string(storage::kMaxKeyComponentBytes + 1, 'x'),
      std::string(100'000, '/'),
  };
}

std::vector<ConformanceCase> KeyCases() {
  return {
      {"HostileKeysAreRefusedByEveryCall", HostileKeysAreRefusedByEveryCall},
      {"EveryAllowedKeyWorks", EveryAllowedKeyWorks},
      {"CaseTellsKeysApart", CaseTellsKeysApart},
      {"KeyBelowAnotherKeyWorksOrConflicts", KeyBelowAnotherKeyWorksOrConflicts},
  };
}

}  // namespace pgkeep::testing
