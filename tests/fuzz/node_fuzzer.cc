// Nodes of maps: whatever decodes has one form, and obeys the rules that encoders insist on. First
// byte: which kind of node the rest is.
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "base/wire.h"
#include "repository/blob_node.h"
#include "repository/directory_node.h"
#include "repository/fingerprint_node.h"
#include "repository/index_node.h"
#include "repository/leaf_node.h"
#include "repository/node.h"

namespace {

using namespace pgkeep;              // NOLINT: a fuzz target is one file
using namespace pgkeep::repository;  // NOLINT

template <class Decode, class Encode>
void CheckOneForm(ByteSpan payload, Decode decode, Encode encode) {
  const auto node = decode(payload);
  if (node.ok()) PGK_CHECK(BytesEqual(encode(*node), payload));
}

void CheckPointer(ByteSpan payload) {
  ByteReader in(payload);
  const auto pointer = NodePointer::Decode(in);
  if (!pointer.ok()) return;
  Bytes again;
  ByteWriter out(again);
  pointer->Encode(out);
  PGK_CHECK(BytesEqual(again, payload.first(in.position())));
  PGK_CHECK(pointer->EncodedBytes() == again.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const ByteSpan payload(data + 1, size - 1);
  switch (data[0]) {
    case 2:
      CheckOneForm(payload, DecodeLeaf, EncodeLeaf);
      break;
    case 3:
      CheckOneForm(payload, DecodeIndex, EncodeIndex);
      break;
    case 4:
      CheckOneForm(payload, DecodeDirectory, EncodeDirectory);
      break;
    case 5:
      CheckOneForm(payload, DecodeFingerprints, EncodeFingerprints);
      break;
    case 6:
      CheckOneForm(payload, DecodeBlob, EncodeBlob);
      break;
    default:
      CheckPointer(payload);
      break;
  }
  return 0;
}
