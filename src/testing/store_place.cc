#include "testing/store_place.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "storage/directory_store.h"
#include "testing/object_gateway.h"

namespace pgkeep::testing {

StorePlace::StorePlace() {
  const char* variable = std::getenv("PGKEEP_TEST_STORE");
  if (variable == nullptr) return;
  PGK_CHECK(std::string_view(variable) == "s3", variable);
  static int places = 0;
  bucket_ = Gateway::Shared().SharedBucket(false);
  prefix_ = fmt::format("place/{}", ++places);
}

std::unique_ptr<storage::ObjectStore> StorePlace::Open(const std::string& name) const {
  if (!bucket_.empty()) {
    return MustOpen(Gateway::Shared().StoreOptions(bucket_, prefix_ + "/" + name));
  }
  auto opened = storage::OpenDirectoryStore(PosixFileSystem(),
                                            {.path = directory_.Join(name), .create = true});
  PGK_CHECK(opened.ok(), opened.ok() ? "" : opened.error().Describe());
  return std::move(opened).value();
}

}  // namespace pgkeep::testing
