#include "repository/pack_builder.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace pgkeep::repository {

namespace {

constexpr size_t kBufferStepBytes = 256 << 10;
// Enough for a pack of usual frames, so that the table does not grow while it is written.
constexpr size_t kFirstFrames = 1024;

// The end of a pack with `frames` frames at most: footer frame and trailer.
constexpr size_t EndBytesMax(size_t frames) {
  return kFrameOverheadBytes + kFooterCountBytesMax + frames * kFooterFrameBytesMax +
         kPackTrailerBytes;
}

// The first `size` bytes of memory that is kept from frame to frame.
MutableByteSpan Scratch(Bytes& scratch, size_t size) {
  if (scratch.size() < size) scratch.resize(size);
  return MutableByteSpan(scratch).first(size);
}

ByteArray<16> NewSalt(crypto::RandomSource& random) {
  ByteArray<16> salt{};
  random.Fill(salt);
  return salt;
}

Error DiffersError(const PackName& pack, uint32_t number) {
  return Err(ErrorCode::kCorruption,
             "frame {} of pack {} does not read back as it was written, so it was not stored",
             number, pack.Key())
      .WithHint(
          "memory or processor of this machine may be faulty: test the memory, then run the backup "
          "again");
}

}  // namespace

Result<std::unique_ptr<PackBuilder>> PackBuilder::Create(Options options) {
  if (options.prk.size() != kKeyBytes || options.seq > kMaxPackSeq || options.random == nullptr ||
      options.target_bytes < 1 || options.target_bytes > kMaxPackBytes) {
    return Err(ErrorCode::kInvalidArgument, "pack {} cannot be begun with {} bytes of key for {}",
               options.seq, options.prk.size(), options.target_bytes);
  }
  PackKeys keys = NewPackKeys({options.writer, options.kind, options.seq}, options.repository,
                              NewSalt(*options.random), options.prk);
  return std::make_unique<PackBuilder>(Passkey(), std::move(options), std::move(keys));
}

PackBuilder::PackBuilder(Passkey /*key*/, Options options, PackKeys keys)
    : owner_(getpid()),
      target_bytes_(options.target_bytes),
      random_(options.random),
      keys_(std::move(keys)),
      cipher_(keys_.ExposeKey()),
      buffer_(std::move(options.recycled)) {
  frames_.reserve(kFirstFrames);
  if (buffer_.capacity() < target_bytes_) buffer_.clear();  // its old bytes need not move
  EnsureBuffer(kPackHeaderBytes);
  std::ranges::copy(keys_.header(), buffer_.begin());
  hasher_.Update(keys_.header());
  used_ = kPackHeaderBytes;
}

PackBuilder::~PackBuilder() = default;

bool PackBuilder::HasRoom(size_t clen_max, unsigned units) const {
  if (frames_.size() >= kMaxFramesPerPack || units_ + units > kMaxUnitsPerPack ||
      clen_max > kMaxPackBytes) {
    return false;
  }
  const size_t end = used_ + kFrameOverheadBytes + clen_max + EndBytesMax(frames_.size() + 1);
  return end <= kMaxPackBytes && (frames_.empty() || end <= target_bytes_);
}

Status PackBuilder::CheckUsable(State wanted) const {
  if (getpid() != owner_) {
    return Err(ErrorCode::kInternal, "pack {} was begun by another process", name().Key());
  }
  if (state_ == State::kFailed) {
    return Err(ErrorCode::kCorruption, "pack {} has failed its check before", name().Key());
  }
  if (state_ != wanted) {
    return Err(ErrorCode::kInternal, "pack {} is {}", name().Key(),
               state_ == State::kFinished     ? "finished"
               : state_ == State::kUnverified ? "not yet verified"
                                              : "without a frame to verify");
  }
  return Ok();
}

Status PackBuilder::CheckInput(const FrameInput& input) const {
  const FrameHeader header{
      .number = static_cast<uint32_t>(frames_.size()),
      .codec = input.codec,
      .kind = input.kind,
      .units = input.units,
      .clen = static_cast<uint32_t>(std::min(input.compressed.size(), kMaxPackBytes)),
      .rlen = input.rlen,
      .nonce_tail = {}};
  const bool nameless = input.kind == FrameKind::kUnits || input.hash == ContentHash{};
  const Status rules = CheckFrameHeader(header);
  if (!rules.ok() || !nameless || input.kind == FrameKind::kFooter ||
      !KindBelongsInto(input.kind, name().kind)) {
    return Err(ErrorCode::kInvalidArgument, "pack {} cannot take a {} frame: {}", name().Key(),
               FrameKindName(input.kind),
               rules.ok() ? "it does not belong there" : rules.error().ToString());
  }
  const size_t end = used_ + FrameBytes(header.clen) + EndBytesMax(frames_.size() + 1);
  if (frames_.size() >= kMaxFramesPerPack || units_ + input.units > kMaxUnitsPerPack ||
      end > kMaxPackBytes) {
    return Err(ErrorCode::kLimitExceeded, "pack {} has no room for another frame", name().Key());
  }
  return Ok();
}

void PackBuilder::EnsureBuffer(size_t size) {
  if (buffer_.size() >= size) return;
  // Room for the whole pack is reserved at once, so its bytes never move; memory is touched step by
  // step, so that a small pack costs little of it.
  if (buffer_.capacity() < size) buffer_.reserve(std::max(size, target_bytes_));
  buffer_.resize(std::min(size + kBufferStepBytes, buffer_.capacity()));
}

FramePlace PackBuilder::Seal(const FrameInput& input) {
  last_ = {.number = static_cast<uint32_t>(frames_.size()),
           .codec = input.codec,
           .kind = input.kind,
           .units = input.units,
           .clen = static_cast<uint32_t>(input.compressed.size()),
           .rlen = input.rlen,
           .nonce_tail = {}};
  random_->Fill(last_.nonce_tail);
  last_offset_ = used_;
  const size_t size = FrameBytes(last_.clen);
  EnsureBuffer(used_ + size);
  const MutableByteSpan frame = MutableByteSpan(buffer_).subspan(used_, size);
  const FrameHeaderBytes header = EncodeFrameHeader(last_);
  std::ranges::copy(header, frame.begin());
  cipher_.Seal(FrameNonce(last_), FrameAad(keys_.header(), header), input.compressed,
               frame.subspan(kFrameHeaderBytes));
  hasher_.Update(frame);
  used_ += size;
  const auto offset = static_cast<uint32_t>(last_offset_);
  frames_.push_back({.kind = input.kind,
                     .offset = offset,
                     .units = static_cast<uint8_t>(input.units),
                     .hash = input.hash});
  state_ = State::kUnverified;
  return {.pack = name(), .offset = offset, .clen = last_.clen, .rlen = last_.rlen};
}

Result<FramePlace> PackBuilder::Append(const FrameInput& input) {
  PGK_TRY(CheckUsable(State::kOpen));
  PGK_TRY(CheckInput(input));
  units_ += input.units;
  return Seal(input);
}

Status PackBuilder::OpenLast(codec::BlockCodec* codec, ByteSpan payload) {
  // Everything is taken from the sealed bytes, as a reader would: header, number and lengths too.
  const ByteSpan pack(buffer_);
  const ByteSpan frame = pack.subspan(last_offset_, used_ - last_offset_);
  PGK_ASSIGN_OR_RETURN(const FrameHeader header, DecodeFrameHeader(frame));
  if (header != last_ || header.rlen != payload.size()) {
    return Err(ErrorCode::kCorruption, "the frame header differs");
  }
  const MutableByteSpan opened = Scratch(open_scratch_, header.clen);
  PGK_TRY(cipher_.Open(FrameNonce(header), FrameAad(pack, frame), frame.subspan(kFrameHeaderBytes),
                       opened));
  ByteSpan plain = opened;
  if (codec != nullptr) {
    const MutableByteSpan decompressed = Scratch(payload_scratch_, header.rlen);
    PGK_TRY(codec->Decompress(opened, decompressed));
    plain = decompressed;
  }
  if (!BytesEqual(plain, payload)) return Err(ErrorCode::kCorruption, "the payload differs");
  return Ok();
}

Status PackBuilder::VerifyLast(codec::BlockCodec& codec, ByteSpan payload) {
  PGK_TRY(CheckUsable(State::kUnverified));
  const bool plain = last_.codec == codec::CodecId::kNone;
  if (!plain && codec.id() != last_.codec) {
    return Err(ErrorCode::kInternal, "pack {} cannot be verified with codec {}", name().Key(),
               codec::CodecName(codec.id()));
  }
  Status opened = OpenLast(plain ? nullptr : &codec, payload);
  if (!opened.ok()) {
    state_ = State::kFailed;
    return DiffersError(name(), last_.number).Attach(std::move(opened).error());
  }
  state_ = State::kOpen;
  return Ok();
}

Result<ByteSpan> PackBuilder::Compress(codec::BlockCodec& codec, ByteSpan payload) {
  if (codec.id() == codec::CodecId::kNone) return payload;
  const MutableByteSpan out = Scratch(compress_scratch_, codec.MaxCompressedSize(payload.size()));
  PGK_ASSIGN_OR_RETURN(const size_t size, codec.Compress(payload, out));
  if (size > out.size()) {
    return Err(ErrorCode::kInternal, "codec {} says {} bytes where {} fit",
               codec::CodecName(codec.id()), size, out.size());
  }
  return size < payload.size() ? ByteSpan(out.first(size)) : payload;
}

Result<FramePlace> PackBuilder::Store(codec::BlockCodec& codec, FrameKind kind, uint16_t units,
                                      ByteSpan payload, const ContentHash& hash) {
  PGK_TRY(CheckUsable(State::kOpen));
  if (payload.empty() || payload.size() > PayloadBytesMax(kind)) {
    return Err(ErrorCode::kInvalidArgument, "a {} frame cannot hold {} bytes", FrameKindName(kind),
               payload.size());
  }
  PGK_ASSIGN_OR_RETURN(const ByteSpan compressed, Compress(codec, payload));
  const bool smaller = compressed.size() < payload.size();
  PGK_ASSIGN_OR_RETURN(const FramePlace place,
                       Append({.kind = kind,
                               .codec = smaller ? codec.id() : codec::CodecId::kNone,
                               .units = units,
                               .compressed = compressed,
                               .rlen = static_cast<uint32_t>(payload.size()),
                               .hash = hash}));
  PGK_TRY(VerifyLast(codec, payload));
  return place;
}

Result<PackBuilder::Finished> PackBuilder::Finish() {
  PGK_TRY(CheckUsable(State::kOpen));
  if (frames_.empty()) {
    return Err(ErrorCode::kInternal, "pack {} has no frame", name().Key());
  }
  const Bytes footer = EncodeFooter(frames_);
  const PackTrailer trailer{.footer_offset = used_,
                            .frames = static_cast<uint32_t>(frames_.size()) + 1};
  Seal({.kind = FrameKind::kFooter,
        .codec = codec::CodecId::kNone,
        .units = 0,
        .compressed = footer,
        .rlen = static_cast<uint32_t>(footer.size()),
        .hash = {}});
  frames_.pop_back();
  Status opened = OpenLast(nullptr, footer);
  if (!opened.ok()) {
    state_ = State::kFailed;
    return DiffersError(name(), last_.number).Attach(std::move(opened).error());
  }
  const PackTrailerBytes end = EncodePackTrailer(trailer);
  hasher_.Update(end);
  EnsureBuffer(used_ + end.size());
  std::ranges::copy(end, buffer_.begin() + static_cast<ptrdiff_t>(used_));
  buffer_.resize(used_ + end.size());
  state_ = State::kFinished;
  return Finished{.name = name(),
                  .bytes = std::move(buffer_),
                  .sha256 = hasher_.Finish(),
                  .units = units_,
                  .frames = std::move(frames_)};
}

}  // namespace pgkeep::repository
