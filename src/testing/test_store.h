// A store for tests that is in memory, or in a bucket of a real S3 server: the same tests run on
// both.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "storage/object_store.h"

namespace pgkeep::testing {

// What tests do behind the back of the contract. As thread-safe as any store.
class TestStore : public storage::ObjectStore {
 public:
  // Whether Delete is allowed; when not, it fails with kPermission and features say so.
  virtual void SetCanDelete(bool allowed) = 0;
  // Get, GetRange and Head of keys that start with `prefix` fail with kPermission from now on:
  // models credentials that may write but not read.
  virtual void ForbidReading(std::string prefix) = 0;
  // Changes an object, for tests of what readers detect. Its time stays. A missing key is a
  // programming error.
  virtual void Tamper(std::string_view key, const std::function<void(Bytes&)>& change) = 0;
  // Sets the creation time of one object.
  virtual void SetModified(std::string_view key, Timestamp modified) = 0;
  // All keys in order.
  virtual std::vector<std::string> Keys() const = 0;
  // Everything as it is now; Restore goes back to it. A snapshot is for the store that made it.
  struct Snapshot {
    virtual ~Snapshot() = default;
  };
  virtual std::shared_ptr<const Snapshot> Save() const = 0;
  virtual void Restore(const Snapshot& snapshot) = 0;
};

// An empty store whose times are those of `clock`, which must outlive it. The environment variable
// PGKEEP_TEST_STORE says where: "memory" (also without the variable), "s3" or "s3-versioned", which
// is a bucket that keeps versions. Aborts when it cannot be made.
std::unique_ptr<TestStore> MakeTestStore(Clock& clock);

}  // namespace pgkeep::testing
