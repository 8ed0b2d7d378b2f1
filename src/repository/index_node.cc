#include "repository/index_node.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/wire.h"

namespace pgkeep::repository {

namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kChildBytesMin = 3 + 1 + 1;  // shortest inline pointer, two numbers
constexpr int kFanoutBits = 8;
static_assert(kIndexFanout == 1U << kFanoutBits);

struct Sums {
  uint64_t units = 0;
  uint64_t bytes = 0;
};

// False if a sum does not fit.
bool Add(Sums& sums, const IndexChild& child) {
  return !__builtin_add_overflow(sums.units, child.units, &sums.units) &&
         !__builtin_add_overflow(sums.bytes, child.bytes, &sums.bytes);
}

}  // namespace

uint64_t UnitsBelow(uint8_t height) {
  if (height >= kMaxIndexHeight) return std::numeric_limits<uint64_t>::max();
  return uint64_t{kUnitsPerLeaf} << (kFanoutBits * height);
}

uint8_t HeightFor(uint64_t units) {
  uint8_t height = 0;
  while (units > UnitsBelow(height)) ++height;
  return height;
}

Bytes EncodeIndex(const IndexNode& index) {
  PGK_CHECK(ValidateIndex(index).ok());
  Bytes payload;
  ByteWriter out(payload);
  out.U8(kVersion);
  out.U8(index.height);
  out.Varint(index.children.size());
  for (const IndexChild& child : index.children) {
    child.node.Encode(out);
    out.Varint(child.bytes);
    out.Varint(child.units);
  }
  return payload;
}

Result<IndexNode> DecodeIndex(ByteSpan payload) {
  ByteReader in(payload);
  PGK_TRY(CheckNodeVersion(in, kVersion));
  IndexNode index;
  PGK_ASSIGN_OR_RETURN(index.height, in.U8());
  PGK_ASSIGN_OR_RETURN(const uint64_t count, in.VarintMax(kIndexFanout, "number of children"));
  index.children.reserve(std::min<uint64_t>(count, in.remaining() / kChildBytesMin));
  for (uint64_t i = 0; i < count; ++i) {
    IndexChild child;
    PGK_ASSIGN_OR_RETURN(child.node, NodePointer::Decode(in));
    PGK_ASSIGN_OR_RETURN(child.bytes, in.Varint());
    PGK_ASSIGN_OR_RETURN(child.units, in.Varint());
    index.children.push_back(std::move(child));
  }
  PGK_TRY(in.ExpectEnd());
  PGK_TRY(ValidateIndex(index));
  return index;
}

Status ValidateIndex(const IndexNode& index) {
  if (index.height < 1 || index.height > kMaxIndexHeight || index.children.empty() ||
      index.children.size() > kIndexFanout) {
    return Err(ErrorCode::kCorruption, "an index node has height {} and {} children", index.height,
               index.children.size());
  }
  const uint64_t full = UnitsBelow(static_cast<uint8_t>(index.height - 1));
  Sums sums;
  for (const IndexChild& child : index.children) {
    const bool last = &child == &index.children.back();
    const bool right = last ? child.units >= 1 && child.units <= full : child.units == full;
    if (!right || child.node.empty() || !Add(sums, child)) {
      return Err(ErrorCode::kCorruption, "a child of an index node of height {} has {} units",
                 index.height, child.units);
    }
  }
  return Ok();
}

Status CheckIndexInStream(const IndexNode& index, uint8_t height, uint64_t units, uint64_t bytes) {
  Sums sums;
  const bool fit = std::ranges::all_of(index.children,
                                       [&](const IndexChild& child) { return Add(sums, child); });
  if (fit && index.height == height && sums.units == units && sums.bytes == bytes) return Ok();
  return Err(ErrorCode::kCorruption,
             "an index node has height {}, {} units and {} bytes, its parent says {}, {} and {}",
             index.height, sums.units, sums.bytes, height, units, bytes);
}

}  // namespace pgkeep::repository
