#include "base/uuid.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "testing/fake_clock.h"

namespace pgkeep {
namespace {

void FillWithOnes(MutableByteSpan out) { std::ranges::fill(out, uint8_t{0xff}); }
void FillWithZeros(MutableByteSpan out) { std::ranges::fill(out, uint8_t{0}); }

// The example of RFC 9562 appendix A.6 has the time 0x017f22e279b0 and given random bits.
TEST(NewUuidV7, MatchesTheExampleOfTheStandard) {
  testing::FakeClock clock(Timestamp(std::chrono::milliseconds(0x017F22E279B0)));
  const Bytes random = {0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
  const std::string uuid = NewUuidV7(clock, [&](MutableByteSpan out) {
    ASSERT_EQ(out.size(), random.size());
    std::ranges::copy(random, out.begin());
  });
  EXPECT_EQ(uuid, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST(NewUuidV7, FixesVersionAndVariantWhateverIsRandom) {
  testing::FakeClock clock(Timestamp(std::chrono::milliseconds(1) + Duration(999)));
  EXPECT_EQ(NewUuidV7(clock, FillWithOnes), "00000000-0001-7fff-bfff-ffffffffffff");
  EXPECT_EQ(NewUuidV7(clock, FillWithZeros), "00000000-0001-7000-8000-000000000000");
}

TEST(NewUuidV7, SortsByTime) {
  testing::FakeClock clock;
  const std::string earlier = NewUuidV7(clock, FillWithOnes);
  clock.Advance(std::chrono::milliseconds(1));
  EXPECT_LT(earlier, NewUuidV7(clock, FillWithZeros));
}

}  // namespace
}  // namespace pgkeep
