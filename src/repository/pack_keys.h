#pragma once

#include "base/array.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "repository/ids.h"
#include "repository/pack_format.h"

namespace pgkeep::repository {

// What opens the frames of one pack: its AES-256 key and its header, which every frame
// authenticates.
//
// Made by OpenPackHeader (reading) or NewPackKeys (writing) only, so whoever holds one knows that
// the header is intact, is of the pack with this name, and that the key is the right one. Constant
// after construction; any number of threads may read it. Move-only; the key is wiped by the
// destructor.
class PackKeys {
 public:
  const PackName& name() const { return name_; }
  const PackHeaderBytes& header() const { return header_; }

  // The AES-256 key, 32 bytes; valid while this lives.
  ByteSpan ExposeKey() const { return key_.Expose(); }

 private:
  friend Result<PackKeys> OpenPackHeader(ByteSpan header, const PackName& expected,
                                         const RepositoryId& repository, ByteSpan prk);
  friend PackKeys NewPackKeys(const PackName& name, const RepositoryId& repository,
                              const ByteArray<16>& salt, ByteSpan prk);
  PackKeys(const PackName& name, const PackHeaderBytes& header, ByteSpan key)
      : name_(name), header_(header), key_(key) {}

  PackName name_;
  PackHeaderBytes header_;
  SecretBytes key_;
};

// Checks the 96 bytes at the start of a pack and derives the pack's key from `prk`: the writer key
// for a data pack, K_meta for a metadata pack (32 bytes each, not kept).
//
// Errors: those of DecodePackHeader; kCorruption when the header is of another pack or another
// repository; kWrongKey when header and names are right but the key commitment is not of this prk.
[[nodiscard]] Result<PackKeys> OpenPackHeader(ByteSpan header, const PackName& expected,
                                              const RepositoryId& repository, ByteSpan prk);

// The keys of a pack that is about to be written. `salt` must be fresh random bytes: a salt that
// was used before under the same prk and name repeats a key, and with it nonces. REQUIRES: `prk` of
// 32 bytes. Never fails.
[[nodiscard]] PackKeys NewPackKeys(const PackName& name, const RepositoryId& repository,
                                   const ByteArray<16>& salt, ByteSpan prk);

// The nonce of a frame: its number, then its random tail.
ByteArray<12> FrameNonce(const FrameHeader& header);

// The additional data of a frame: pack header, then the frame header without its checksum.
inline constexpr size_t kFrameAadBytes = kPackHeaderBytes + kFrameHeaderBytes - 4;
ByteArray<kFrameAadBytes> FrameAad(ByteSpan pack_header, ByteSpan frame_header);

}  // namespace pgkeep::repository
