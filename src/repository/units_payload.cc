#include "repository/units_payload.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/wire.h"

namespace pgkeep::repository {

namespace {

// Bytes of a length (1..1,048,576) as a varint.
constexpr uint32_t LengthBytes(uint32_t length) {
  return length < (1U << 7) ? 1 : length < (1U << 14) ? 2 : 3;
}

}  // namespace

UnitsPayloadBuilder::UnitsPayloadBuilder() : buffer_(kTableRoom) {}

bool UnitsPayloadBuilder::Fits(size_t size) const {
  if (size < 1 || size > kMaxUnitBytes || count_ == kMaxUnitsPerFrame) return false;
  return count_ == 0 || unit_bytes() + size <= kFrameUnitsBytesTarget;
}

void UnitsPayloadBuilder::Add(ByteSpan unit) {
  // Not std::ranges::copy: between spans g++ 12 makes a loop of single bytes of it, 25 times
  // slower.
  std::memcpy(AddForWriting(unit.size()).data(), unit.data(), unit.size());
}

MutableByteSpan UnitsPayloadBuilder::AddForWriting(size_t size) {
  PGK_CHECK(Fits(size));
  if (buffer_.size() < end_ + size) buffer_.resize(end_ + size);
  const MutableByteSpan room = MutableByteSpan(buffer_).subspan(end_, size);
  lengths_[count_] = static_cast<uint32_t>(size);
  ++count_;
  end_ += size;
  return room;
}

ByteSpan UnitsPayloadBuilder::unit(size_t index) const {
  PGK_CHECK(index < count_);
  size_t offset = kTableRoom;
  for (size_t i = 0; i < index; ++i) offset += lengths_[i];
  return ByteSpan(buffer_).subspan(offset, lengths_[index]);
}

ByteSpan UnitsPayloadBuilder::Finish() {
  PGK_CHECK(count_ > 0);
  size_t begin = kTableRoom;
  for (size_t i = 0; i < count_; ++i) begin -= LengthBytes(lengths_[i]);
  uint8_t* to = buffer_.data() + begin;
  for (size_t i = 0; i < count_; ++i) {
    uint32_t rest = lengths_[i];
    for (; rest >= 0x80; rest >>= 7) *to++ = static_cast<uint8_t>(rest | 0x80);
    *to++ = static_cast<uint8_t>(rest);
  }
  return ByteSpan(buffer_).subspan(begin, end_ - begin);
}

void UnitsPayloadBuilder::Clear() {
  end_ = kTableRoom;
  count_ = 0;
}

Result<UnitsView> SplitUnits(ByteSpan payload, uint16_t units) {
  if (units < 1 || units > kMaxUnitsPerFrame) {
    return Err(ErrorCode::kCorruption, "a frame cannot have {} units", units);
  }
  ByteReader in(payload);
  std::array<uint64_t, kMaxUnitsPerFrame> lengths{};
  uint64_t sum = 0;
  for (size_t i = 0; i < units; ++i) {
    PGK_ASSIGN_OR_RETURN(lengths[i], in.VarintMax(kMaxUnitBytes, "length of a unit"));
    if (lengths[i] == 0) return Err(ErrorCode::kCorruption, "unit {} of a frame is empty", i);
    sum += lengths[i];
  }
  if (units > 1 && sum > kFrameUnitsBytesTarget) {
    return Err(ErrorCode::kCorruption, "a frame holds {} units of together {} bytes", units, sum);
  }
  UnitsView view;
  view.count = units;
  for (size_t i = 0; i < units; ++i) {
    PGK_ASSIGN_OR_RETURN(view.spans[i], in.Raw(static_cast<size_t>(lengths[i])));
  }
  PGK_TRY(in.ExpectEnd());
  return view;
}

ContentHash ComputeContentHash(const crypto::HmacSha256Key& content_key, ByteSpan payload) {
  const crypto::Digest32 mac = content_key.Mac(payload);
  ContentHash hash{};
  std::copy_n(mac.begin(), hash.size(), hash.begin());
  return hash;
}

std::optional<uint32_t> SingleUnitBytes(uint32_t rlen) {
  for (uint32_t length_bytes = 1; length_bytes <= 3 && length_bytes < rlen; ++length_bytes) {
    const uint32_t length = rlen - length_bytes;
    if (LengthBytes(length) == length_bytes && length <= kMaxUnitBytes) return length;
  }
  return std::nullopt;
}

uint32_t SingleUnitPayloadBytes(uint32_t unit_bytes) {
  PGK_CHECK(unit_bytes >= 1 && unit_bytes <= kMaxUnitBytes);
  return LengthBytes(unit_bytes) + unit_bytes;
}

}  // namespace pgkeep::repository
