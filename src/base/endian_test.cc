#include "base/endian.h"

#include <gtest/gtest.h>

#include <array>

namespace pgkeep {
namespace {

constexpr uint8_t kBytes[] = {0xff, 0x01, 0x02, 0x03, 0x04, 0x85, 0x06, 0x07, 0x88};
constexpr const uint8_t* kUnaligned = kBytes + 1;

TEST(Endian, LoadsLittleEndianFromAnyAddress) {
  EXPECT_EQ(LoadLe16(kUnaligned), 0x0201);
  EXPECT_EQ(LoadLe32(kUnaligned), 0x04030201U);
  EXPECT_EQ(LoadLe64(kUnaligned), 0x8807068504030201U);
}

TEST(Endian, LoadsBigEndianFromAnyAddress) {
  EXPECT_EQ(LoadBe16(kUnaligned), 0x0102);
  EXPECT_EQ(LoadBe32(kUnaligned), 0x01020304U);
  EXPECT_EQ(LoadBe64(kUnaligned), 0x0102030485060788U);
}

TEST(Endian, StoresExactlyTheBytesOfTheWidth) {
  std::array<uint8_t, 10> bytes;
  bytes.fill(0xee);
  StoreLe16(bytes.data() + 1, 0x1122);
  EXPECT_EQ(bytes,
            (std::array<uint8_t, 10>{0xee, 0x22, 0x11, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee}));
  StoreBe32(bytes.data() + 1, 0x11223344);
  EXPECT_EQ(bytes,
            (std::array<uint8_t, 10>{0xee, 0x11, 0x22, 0x33, 0x44, 0xee, 0xee, 0xee, 0xee, 0xee}));
  StoreLe64(bytes.data() + 1, 0x1122334455667788);
  EXPECT_EQ(bytes,
            (std::array<uint8_t, 10>{0xee, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0xee}));
}

TEST(Endian, StoreIsTheInverseOfLoad) {
  std::array<uint8_t, 8> bytes = {};
  StoreBe16(bytes.data(), 0xfe01);
  EXPECT_EQ(LoadBe16(bytes.data()), 0xfe01);
  EXPECT_EQ(LoadLe16(bytes.data()), 0x01fe);
  StoreLe32(bytes.data(), 0xfe010203);
  EXPECT_EQ(LoadLe32(bytes.data()), 0xfe010203U);
  StoreBe64(bytes.data(), 0xfe01020304050607);
  EXPECT_EQ(LoadBe64(bytes.data()), 0xfe01020304050607U);
}

}  // namespace
}  // namespace pgkeep
