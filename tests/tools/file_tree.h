// Walking trees of files, and doing something with each of them in several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep::tools {

// One name in a tree.
struct TreeEntry {
  std::string name;  // in the backup
  std::string path;  // on the disk
  uint8_t kind = 0;  // of tree_backup.h
  uint32_t mode = 0;
  std::string target;  // of a link
};

// Everything below `paths`, ascending by name. Sockets, pipes and devices are left out; what
// vanishes meanwhile too.
Result<std::vector<TreeEntry>> WalkTree(const std::vector<std::string>& paths);

// Calls `work` for 0 .. count - 1 in `threads` threads, and returns the first error.
Status ForEachParallel(size_t count, unsigned threads,
                       const std::function<Status(size_t index)>& work);

// The attributes of a stream, and back (kCorruption when they are too short).
Bytes EncodeAttributes(uint32_t mode, const std::string& target);
struct TreeAttributes {
  uint32_t mode = 0;
  std::string target;
};
Result<TreeAttributes> DecodeAttributes(ByteSpan attributes);

}  // namespace pgkeep::tools
