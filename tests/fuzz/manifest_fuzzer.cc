// Any bytes as the plaintext of a manifest: only a holder of K_meta can write one, but that is also
// a thief with a host key.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "repository/manifest.h"

namespace repository = pgkeep::repository;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pgkeep::ByteSpan plaintext(data, size);
  const auto manifest = repository::DecodeManifestPlaintext(plaintext);
  if (manifest.ok()) {
    PGK_CHECK(pgkeep::BytesEqual(repository::EncodeManifestPlaintext(*manifest), plaintext));
  }
  return 0;
}
