#include "storage/s3/list_start.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "storage/object_store.h"

namespace pgkeep::storage {
namespace {

// All valid keys of up to three characters of this alphabet, with its smallest and largest ones.
std::vector<std::string> SmallKeys() {
  const std::string characters = "-./09AZ_az";
  std::vector<std::string> keys;
  std::vector<std::string> texts = {""};
  for (int length = 0; length < 3; ++length) {
    std::vector<std::string> longer;
    for (const std::string& text : texts) {
      for (const char c : characters) longer.push_back(text + c);
    }
    texts = longer;
    std::ranges::copy_if(texts, std::back_inserter(keys),
                         [](const std::string& key) { return ValidateKey(key).ok(); });
  }
  return keys;
}

TEST(ListStart, HasTheSameKeysBehindItAsAnyText) {
  const std::vector<std::string> keys = SmallKeys();
  std::vector<std::string> starts;
  for (const std::string& head :
       {std::string(), std::string("a"), std::string("z/"), std::string("-"), std::string("a/0")}) {
    for (int c = 0; c < 256; ++c) {
      starts.push_back(head + static_cast<char>(c));
      starts.push_back(head + static_cast<char>(c) + "a");
    }
  }
  for (const std::string& start : starts) {
    const std::string sent = ListStart(start);
    for (const std::string& key : keys) {
      ASSERT_EQ(key > start, key > sent) << "key " << key << ", start of " << start.size();
    }
    for (const char c : sent) EXPECT_TRUE(c > ' ' && c < 0x7f);
  }
}

TEST(ListStart, LeavesKeysAndTheirBeginningsAlone) {
  for (const char* text : {"", "a", "p/s1/00000001", "a/b/", "..", "/a"}) {
    EXPECT_EQ(ListStart(text), text);
  }
}

TEST(ListStart, CutsWhatIsLongerThanAnyKey) {
  const std::string longest(kMaxKeyBytes, 'a');
  EXPECT_EQ(ListStart(longest + "b"), longest);
}

}  // namespace
}  // namespace pgkeep::storage
