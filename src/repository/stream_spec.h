// What a writer says about the streams it stores.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace pgkeep::repository {

// One stream as it is opened for writing. Name, identity and attributes mean nothing to the
// repository; docs/format/map.md has their limits.
struct StreamSpec {
  // Any bytes, not empty, unique in its sub-tree.
  std::string name = {};
  // What the stream is made of, such as a table's column list. Only streams of one name, one
  // identity, one kind and one unit size are compared with each other.
  Bytes identity = {};
  // For the room above; StreamWriter::Finish may replace them.
  Bytes attributes = {};
  // A number that the room above chooses.
  uint8_t kind = 0;
  // Bytes of every unit but the last (8192 for relation pages), or 0 when units vary in length.
  uint32_t unit_size = 0;
};

}  // namespace pgkeep::repository
