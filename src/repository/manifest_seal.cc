#include "repository/manifest_seal.h"

#include <algorithm>

#include "base/wire.h"
#include "crypto/aead.h"
#include "crypto/constant_time.h"
#include "crypto/kdf.h"
#include "repository/config_object.h"

namespace pgkeep::repository {
namespace {

constexpr size_t kSaltBytes = 16;
constexpr size_t kCommitmentBytes = 16;
constexpr size_t kPrefixBytes = kSaltBytes + kCommitmentBytes + crypto::kAes256GcmNonceBytes;

// AES key and commitment.
struct SealKey {
  SecretBytes derived;

  ByteSpan key() const { return derived.Expose().first(crypto::kAes256GcmKeyBytes); }
  ByteSpan commitment() const { return derived.Expose().subspan(crypto::kAes256GcmKeyBytes); }
};

SealKey DeriveKey(ByteSpan meta_key, const ObjectIdentity& identity, ByteSpan salt) {
  Bytes info;
  ByteWriter writer(info);
  writer.Raw(AsBytes("pgkeep1 man"));
  writer.U8(kSuiteAes256Gcm);
  writer.Raw(identity.repository.bytes);
  writer.Raw(identity.subject.bytes);
  writer.Raw(salt);
  return {crypto::HkdfExpandSha256(meta_key, info, crypto::kAes256GcmKeyBytes + kCommitmentBytes)};
}

}  // namespace

size_t SealedManifestBodyBytes(size_t plaintext_bytes) {
  return kPrefixBytes + plaintext_bytes + crypto::kAes256GcmTagBytes;
}

Bytes SealManifestBody(ByteSpan plaintext, const ObjectIdentity& identity, ByteSpan meta_key,
                       crypto::RandomSource& random) {
  Bytes body(SealedManifestBodyBytes(plaintext.size()));
  const MutableByteSpan all(body);
  random.Fill(all.first(kSaltBytes));
  const SealKey key = DeriveKey(meta_key, identity, all.first(kSaltBytes));
  std::ranges::copy(key.commitment(), all.subspan(kSaltBytes).begin());
  const MutableByteSpan nonce =
      all.subspan(kSaltBytes + kCommitmentBytes, crypto::kAes256GcmNonceBytes);
  random.Fill(nonce);
  const auto header = EncodeEnvelopeHeader(ObjectClass::kManifest, identity, body.size());
  crypto::Aes256Gcm(key.key()).Seal(nonce, header, plaintext, all.subspan(kPrefixBytes));
  return body;
}

Result<Bytes> OpenManifestBody(ByteSpan body, const ObjectIdentity& identity, ByteSpan meta_key) {
  if (body.size() < SealedManifestBodyBytes(0)) {
    return Err(ErrorCode::kCorruption, "its sealed part ends early");
  }
  const SealKey key = DeriveKey(meta_key, identity, body.first(kSaltBytes));
  if (!crypto::ConstantTimeEqual(body.subspan(kSaltBytes, kCommitmentBytes), key.commitment())) {
    return Err(ErrorCode::kWrongKey, "was sealed under another metadata key than this one's")
        .WithHint("use the key file of this repository");
  }
  const ByteSpan nonce = body.subspan(kSaltBytes + kCommitmentBytes, crypto::kAes256GcmNonceBytes);
  const ByteSpan sealed = body.subspan(kPrefixBytes);
  const auto header = EncodeEnvelopeHeader(ObjectClass::kManifest, identity, body.size());
  Bytes plaintext(sealed.size() - crypto::kAes256GcmTagBytes);
  if (!crypto::Aes256Gcm(key.key()).Open(nonce, header, sealed, plaintext).ok()) {
    return Err(ErrorCode::kCorruption, "its sealed part was changed");
  }
  return plaintext;
}

}  // namespace pgkeep::repository
