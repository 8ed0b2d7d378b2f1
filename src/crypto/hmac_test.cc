#include "crypto/hmac.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <latch>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "crypto/test_hex.h"

namespace pgkeep::crypto {
namespace {

// RFC 4231 section 4, test cases 1 to 4, 6 and 7 (case 5 is about truncation).
TEST(HmacSha256Key, GivesPublishedValues) {
  const auto mac = [](ByteSpan key, ByteSpan data) {
    return HexEncode(HmacSha256Key(key).Mac(data));
  };
  EXPECT_EQ(mac(Bytes(20, 0x0b), AsBytes("Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(mac(AsBytes("Jefe"), AsBytes("what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(mac(Bytes(20, 0xaa), Bytes(50, 0xdd)),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(mac(Hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), Bytes(50, 0xcd)),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  EXPECT_EQ(
      mac(Bytes(131, 0xaa), AsBytes("Test Using Larger Than Block-Size Key - Hash Key First")),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(mac(Bytes(131, 0xaa),
                AsBytes("This is a test using a larger than block-size key and a larger than "
                        "block-size data. The key needs to be hashed before being used by the "
                        "HMAC algorithm.")),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

// The class uses an older interface of OpenSSL than this: they must agree for all lengths of key
// and data around the block size.
TEST(HmacSha256Key, AgreesWithEvpMac) {
  constexpr unsigned kSeed = 77;
  std::mt19937 random(kSeed);
  for (size_t key_size = 1; key_size < 140; key_size += 3) {
    Bytes key(key_size);
    for (uint8_t& byte : key) byte = static_cast<uint8_t>(random());
    const HmacSha256Key hmac(key);
    for (size_t size = 0; size < 200; size += 7) {
      const Bytes data(size, static_cast<uint8_t>(random()));
      Digest32 expected;
      size_t length = 0;
      ASSERT_NE(EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(),
                          data.data(), data.size(), expected.data(), expected.size(), &length),
                nullptr);
      ASSERT_EQ(hmac.Mac(data), expected) << key_size << ' ' << size << " seed " << kSeed;
    }
  }
}

TEST(HmacSha256Key, PrefixAndDataAreOneMessage) {
  const HmacSha256Key key(Bytes(32, 3));
  const Bytes data(300, 9);
  const ByteSpan all(data);
  for (const size_t split :
       {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{300}}) {
    EXPECT_EQ(key.Mac2(all.first(split), all.subspan(split)), key.Mac(data)) << split;
  }
}

TEST(HmacSha256Key, DependsOnTheKey) {
  EXPECT_NE(HmacSha256Key(Bytes(32, 1)).Mac({}), HmacSha256Key(Bytes(32, 2)).Mac({}));
  EXPECT_EQ(HmacSha256Key({}).Mac({}), HmacSha256Key(Bytes(64)).Mac({})) << "keys are zero-padded";
}

// Under ThreadSanitizer this proves that a call changes nothing in the shared object.
TEST(HmacSha256Key, ManyThreadsShareOneKey) {
  const HmacSha256Key key(Bytes(32, 8));
  const Bytes data(8192, 1);
  const Digest32 expected = key.Mac(data);
  constexpr int kThreads = 4;
  std::vector<int> wrong(kThreads, 0);
  std::latch start(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        for (int round = 0; round < 500; ++round) {
          if (key.Mac(data) != expected) ++wrong[static_cast<size_t>(i)];
        }
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(kThreads, 0));
}

TEST(HmacSha256KeyDeathTest, AbortsWhenMovedAway) {
  HmacSha256Key first(Bytes(32, 8));
  const Digest32 expected = first.Mac({});
  const HmacSha256Key second = std::move(first);
  EXPECT_EQ(second.Mac({}), expected);
  EXPECT_DEATH(static_cast<void>(first.Mac({})), "moved away");  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace pgkeep::crypto
