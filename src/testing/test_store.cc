#include "testing/test_store.h"

#include <cstdlib>

#include "base/check.h"
#include "testing/bucket_test_store.h"
#include "testing/memory_store.h"

namespace pgkeep::testing {

std::unique_ptr<TestStore> MakeTestStore(Clock& clock) {
  const char* variable = std::getenv("PGKEEP_TEST_STORE");
  const std::string_view kind = variable == nullptr ? "memory" : variable;
  if (kind == "memory") return std::make_unique<MemoryStore>(clock);
  PGK_CHECK(kind == "s3" || kind == "s3-versioned", "PGKEEP_TEST_STORE names a kind of store");
  return std::make_unique<BucketTestStore>(clock, kind == "s3-versioned");
}

}  // namespace pgkeep::testing
