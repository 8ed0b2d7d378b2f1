// What holds for the encoding of every kind of node; for tests with rapidcheck.
#pragma once

#include <rapidcheck.h>

#include "base/bytes.h"
#include "base/error.h"
#include "testing/damage.h"
#include "testing/seeded_random.h"

namespace pgkeep::testing {

// A node decodes to what was encoded, and its bytes have one form: whatever decodes, encodes to the
// same bytes again. No truncation decodes.
template <class Node, class Encode, class Decode>
void CheckOneForm(SeededRandom& random, const Node& node, Encode encode, Decode decode) {
  const Bytes bytes = encode(node);
  const auto again = decode(bytes);
  RC_ASSERT(again.ok());
  RC_ASSERT(*again == node);
  for (int i = 0; i < 20; ++i) {
    Bytes damaged = bytes;
    Damage(random, damaged);
    if (i % 4 == 0) Damage(random, damaged);
    const auto decoded = decode(damaged);
    if (decoded.ok()) {
      RC_ASSERT(encode(*decoded) == damaged);
    } else {
      const pgkeep::ErrorCode code = decoded.error().code();
      RC_ASSERT(code == ErrorCode::kCorruption || code == ErrorCode::kUnsupportedVersion);
    }
  }
  const size_t size = random.Next() % bytes.size();
  RC_ASSERT(!decode(ByteSpan(bytes).first(size)).ok());
}

}  // namespace pgkeep::testing
