#include "repository/directory_node.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/endian.h"
#include "base/wire.h"
#include "repository/index_node.h"

namespace pgkeep::repository {

namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kStreamBytesMin = 2 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1;
constexpr size_t kChildBytesMin = 2 + 1 + 3;
constexpr uint64_t kMinEntriesToCut = 16;
constexpr unsigned kCutModulus = 64;
constexpr uint64_t kMaxBigUnitBytes = uint64_t{kMaxBlobFrames} * kMaxUnitBytes;

size_t VarintBytes(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

size_t VarBytesBytes(size_t size) { return VarintBytes(size) + size; }

// Bytes of a node whose entries have these bytes together.
size_t PayloadBytes(uint64_t entries, size_t entry_bytes) {
  return 1 + 1 + VarintBytes(entries) + entry_bytes;
}

uint64_t MultiplyOrMax(uint64_t left, uint64_t right) {
  uint64_t product = 0;
  return __builtin_mul_overflow(left, right, &product) ? std::numeric_limits<uint64_t>::max()
                                                       : product;
}

bool BytesFitUnits(const StreamEntry& entry) {
  if (entry.units == 0) return entry.bytes == 0;
  if (entry.unit_size == 0) return entry.bytes <= MultiplyOrMax(entry.units, kMaxBigUnitBytes);
  return entry.bytes > MultiplyOrMax(entry.units - 1, entry.unit_size) &&
         entry.bytes <= MultiplyOrMax(entry.units, entry.unit_size);
}

Status CheckName(std::string_view name, std::string_view before) {
  if (name.empty() || name.size() > kMaxStreamNameBytes) {
    return Err(ErrorCode::kCorruption, "the name of a stream has {} bytes", name.size());
  }
  if (name > before) return Ok();
  return Err(ErrorCode::kCorruption, "the names in a directory do not ascend");
}

Status CheckChildren(const std::vector<DirectoryChild>& children) {
  uint64_t streams = 0;
  std::string_view before;
  for (const DirectoryChild& child : children) {
    PGK_TRY(CheckName(child.first_name, before));
    before = child.first_name;
    if (child.streams < 1 || child.node.empty() ||
        __builtin_add_overflow(streams, child.streams, &streams)) {
      return Err(ErrorCode::kCorruption, "a directory has a child with {} streams", child.streams);
    }
  }
  return Ok();
}

Status CheckStreams(const std::vector<StreamEntry>& streams) {
  std::string_view before;
  for (const StreamEntry& entry : streams) {
    PGK_TRY(ValidateStreamEntry(entry));
    PGK_TRY(CheckName(entry.name, before));
    before = entry.name;
  }
  return Ok();
}

void Encode(const StreamEntry& entry, ByteWriter& out) {
  out.VarBytes(AsBytes(entry.name));
  out.VarBytes(entry.identity);
  out.VarBytes(entry.attributes);
  out.U8(entry.kind);
  out.Varint(entry.unit_size);
  out.Varint(entry.units);
  out.Varint(entry.bytes);
  out.U8(entry.height);
  entry.root.Encode(out);
}

Result<StreamEntry> DecodeStream(ByteReader& in) {
  StreamEntry entry;
  PGK_ASSIGN_OR_RETURN(const ByteSpan name,
                       in.VarBytes(kMaxStreamNameBytes, "length of a stream's name"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan identity,
                       in.VarBytes(kMaxStreamIdentityBytes, "length of a stream's identity"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan attributes,
                       in.VarBytes(kMaxStreamAttributesBytes, "length of a stream's attributes"));
  PGK_ASSIGN_OR_RETURN(entry.kind, in.U8());
  PGK_ASSIGN_OR_RETURN(const uint64_t unit_size, in.VarintMax(kMaxUnitBytes, "unit size"));
  PGK_ASSIGN_OR_RETURN(entry.units, in.Varint());
  PGK_ASSIGN_OR_RETURN(entry.bytes, in.Varint());
  PGK_ASSIGN_OR_RETURN(entry.height, in.U8());
  PGK_ASSIGN_OR_RETURN(entry.root, NodePointer::Decode(in));
  entry.name = AsText(name);
  entry.identity = ToBytes(identity);
  entry.attributes = ToBytes(attributes);
  entry.unit_size = static_cast<uint32_t>(unit_size);
  return entry;
}

Result<DirectoryChild> DecodeChild(ByteReader& in) {
  DirectoryChild child;
  PGK_ASSIGN_OR_RETURN(const ByteSpan name,
                       in.VarBytes(kMaxStreamNameBytes, "length of a stream's name"));
  PGK_ASSIGN_OR_RETURN(child.streams, in.Varint());
  PGK_ASSIGN_OR_RETURN(child.node, NodePointer::Decode(in));
  child.first_name = AsText(name);
  return child;
}

}  // namespace

Bytes EncodeDirectory(const DirectoryNode& node) {
  PGK_CHECK(ValidateDirectory(node).ok());
  Bytes payload;
  ByteWriter out(payload);
  out.U8(kVersion);
  out.U8(node.level);
  out.Varint(node.streams.size() + node.children.size());
  for (const StreamEntry& entry : node.streams) Encode(entry, out);
  for (const DirectoryChild& child : node.children) {
    out.VarBytes(AsBytes(child.first_name));
    out.Varint(child.streams);
    child.node.Encode(out);
  }
  return payload;
}

Result<DirectoryNode> DecodeDirectory(ByteSpan payload) {
  ByteReader in(payload);
  PGK_TRY(CheckNodeVersion(in, kVersion));
  DirectoryNode node;
  PGK_ASSIGN_OR_RETURN(node.level, in.U8());
  const size_t entry_bytes_min = node.level == 0 ? kStreamBytesMin : kChildBytesMin;
  PGK_ASSIGN_OR_RETURN(const uint64_t count,
                       in.VarintMax(in.remaining() / entry_bytes_min, "entries of a directory"));
  for (uint64_t i = 0; i < count && node.level == 0; ++i) {
    PGK_ASSIGN_OR_RETURN(StreamEntry entry, DecodeStream(in));
    node.streams.push_back(std::move(entry));
  }
  for (uint64_t i = 0; i < count && node.level > 0; ++i) {
    PGK_ASSIGN_OR_RETURN(DirectoryChild child, DecodeChild(in));
    node.children.push_back(std::move(child));
  }
  PGK_TRY(in.ExpectEnd());
  PGK_TRY(ValidateDirectory(node));
  return node;
}

Status ValidateDirectory(const DirectoryNode& node) {
  const size_t entries = node.streams.size() + node.children.size();
  if (node.level > kMaxDirectoryLevel || entries == 0 ||
      !(node.level == 0 ? node.children.empty() : node.streams.empty())) {
    return Err(ErrorCode::kCorruption, "a directory node of level {} has {} streams, {} children",
               node.level, node.streams.size(), node.children.size());
  }
  PGK_TRY(CheckStreams(node.streams));
  PGK_TRY(CheckChildren(node.children));
  size_t entry_bytes = 0;
  for (const StreamEntry& entry : node.streams) entry_bytes += EncodedBytes(entry);
  for (const DirectoryChild& child : node.children) entry_bytes += EncodedBytes(child);
  if (entries > 1 && PayloadBytes(entries, entry_bytes) > kDirectoryNodeBytesTarget) {
    return Err(ErrorCode::kCorruption, "a directory node has {} bytes for {} entries",
               PayloadBytes(entries, entry_bytes), entries);
  }
  return Ok();
}

Status ValidateStreamEntry(const StreamEntry& entry) {
  PGK_TRY(CheckName(entry.name, ""));
  if (entry.identity.size() > kMaxStreamIdentityBytes ||
      entry.attributes.size() > kMaxStreamAttributesBytes || entry.unit_size > kMaxUnitBytes) {
    return Err(ErrorCode::kCorruption,
               "a stream has {} bytes of identity, {} of attributes, units of {}",
               entry.identity.size(), entry.attributes.size(), entry.unit_size);
  }
  if (entry.root.empty() != (entry.units == 0) || entry.height != HeightFor(entry.units) ||
      !BytesFitUnits(entry)) {
    return Err(ErrorCode::kCorruption,
               "a stream has {} units of {} bytes, {} bytes, a map of height {}{}", entry.units,
               entry.unit_size, entry.bytes, entry.height,
               entry.root.empty() ? " but no root" : "");
  }
  return Ok();
}

size_t EncodedBytes(const StreamEntry& entry) {
  return VarBytesBytes(entry.name.size()) + VarBytesBytes(entry.identity.size()) +
         VarBytesBytes(entry.attributes.size()) + 1 + VarintBytes(entry.unit_size) +
         VarintBytes(entry.units) + VarintBytes(entry.bytes) + 1 + entry.root.EncodedBytes();
}

size_t EncodedBytes(const DirectoryChild& entry) {
  return VarBytesBytes(entry.first_name.size()) + VarintBytes(entry.streams) +
         entry.node.EncodedBytes();
}

bool CutsAfter(const crypto::HmacSha256Key& node_key, uint8_t level, std::string_view name) {
  const ByteArray<4> prefix{'c', 'u', 't', level};
  const crypto::Digest32 mac = node_key.Mac2(prefix, AsBytes(name));
  return LoadLe16(mac.data()) % kCutModulus == 0;
}

bool DirectoryCutter::StartsNode(std::string_view name, size_t entry_bytes) {
  const bool full = entries_ > 0 && PayloadBytes(entries_ + 1, entry_bytes_ + entry_bytes) >
                                        kDirectoryNodeBytesTarget;
  const bool starts = cut_ || full;
  entries_ = starts ? 1 : entries_ + 1;
  entry_bytes_ = starts ? entry_bytes : entry_bytes_ + entry_bytes;
  cut_ = entries_ >= kMinEntriesToCut && CutsAfter(node_key_, level_, name);
  return starts;
}

}  // namespace pgkeep::repository
