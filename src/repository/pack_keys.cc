#include "repository/pack_keys.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"
#include "base/endian.h"
#include "base/wire.h"
#include "crypto/aead.h"
#include "crypto/constant_time.h"
#include "crypto/kdf.h"

namespace pgkeep::repository {

namespace {

constexpr std::string_view kInfo = "pgkeep1 pack";
constexpr uint8_t kSuite = 1;
constexpr size_t kCommitmentBytes = 16;

// AES key, then commitment.
SecretBytes Derive(const PackHeader& header, ByteSpan prk) {
  PGK_CHECK(prk.size() == kKeyBytes);
  Bytes info;
  ByteWriter out(info);
  out.Raw(AsBytes(kInfo));
  out.U8(kSuite);
  out.U8(static_cast<uint8_t>(header.kind));
  out.Raw(header.repository.bytes);
  out.Raw(header.writer.bytes);
  out.U32(header.seq);
  out.Raw(header.salt);
  return crypto::HkdfExpandSha256(prk, info, crypto::kAes256GcmKeyBytes + kCommitmentBytes);
}

}  // namespace

Result<PackKeys> OpenPackHeader(ByteSpan header, const PackName& expected,
                                const RepositoryId& repository, ByteSpan prk) {
  PGK_ASSIGN_OR_RETURN(const PackHeader decoded, DecodePackHeader(header));
  if (decoded.repository != repository) {
    return Err(ErrorCode::kCorruption, "pack {} is of another repository, {}", expected.Key(),
               decoded.repository.Hex());
  }
  if (decoded.name() != expected) {
    return Err(ErrorCode::kCorruption, "pack {} says that it is {}", expected.Key(),
               decoded.name().Key());
  }
  const SecretBytes derived = Derive(decoded, prk);
  const ByteSpan bytes = derived.Expose();
  if (!crypto::ConstantTimeEqual(bytes.subspan(crypto::kAes256GcmKeyBytes), decoded.commitment)) {
    return Err(ErrorCode::kWrongKey, "pack {} was written with another key", expected.Key())
        .WithHint("check that the key file belongs to this repository");
  }
  PackHeaderBytes copy{};
  std::ranges::copy(header, copy.begin());
  return PackKeys(expected, copy, bytes.first(crypto::kAes256GcmKeyBytes));
}

PackKeys NewPackKeys(const PackName& name, const RepositoryId& repository,
                     const ByteArray<16>& salt, ByteSpan prk) {
  PackHeader header{.kind = name.kind,
                    .repository = repository,
                    .writer = name.writer,
                    .seq = name.seq,
                    .salt = salt,
                    .commitment = {}};
  const SecretBytes derived = Derive(header, prk);
  const ByteSpan bytes = derived.Expose();
  std::ranges::copy(bytes.subspan(crypto::kAes256GcmKeyBytes), header.commitment.begin());
  return PackKeys(name, EncodePackHeader(header), bytes.first(crypto::kAes256GcmKeyBytes));
}

ByteArray<12> FrameNonce(const FrameHeader& header) {
  ByteArray<12> nonce{};
  StoreLe32(nonce.data(), header.number);
  std::ranges::copy(header.nonce_tail, nonce.begin() + 4);
  return nonce;
}

ByteArray<kFrameAadBytes> FrameAad(ByteSpan pack_header, ByteSpan frame_header) {
  ByteArray<kFrameAadBytes> aad{};
  std::ranges::copy(pack_header.first(kPackHeaderBytes), aad.begin());
  std::ranges::copy(frame_header.first(kFrameAadBytes - kPackHeaderBytes),
                    aad.begin() + kPackHeaderBytes);
  return aad;
}

}  // namespace pgkeep::repository
