#include "storage/object_store.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/error.h"
#include "storage/forwarding_store.h"
#include "testing/memory_store.h"
#include "testing/store_conformance_cases.h"

namespace pgkeep::storage {
namespace {

// So that it exists before the store that refers to it.
struct Memory {
  testing::MemoryStore memory;
};

// A store whose listings are whatever the test says.
class ScriptedStore final : private Memory, public ForwardingStore {
 public:
  explicit ScriptedStore(std::deque<ListPage> pages)
      : ForwardingStore(memory), pages_(std::move(pages)) {}

  Result<ListPage> List(std::string_view, std::string_view start_after, size_t) override {
    starts_.emplace_back(start_after);
    if (pages_.empty()) return Err(ErrorCode::kInternal, "asked for more pages than there are");
    ListPage page = std::move(pages_.front());
    pages_.pop_front();
    return page;
  }

  const std::vector<std::string>& starts() const { return starts_; }

 private:
  std::deque<ListPage> pages_;
  std::vector<std::string> starts_;
};

ListPage Page(const std::vector<std::string>& keys, std::string next) {
  ListPage page;
  for (const std::string& key : keys) page.objects.push_back({.key = key});
  page.next = std::move(next);
  return page;
}

// What ListAll visits under "a", or the name of its error's code.
std::vector<std::string> Visited(ScriptedStore& store) {
  std::vector<std::string> keys;
  const Status all = ListAll(store, "a", [&](const ObjectInfo& object) {
    keys.push_back(object.key);
    return Ok();
  });
  if (!all.ok()) return {std::string(CodeName(all.error().code()))};
  return keys;
}

TEST(ValidateKey, AcceptsTheKeysOfTheFormat) {
  for (const char* key : {"config.1", "key/0", "ses/0123456789abcdef", "p/0123/00000001",
                          "wal/7/00000001/000000010000000000000001", "A-z_0.9"}) {
    const Status valid = ValidateKey(key);
    EXPECT_TRUE(valid.ok()) << valid.error().Describe();
  }
}

TEST(ValidateKey, RefusesHostileKeysWithAHint) {
  for (const std::string& key : testing::HostileKeys()) {
    const Status valid = ValidateKey(key);
    ASSERT_FALSE(valid.ok()) << key;
    EXPECT_EQ(valid.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_FALSE(valid.error().hint().empty());
    EXPECT_LT(valid.error().message().size(), 200U);
  }
}

TEST(ValidateKey, RefusesEveryByteOutsideTheAlphabet) {
  const std::string_view allowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(ValidateKey(std::string("a") + c + "b").ok(),
              allowed.find(c) != std::string_view::npos)
        << byte;
  }
}

TEST(ListAll, FollowsPagesThatAreShortOrEmpty) {
  ScriptedStore store({Page({"a1", "a2"}, "a2"), Page({}, "a5"), Page({"a6"}, "")});
  EXPECT_EQ(Visited(store), (std::vector<std::string>{"a1", "a2", "a6"}));
  EXPECT_EQ(store.starts(), (std::vector<std::string>{"", "a2", "a5"}));
}

TEST(ListAll, ReportsAStoreThatBreaksItsPromises) {
  const std::vector<std::deque<ListPage>> scripts = {
      {Page({"a2", "a1"}, "")},                      // out of order
      {Page({"a1", "a1"}, "")},                      // twice
      {Page({"b1"}, "")},                            // outside the prefix
      {Page({"a1", "a2"}, "a2"), Page({"a2"}, "")},  // again on the next page
      {Page({"a1"}, "a1"), Page({}, "a1")},          // does not advance
      {Page({"a1", "a9"}, "a1")},                    // goes back
  };
  for (const auto& script : scripts) {
    ScriptedStore store(script);
    EXPECT_EQ(Visited(store), std::vector<std::string>{"corruption"});
  }
}

}  // namespace
}  // namespace pgkeep::storage
