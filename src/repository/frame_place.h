#pragma once

#include <cstdint>

#include "repository/ids.h"

namespace pgkeep::repository {

// Where a frame is: all that a reader needs for a ranged read. The frame begins at `offset` and is
// FrameBytes(clen) bytes long with header and tag; its payload has `rlen` bytes. A plain value.
struct FramePlace {
  PackName pack;
  uint32_t offset = 0;
  uint32_t clen = 0;
  uint32_t rlen = 0;

  friend bool operator==(const FramePlace&, const FramePlace&) = default;
};

}  // namespace pgkeep::repository
