#include "repository/key_slot.h"

#include <gtest/gtest.h>

#include <string>

#include "base/hex.h"
#include "repository/limits.h"
#include "testing/control_samples.h"

namespace pgkeep::repository {
namespace {

using testing::ControlFixture;
using testing::SeededRandom;

// The cheapest that is allowed: about a tenth of a second.
constexpr crypto::Argon2Params kCheap{
    .memory_bytes = crypto::kArgon2MemoryBytesMin, .passes = 1, .lanes = 1};

SecretBytes Passphrase(std::string_view text) { return SecretBytes(AsBytes(text)); }

TEST(KeySlot, OpensWithItsPassphraseOnly) {
  ControlFixture fixture(1);
  const SecretBytes passphrase = Passphrase("correct horse battery staple");
  const auto wrapped =
      WrapBundle(fixture.bundle, fixture.repository, passphrase, kCheap, fixture.random);
  ASSERT_TRUE(wrapped.ok()) << wrapped.error().Describe();
  const KeySlotObject slot{
      .wrapped = *wrapped, .label = "operator", .created = std::nullopt, .extensions = {}};
  const Bytes object = EncodeKeySlot(slot, fixture.repository);
  const auto decoded = DecodeKeySlot(object, fixture.repository, 5);
  ASSERT_TRUE(decoded.ok()) << decoded.error().Describe();

  const auto bundle = UnwrapBundle(decoded->wrapped, fixture.repository, passphrase);
  ASSERT_TRUE(bundle.ok()) << bundle.error().Describe();
  EXPECT_EQ(HexEncode(bundle->Encode().Expose()), HexEncode(fixture.bundle.Encode().Expose()));

  const Error wrong =
      UnwrapBundle(decoded->wrapped, fixture.repository, Passphrase("wrong horse battery")).error();
  EXPECT_EQ(wrong.code(), ErrorCode::kWrongKey);
  EXPECT_EQ(wrong.message(), "the passphrase does not open this key");
  EXPECT_FALSE(wrong.hint().empty());
}

// The cipher binds everything beside it: repository, parameters and salt.
TEST(KeySlot, BindsWhatStandsBesideTheKey) {
  ControlFixture fixture(1);
  const SecretBytes passphrase = Passphrase("correct horse battery staple");
  const WrappedBundle good =
      WrapBundle(fixture.bundle, fixture.repository, passphrase, kCheap, fixture.random).value();
  SeededRandom random(8);
  EXPECT_EQ(UnwrapBundle(good, RepositoryId::New(random), passphrase).error().code(),
            ErrorCode::kWrongKey);
  WrappedBundle passes = good;
  passes.params.passes = 2;
  EXPECT_EQ(UnwrapBundle(passes, fixture.repository, passphrase).error().code(),
            ErrorCode::kWrongKey);
  WrappedBundle salt = good;
  salt.salt[0] ^= 1;
  EXPECT_EQ(UnwrapBundle(salt, fixture.repository, passphrase).error().code(),
            ErrorCode::kWrongKey);
  WrappedBundle changed = good;
  changed.wrapped.back() ^= 1;
  EXPECT_EQ(UnwrapBundle(changed, fixture.repository, passphrase).error().code(),
            ErrorCode::kWrongKey);
  changed.wrapped.resize(10);
  EXPECT_EQ(UnwrapBundle(changed, fixture.repository, passphrase).error().code(),
            ErrorCode::kCorruption);
}

// A slot comes from a repository that somebody else may have written: its costs are checked before
// any memory is taken. A test that took 16 EiB would not return.
TEST(KeySlot, RefusesParametersOutsideTheLimits) {
  const ControlFixture fixture(1);
  const auto decode = [&fixture](const crypto::Argon2Params& params) {
    KeySlotObject slot = testing::SampleKeySlot();
    slot.wrapped.params = params;
    return DecodeKeySlot(EncodeKeySlot(slot, fixture.repository), fixture.repository, 1);
  };
  EXPECT_TRUE(decode(kCheap).ok());
  EXPECT_TRUE(
      decode({.memory_bytes = crypto::kArgon2MemoryBytesMax, .passes = 4, .lanes = 1}).ok());
  const auto code = [&decode](uint64_t memory, uint32_t passes, uint32_t lanes) {
    const auto slot = decode({.memory_bytes = memory, .passes = passes, .lanes = lanes});
    return slot.ok() ? ErrorCode::kInternal : slot.error().code();
  };
  EXPECT_EQ(code(crypto::kArgon2MemoryBytesMin - 1024, 4, 1), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(0, 4, 1), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(crypto::kArgon2MemoryBytesMax + 1024, 4, 1), ErrorCode::kLimitExceeded);
  EXPECT_EQ(code(UINT64_MAX - 1023, 4, 1), ErrorCode::kLimitExceeded);
  EXPECT_EQ(code(kCheap.memory_bytes, 0, 1), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(kCheap.memory_bytes, UINT32_MAX, 1), ErrorCode::kLimitExceeded);
  EXPECT_EQ(code(kCheap.memory_bytes, 4, 2), ErrorCode::kUnsupported);
}

TEST(KeySlot, OfAnotherTypeAsksForAnUpgrade) {
  const ControlFixture fixture(1);
  TlvWriter fields;
  fields.AddU8(0x8001, 2);
  fields.Add(0x9000, AsBytes("what such a slot has"));
  const Bytes object =
      SealEnvelope(ObjectClass::kKeySlot, {fixture.repository, {}}, fields.Finish(), nullptr);
  EXPECT_EQ(DecodeKeySlot(object, fixture.repository, 1).error().code(),
            ErrorCode::kUnsupportedVersion);
}

TEST(KeySlot, RefusesAnOverlongKey) {
  KeySlotObject slot = testing::SampleKeySlot();
  slot.wrapped.wrapped.resize(kMaxWrappedBundleBytes);
  EXPECT_TRUE(DecodeKeySlotBody(EncodeKeySlotBody(slot)).ok());
  slot.wrapped.wrapped.resize(kMaxWrappedBundleBytes + 1);
  EXPECT_EQ(DecodeKeySlotBody(EncodeKeySlotBody(slot)).error().code(), ErrorCode::kCorruption);
}

TEST(KeySlot, ShortPassphrasesAreRefused) {
  ControlFixture fixture(1);
  const auto wrap = [&fixture](const std::string& text) {
    return WrapBundle(fixture.bundle, fixture.repository, Passphrase(text), kCheap, fixture.random);
  };
  EXPECT_EQ(wrap("short").error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(wrap("").error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(wrap(std::string(kMaxPassphraseBytes + 1, 'x')).error().code(),
            ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace pgkeep::repository
