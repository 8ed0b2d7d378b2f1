// Any bytes as the body of a reference list.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "repository/reference_list.h"

namespace repository = pgkeep::repository;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pgkeep::ByteSpan body(data, size);
  const auto list = repository::DecodeReferenceListBody(body);
  if (!list.ok()) return 0;
  PGK_CHECK(pgkeep::BytesEqual(repository::EncodeReferenceListBody(*list), body));
  for (const repository::PackEntry& entry : list->entries()) {
    PGK_CHECK(list->Find(entry.name) == &entry);
  }
  return 0;
}
