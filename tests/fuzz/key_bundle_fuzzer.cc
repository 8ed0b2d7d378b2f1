// Any bytes as a key bundle, past the check value that keeps them out of key_file_fuzzer.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "repository/key_bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pgkeep::ByteSpan bytes(data, size);
  const auto bundle = pgkeep::repository::KeyBundle::Decode(bytes);
  if (bundle.ok()) PGK_CHECK(pgkeep::BytesEqual(bundle->Encode().Expose(), bytes));
  return 0;
}
