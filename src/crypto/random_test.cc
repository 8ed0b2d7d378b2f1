#include "crypto/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace pgkeep::crypto {
namespace {

// Each byte of a long request is non-zero in at least one of 20 tries (failing by chance: below
// 2^-140 for the whole test), so no part of the request is left out; and nothing after it is
// touched.
TEST(RandomBytes, FillsAllOfARequestAndNothingElse) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{255}, size_t{256}, size_t{257}, size_t{1000}}) {
    Bytes seen(size);
    for (int round = 0; round < 20; ++round) {
      Bytes buffer(size + 8, 0);
      RandomBytes(MutableByteSpan(buffer).first(size));
      for (size_t i = 0; i < size; ++i) seen[i] |= buffer[i];
      EXPECT_TRUE(std::all_of(buffer.end() - 8, buffer.end(), [](uint8_t b) { return b == 0; }));
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), uint8_t{0}), 0) << size;
  }
}

TEST(RandomBytes, DoesNotRepeat) {
  std::set<Bytes> seen;
  for (int round = 0; round < 1000; ++round) {
    Bytes id(16);
    SystemRandom().Fill(id);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

}  // namespace
}  // namespace pgkeep::crypto
