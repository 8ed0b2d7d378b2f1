// Stores for tests that outlive the process that has opened them.
#pragma once

#include <memory>
#include <string>

#include "storage/object_store.h"
#include "testing/temporary_directory.h"

namespace pgkeep::testing {

// Room for stores whose content takes no memory of the test: directories, or with
// PGKEEP_TEST_STORE=s3 prefixes in a bucket of a real S3 server. They have their own clock, unlike
// those of MakeTestStore(). A process that was forked may open them too. One thread at a time.
class StorePlace {
 public:
  // Starts the server. Aborts when that fails.
  StorePlace();

  // The store with this name, which is one component of a key; empty when it is first opened.
  // Aborts when it cannot be opened.
  std::unique_ptr<storage::ObjectStore> Open(const std::string& name) const;

 private:
  const TemporaryDirectory directory_;
  std::string bucket_;  // empty: directories
  std::string prefix_;
};

}  // namespace pgkeep::testing
