#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/codec.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "repository/frame_place.h"
#include "repository/ids.h"
#include "repository/pack_format.h"
#include "repository/pack_keys.h"

namespace pgkeep::repository {

// Writes one pack into memory: seals frames straight into the pack's buffer, checks each one by
// opening it again, and ends with footer, trailer and the SHA-256 of the whole.
//
// States: open -> finished (Finish), or open -> failed. For every frame call Append, then
// VerifyLast; or Store, which does both. A check that fails makes the builder fail: every later
// call returns the same kind of error, so a pack with an unreadable frame can never be finished.
// Destroying a builder that is not finished drops the pack; nothing was written anywhere.
//
// Nonces: one key per pack (fresh salt), the frame number counts up and is part of the nonce, the
// tail is random. The class can be neither copied nor moved, so no two objects continue one count,
// and after fork() the child gets kInternal from every call: both processes would seal different
// bytes under one (key, nonce) pair. Retrying an upload sends the finished bytes again; nothing is
// ever sealed twice.
//
// One thread at a time. In steady state (a recycled buffer) a frame allocates nothing.
class PackBuilder {
  struct Passkey {
    explicit Passkey() = default;
  };

 public:
  struct Options {
    RepositoryId repository;
    WriterId writer;
    PackKind kind = PackKind::kData;
    uint32_t seq = 0;
    // 32 bytes: writer key for data packs, K_meta for metadata packs. Only used during Create.
    ByteSpan prk;
    // The pack is full when it would pass this. At most kMaxPackBytes.
    size_t target_bytes = kDefaultPackBytes;
    // Must outlive the builder; never null.
    crypto::RandomSource* random = &crypto::SystemRandom();
    // The bytes of an earlier pack, for their memory; may be empty.
    Bytes recycled;
  };

  // Errors: kInvalidArgument for a prk, target or seq out of range.
  [[nodiscard]] static Result<std::unique_ptr<PackBuilder>> Create(Options options);

  // For Create only.
  PackBuilder(Passkey key, Options options, PackKeys keys);
  PackBuilder(const PackBuilder&) = delete;
  PackBuilder& operator=(const PackBuilder&) = delete;
  ~PackBuilder();

  const PackName& name() const { return keys_.name(); }

  // True if a frame with at most `clen_max` bytes of ciphertext and `units` units (0 for nodes) may
  // be appended: limits of the format hold, and the finished pack is not larger than the target.
  // The first frame of a pack may pass the target.
  [[nodiscard]] bool HasRoom(size_t clen_max, unsigned units) const;

  struct FrameInput {
    FrameKind kind = FrameKind::kUnits;
    codec::CodecId codec = codec::CodecId::kNone;
    uint16_t units = 0;
    ByteSpan compressed;  // the payload itself when codec is kNone; only borrowed
    uint32_t rlen = 0;
    ContentHash hash{};  // zeros for nodes
  };

  // Seals one frame. Errors, all before a nonce is used: kLimitExceeded without room for it (a hard
  // limit of the format, not the target); kInvalidArgument for a frame that breaks a rule of the
  // format or does not belong into this kind of pack; kInternal after a fork, after Finish, or
  // while the frame before it is not verified.
  Result<FramePlace> Append(const FrameInput& input);

  // Opens the last frame from the sealed bytes as a reader would, decompresses it and compares it
  // with `payload`, byte by byte. `codec` must be of the frame's codec id; not used for kNone.
  // Errors: kCorruption when anything differs: memory, processor or compressor made a mistake, and
  // the builder has failed; kInternal when there is nothing to verify, the codec is another one, or
  // after a fork.
  Status VerifyLast(codec::BlockCodec& codec, ByteSpan payload);

  // Compresses `payload` (kept as it is when that does not make it smaller), appends and verifies:
  // the whole way of a frame in one call. Errors: those of Append, VerifyLast and BlockCodec.
  Result<FramePlace> Store(codec::BlockCodec& codec, FrameKind kind, uint16_t units,
                           ByteSpan payload, const ContentHash& hash);

  // The frames so far, in order. Valid until the next call of a method that is not const.
  std::span<const FooterFrame> frames() const { return frames_; }
  uint64_t units() const { return units_; }
  // Bytes so far, without footer and trailer.
  size_t size() const { return used_; }

  struct Finished {
    PackName name;
    Bytes bytes;  // give them back as Options::recycled after the upload
    crypto::Digest32 sha256{};
    uint64_t units = 0;
    std::vector<FooterFrame> frames;  // without the footer
  };

  // Appends footer (verified as well) and trailer and hands the pack over. Errors: kInternal when
  // the pack has no frame, the last frame is not verified, it was finished before, or after a fork;
  // kCorruption when the check of the footer or of the pack header fails.
  Result<Finished> Finish();

 private:
  enum class State { kOpen, kUnverified, kFinished, kFailed };

  Status CheckUsable(State wanted) const;
  Status CheckInput(const FrameInput& input) const;
  void EnsureBuffer(size_t size);
  FramePlace Seal(const FrameInput& input);
  Status OpenLast(codec::BlockCodec* codec, ByteSpan payload);
  Result<ByteSpan> Compress(codec::BlockCodec& codec, ByteSpan payload);

  // Constant after construction.
  const pid_t owner_;
  const size_t target_bytes_;
  crypto::RandomSource* const random_;
  const PackKeys keys_;

  crypto::Aes256Gcm cipher_;
  crypto::Sha256Hasher hasher_;
  State state_ = State::kOpen;
  Bytes buffer_;  // the pack; bytes beyond used_ are garbage
  size_t used_ = 0;
  uint64_t units_ = 0;
  std::vector<FooterFrame> frames_;
  FrameHeader last_;  // of the frame at last_offset_
  size_t last_offset_ = 0;
  Bytes compress_scratch_;
  Bytes open_scratch_;
  Bytes payload_scratch_;
};

}  // namespace pgkeep::repository
