// What is behind the cipher of a frame: a thief of a key may seal anything. First byte: what the
// rest is; second byte: a number of units, or how the payload's length is claimed.
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/check.h"
#include "codec/codec.h"
#include "repository/frame_opener.h"
#include "repository/pack_keys.h"
#include "repository/units_payload.h"

namespace {

using namespace pgkeep;              // NOLINT: a fuzz target is one file
using namespace pgkeep::repository;  // NOLINT

void CheckUnits(ByteSpan payload, uint16_t units) {
  const auto split = SplitUnits(payload, units);
  if (!split.ok()) return;
  UnitsPayloadBuilder again;
  for (const ByteSpan unit : split->units()) {
    PGK_CHECK(again.Fits(unit.size()));
    again.Add(unit);
  }
  PGK_CHECK(BytesEqual(again.Finish(), payload));
  if (units == 1) PGK_CHECK(SingleUnitBytes(static_cast<uint32_t>(payload.size())).has_value());
}

void CheckFooter(ByteSpan payload, PackKind kind) {
  const auto footer = DecodeFooter(payload, kind);
  if (footer.ok()) PGK_CHECK(BytesEqual(EncodeFooter(*footer), payload));
}

// Seals `compressed` as a units frame and opens it as a reader would.
void CheckCompressed(ByteSpan compressed, uint32_t rlen) {
  static const PackKeys keys = NewPackKeys({}, {}, {}, Bytes(kKeyBytes));
  static FrameOpener opener;
  const FrameHeader header{.number = 0,
                           .codec = codec::CodecId::kZstd,
                           .kind = FrameKind::kUnits,
                           .units = 1,
                           .clen = static_cast<uint32_t>(compressed.size()),
                           .rlen = rlen,
                           .nonce_tail = {}};
  if (!CheckFrameHeader(header).ok()) return;
  Bytes frame = ToBytes(EncodeFrameHeader(header));
  frame.resize(FrameBytes(header.clen));
  crypto::Aes256Gcm cipher(keys.ExposeKey());
  cipher.Seal(FrameNonce(header), FrameAad(keys.header(), frame), compressed,
              MutableByteSpan(frame).subspan(kFrameHeaderBytes));
  const FrameExpectation expected{.kind = header.kind,
                                  .offset = kPackHeaderBytes,
                                  .clen = header.clen,
                                  .rlen = rlen,
                                  .units = 1,
                                  .number = std::nullopt};
  const auto opened = opener.Open(keys, frame, expected);
  if (opened.ok()) {
    PGK_CHECK(opened->size() == rlen);
  } else {
    PGK_CHECK(opened.error().code() == ErrorCode::kCorruption);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const ByteSpan rest(data + 2, size - 2);
  switch (data[0] % 4) {
    case 0:
      CheckUnits(rest, data[1]);
      break;
    case 1:
      CheckFooter(rest, PackKind::kData);
      break;
    case 2:
      CheckFooter(rest, PackKind::kMeta);
      break;
    default:
      CheckCompressed(rest, uint32_t{data[1]} * 16);
      break;
  }
  return 0;
}
