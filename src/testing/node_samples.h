// Nodes of maps for tests, fuzzers and golden files: valid ones, drawn from a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "repository/blob_node.h"
#include "repository/directory_node.h"
#include "repository/fingerprint_node.h"
#include "repository/index_node.h"
#include "repository/leaf_node.h"
#include "repository/node.h"
#include "testing/seeded_random.h"

namespace pgkeep::testing {

// A number from 0 to `limit` - 1. REQUIRES: limit >= 1.
inline uint64_t Draw(SeededRandom& random, uint64_t limit) { return random.Next() % limit; }

// `size` bytes of any value.
Bytes DrawBytes(SeededRandom& random, size_t size);

// Inline or a reference, never nothing.
repository::NodePointer RandomPointer(SeededRandom& random);

// A units frame at some place, with `units` units; pack index 0.
repository::LeafFrame RandomFrame(SeededRandom& random, uint8_t units);

// With all types of extents, frames that are used repeatedly, and several packs.
repository::LeafNode RandomLeaf(SeededRandom& random);

// Of up to 7 pieces in up to 3 packs.
repository::BlobNode RandomBlob(SeededRandom& random);

// Of height 1 to 7.
repository::IndexNode RandomIndex(SeededRandom& random);

// Of level 0 or above.
repository::DirectoryNode RandomDirectory(SeededRandom& random);

// A stream with this name, empty or not, of any unit size.
repository::StreamEntry RandomStream(SeededRandom& random, std::string name);

// Of up to 12 frames.
repository::FingerprintNode RandomFingerprints(SeededRandom& random);

}  // namespace pgkeep::testing
