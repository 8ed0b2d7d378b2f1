#include "crypto/self_test.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/hmac.h"
#include "crypto/siphash.h"

namespace pgkeep::crypto::internal {
namespace {

// FIPS 180-2 appendix B.1: "abc".
constexpr Digest32 kSha256OfAbc = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                   0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                   0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

// RFC 4231 test case 2: key "Jefe", data "what do ya want for nothing?".
constexpr Digest32 kHmacCase2 = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24,
                                 0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27,
                                 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};

// McGrew and Viega, "The Galois/Counter Mode of Operation", test case 14: all input is zero.
constexpr std::array<uint8_t, 32> kGcmCase14 = {
    0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18,
    0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19};

// Aumasson and Bernstein, "SipHash", appendix A: key 00..0f, data 00..0e.
constexpr uint64_t kSipHashOfPaper = 0xa129ca6149be45e5;

bool GcmWorks() {
  const std::array<uint8_t, kAes256GcmKeyBytes> key{};
  const std::array<uint8_t, kAes256GcmNonceBytes> nonce{};
  const std::array<uint8_t, 16> plain{};
  std::array<uint8_t, 32> sealed{};
  std::array<uint8_t, 16> opened{};
  Aes256Gcm cipher(key);
  cipher.Seal(nonce, {}, plain, sealed);
  if (sealed != kGcmCase14 || !cipher.Open(nonce, {}, sealed, opened).ok() || opened != plain) {
    return false;
  }
  sealed.back() ^= 1;
  return !cipher.Open(nonce, {}, sealed, opened).ok();
}

bool SipHashWorks() {
  std::array<uint8_t, 16> key{};
  for (size_t i = 0; i < key.size(); ++i) key[i] = static_cast<uint8_t>(i);
  return SipHash24(key).Hash(ByteSpan(key).first(15)) == kSipHashOfPaper;
}

}  // namespace

const char* FailedSelfTest() {
  if (Sha256(AsBytes("abc")) != kSha256OfAbc) return "SHA-256";
  if (HmacSha256Key(AsBytes("Jefe")).Mac(AsBytes("what do ya want for nothing?")) != kHmacCase2) {
    return "HMAC-SHA-256";
  }
  if (!GcmWorks()) return "AES-256-GCM";
  if (!SipHashWorks()) return "SipHash-2-4";
  return nullptr;
}

}  // namespace pgkeep::crypto::internal
