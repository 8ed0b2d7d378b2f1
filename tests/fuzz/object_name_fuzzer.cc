// Any bytes as the key of an object in a listing.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "repository/object_names.h"
#include "storage/object_store.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view key = pgkeep::AsText(pgkeep::ByteSpan(data, size));
  const auto name = pgkeep::repository::ObjectName::Parse(key);
  if (name.ok()) {
    PGK_CHECK(name->Key() == key);
    PGK_CHECK(pgkeep::storage::ValidateKey(key).ok());
  }
  return 0;
}
