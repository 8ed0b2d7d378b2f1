#include "testing/store_conformance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "testing/store_conformance_cases.h"

namespace pgkeep::testing {
namespace {

class ConformanceTest : public ::testing::Test {
 public:
  ConformanceTest(ConformanceCase conformance_case, StoreMaker maker)
      : case_(conformance_case), maker_(std::move(maker)) {}

 private:
  void TestBody() override {
    StoreUnderTest under_test = maker_();
    ASSERT_NE(under_test.store, nullptr);
    case_.run(under_test);
  }

  const ConformanceCase case_;
  const StoreMaker maker_;
};

}  // namespace

StoreUnderTest::~StoreUnderTest() { store.reset(); }

Result<storage::ObjectInfo> Write(storage::ObjectStore& store, std::string_view key,
                                  ByteSpan bytes) {
  return store.features().conditional_create ? store.CreateIfAbsent(key, bytes)
                                             : store.Put(key, bytes);
}

Bytes Pattern(uint64_t seed, size_t size) {
  Bytes bytes(size);
  for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
    const uint64_t word = (seed + 1) * 0x9e3779b97f4a7c15 + at * 0xbf58476d1ce4e5b9;
    std::memcpy(bytes.data() + at, &word, std::min(sizeof(word), size - at));
  }
  return bytes;
}

std::vector<std::string> ListKeys(storage::ObjectStore& store, std::string_view prefix,
                                  size_t page_size) {
  std::vector<std::string> keys;
  std::string start_after;
  while (true) {
    const auto page = store.List(prefix, start_after, page_size);
    if (!page.ok()) {
      ADD_FAILURE() << page.error().Describe();
      return keys;
    }
    EXPECT_LE(page->objects.size(), page_size);
    for (const storage::ObjectInfo& object : page->objects) {
      EXPECT_TRUE(keys.empty() || keys.back() < object.key)
          << keys.back() << " is listed before " << object.key;
      EXPECT_GT(object.key, start_after);
      keys.push_back(object.key);
    }
    if (page->next.empty()) return keys;
    if (page->next <= start_after) {
      ADD_FAILURE() << "the listing does not advance behind '" << start_after << "'";
      return keys;
    }
    start_after = page->next;
  }
}

bool RegisterStoreConformance(const std::string& suite, StoreMaker maker) {
  PGK_CHECK(maker != nullptr, "there is a way to make the store");
  for (const auto& cases : {CreateCases(), KeyCases(), ReadCases(), ListCases(), RaceCases()}) {
    for (const ConformanceCase& conformance_case : cases) {
      ::testing::RegisterTest(
          suite.c_str(), conformance_case.name, nullptr, nullptr, __FILE__, __LINE__,
          [conformance_case, maker]() -> ::testing::Test* {
            // GoogleTest takes ownership of a plain pointer.
            return std::make_unique<ConformanceTest>(conformance_case, maker).release();
          });
    }
  }
  return true;
}

}  // namespace pgkeep::testing
