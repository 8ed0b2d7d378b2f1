#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/hmac.h"
#include "repository/node.h"

namespace pgkeep::repository {

// One stream of a sub-tree. A plain value.
struct StreamEntry {
  std::string name;  // any 1..4096 bytes
  Bytes identity;
  Bytes attributes;
  uint8_t kind = 0;        // chosen by the room above
  uint32_t unit_size = 0;  // bytes of every unit but the last, or 0 when units vary
  uint64_t units = 0;
  uint64_t bytes = 0;
  uint8_t height = 0;  // of `root`: HeightFor(units)
  NodePointer root;    // nothing if units = 0

  friend bool operator==(const StreamEntry&, const StreamEntry&) = default;
};

// A child of a directory node above level 0.
struct DirectoryChild {
  std::string first_name;  // of the first stream below
  uint64_t streams = 0;    // below, at least 1
  NodePointer node;        // directory of the level below; never nothing

  friend bool operator==(const DirectoryChild&, const DirectoryChild&) = default;
};

// A part of the directory of a sub-tree: streams on level 0, directory nodes above. A plain value.
struct DirectoryNode {
  uint8_t level = 0;
  std::vector<StreamEntry> streams;      // level 0 only
  std::vector<DirectoryChild> children;  // above level 0 only

  friend bool operator==(const DirectoryNode&, const DirectoryNode&) = default;
};

// Highest level that is read or written: nodes above level 0 have at least 16 children (all but the
// last on a level), so this is more streams than a repository can hold.
inline constexpr uint8_t kMaxDirectoryLevel = 16;

// The payload of a directory frame. REQUIRES: ValidateDirectory(node).
Bytes EncodeDirectory(const DirectoryNode& node);

// Errors: kCorruption when the bytes break any rule, kUnsupportedVersion for another version byte.
Result<DirectoryNode> DecodeDirectory(ByteSpan payload);

// kCorruption unless `node` obeys every rule of the document that one node can tell: names ascend
// strictly, limits, height and root fit the number of units, bytes fit a fixed unit size, and a
// payload above 262,144 bytes has one entry only.
Status ValidateDirectory(const DirectoryNode& node);

// kCorruption unless `entry` obeys the rules for a stream. What a writer checks before it adds one.
Status ValidateStreamEntry(const StreamEntry& entry);

// Bytes that an entry adds to the payload.
size_t EncodedBytes(const StreamEntry& entry);
size_t EncodedBytes(const DirectoryChild& entry);

// True if a node of `level` that has at least 16 entries ends after the entry with this name:
// the first two bytes of HMAC-SHA-256(node key, "cut" | level | name), as a little-endian number,
// are 0 modulo 64. Thread-safe, never fails.
bool CutsAfter(const crypto::HmacSha256Key& node_key, uint8_t level, std::string_view name);

// Decides where the nodes of one level of a directory end, so that every writer cuts equal lists
// equally. Feed it every entry of the level in order. One thread at a time; borrows the key.
class DirectoryCutter {
 public:
  DirectoryCutter(const crypto::HmacSha256Key& node_key, uint8_t level)
      : node_key_(node_key), level_(level) {}

  // True if the entry with this name and EncodedBytes() must be the first of a new node. False for
  // the first entry of all.
  bool StartsNode(std::string_view name, size_t entry_bytes);

 private:
  const crypto::HmacSha256Key& node_key_;
  const uint8_t level_;
  uint64_t entries_ = 0;    // of the node that is open
  size_t entry_bytes_ = 0;  // their bytes
  bool cut_ = false;        // the entry before ended its node
};

}  // namespace pgkeep::repository
