// Reading objects, whole and in part, at every edge.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "testing/store_conformance_cases.h"

namespace pgkeep::testing {
namespace {

template <class Outcome>
std::string CodeOf(const Outcome& outcome) {
  return outcome.ok() ? "ok" : std::string(CodeName(outcome.error().code()));
}

void GetKeepsToItsLimit(StoreUnderTest& t) {
  ASSERT_TRUE(Write(*t.store, "a", Pattern(1, 100)).ok());
  ASSERT_TRUE(Write(*t.store, "empty", {}).ok());
  EXPECT_EQ(CodeOf(t.store->Get("a", 101)), "ok");
  EXPECT_EQ(CodeOf(t.store->Get("a", 100)), "ok");
  EXPECT_EQ(CodeOf(t.store->Get("a", 99)), "limit_exceeded");
  EXPECT_EQ(CodeOf(t.store->Get("a", 0)), "limit_exceeded");
  EXPECT_EQ(CodeOf(t.store->Get("a", std::numeric_limits<uint64_t>::max())), "ok");
  EXPECT_EQ(CodeOf(t.store->Get("empty", 0)), "ok");
}

// All ranges of a small object, inside and outside, against slicing.
void RangesEqualSlices(StoreUnderTest& t) {
  const Bytes bytes = Pattern(3, 7);
  ASSERT_TRUE(Write(*t.store, "a", bytes).ok());
  for (uint64_t offset = 0; offset <= bytes.size() + 2; ++offset) {
    for (size_t size = 0; size <= bytes.size() + 2; ++size) {
      SCOPED_TRACE(std::to_string(size) + " bytes at " + std::to_string(offset));
      Bytes out(size, 0xee);
      const Status read = t.store->GetRange("a", offset, out);
      if (offset + size > bytes.size()) {
        ASSERT_EQ(CodeOf(read), "corruption");
        EXPECT_NE(read.error().ToString().find("ends early"), std::string::npos);
        continue;
      }
      ASSERT_TRUE(read.ok()) << read.error().Describe();
      EXPECT_TRUE(BytesEqual(out, ByteSpan(bytes).subspan(offset, size)));
    }
  }
}

void RangeArithmeticDoesNotOverflow(StoreUnderTest& t) {
  ASSERT_TRUE(Write(*t.store, "a", Pattern(1, 100)).ok());
  Bytes out(50);
  for (const uint64_t offset :
       {std::numeric_limits<uint64_t>::max(), std::numeric_limits<uint64_t>::max() - 49,
        uint64_t{1} << 63, (uint64_t{1} << 63) - 1, uint64_t{1} << 32}) {
    EXPECT_EQ(CodeOf(t.store->GetRange("a", offset, out)), "corruption") << offset;
    EXPECT_EQ(CodeOf(t.store->GetRange("a", offset, {})), "corruption") << offset;
  }
}

void RangesOfAnEmptyObject(StoreUnderTest& t) {
  ASSERT_TRUE(Write(*t.store, "empty", {}).ok());
  Bytes one(1);
  EXPECT_EQ(CodeOf(t.store->GetRange("empty", 0, {})), "ok");
  EXPECT_EQ(CodeOf(t.store->GetRange("empty", 0, one)), "corruption");
  EXPECT_EQ(CodeOf(t.store->GetRange("empty", 1, {})), "corruption");
}

void MissingObjectsAreNotFound(StoreUnderTest& t) {
  ASSERT_TRUE(Write(*t.store, "dec/a", Pattern(1, 10)).ok());
  Bytes one(1);
  for (const char* key : {"none", "dec", "dec/b", "dec/a/b", "no/such/group", "dec/a.tmp"}) {
    SCOPED_TRACE(key);
    EXPECT_EQ(CodeOf(t.store->Get(key, 100)), "not_found");
    EXPECT_EQ(CodeOf(t.store->Head(key)), "not_found");
    EXPECT_EQ(CodeOf(t.store->GetRange(key, 0, one)), "not_found");
    EXPECT_EQ(CodeOf(t.store->GetRange(key, 0, {})), "not_found");
  }
}

void ReadsChangeNothing(StoreUnderTest& t) {
  const auto created = Write(*t.store, "a", Pattern(1, 100));
  ASSERT_TRUE(created.ok());
  const auto before = t.store->Head("a");
  ASSERT_TRUE(before.ok());
  Bytes out(100);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(t.store->Get("a", 100).ok());
    ASSERT_TRUE(t.store->GetRange("a", 0, out).ok());
    ASSERT_TRUE(t.store->List("", "", 10).ok());
  }
  const auto head = t.store->Head("a");
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->modified, before->modified);
  EXPECT_EQ(head->etag, before->etag);
  EXPECT_EQ(ListKeys(*t.store, "", 10), std::vector<std::string>{"a"});
}

}  // namespace

std::vector<ConformanceCase> ReadCases() {
  return {
      {"GetKeepsToItsLimit", GetKeepsToItsLimit},
      {"RangesEqualSlices", RangesEqualSlices},
      {"RangeArithmeticDoesNotOverflow", RangeArithmeticDoesNotOverflow},
      {"RangesOfAnEmptyObject", RangesOfAnEmptyObject},
      {"MissingObjectsAreNotFound", MissingObjectsAreNotFound},
      {"ReadsChangeNothing", ReadsChangeNothing},
  };
}

}  // namespace pgkeep::testing
