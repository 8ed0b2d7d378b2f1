#include "base/secret.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

namespace pgkeep {
namespace {

template <class T>
concept Streamable = requires(std::ostream& stream, const T& value) { stream << value; };

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(!std::is_convertible_v<size_t, SecretBytes>);
static_assert(!std::is_convertible_v<ByteSpan, SecretBytes>);
static_assert(!std::is_convertible_v<SecretBytes, ByteSpan>);
static_assert(!std::equality_comparable<SecretBytes>);
static_assert(!Streamable<SecretBytes>);
static_assert(!fmt::is_formattable<SecretBytes>::value);

TEST(SecretBytes, HoldsACopy) {
  Bytes source = ToBytes(AsBytes("secret"));
  const SecretBytes secret{ByteSpan(source)};
  source[0] = 'X';
  EXPECT_EQ(AsText(secret.Expose()), "secret");
}

TEST(SecretBytes, StartsAsZeros) {
  SecretBytes secret(size_t{4});
  EXPECT_EQ(ToBytes(secret.Expose()), Bytes(4, 0));
  secret.ExposeMutable()[1] = 7;
  EXPECT_EQ(secret.Expose()[1], 7);
}

TEST(SecretBytes, MovingEmptiesTheSourceAndKeepsTheAddress) {
  SecretBytes first(AsBytes("first"));
  const uint8_t* address = first.Expose().data();
  SecretBytes second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(second.Expose().data(), address);
  SecretBytes third(AsBytes("third"));
  third = std::move(second);
  EXPECT_EQ(AsText(third.Expose()), "first");
  EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(SecretBytes, CloneIsIndependent) {
  SecretBytes secret(AsBytes("abc"));
  const SecretBytes clone = secret.Clone();
  secret.Wipe();
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(AsText(clone.Expose()), "abc");
}

TEST(WipeMemory, OverwritesEverything) {
  Bytes bytes = ToBytes(AsBytes("secret"));
  WipeMemory(MutableByteSpan(bytes).first(5));
  EXPECT_EQ(bytes, (Bytes{0, 0, 0, 0, 0, 't'}));
  WipeMemory({});
}

}  // namespace
}  // namespace pgkeep
