#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "crypto/hash.h"
#include "storage/forwarding_store.h"

namespace pgkeep::repository {

// Makes create-if-absent out of "look, then put" for the one process that holds the lease of
// exclusive mode (docs/format/protocol.md, X4), so that everything above works as in a store that
// has it.
//
// A put whose answer is lost may still arrive, and would overwrite what somebody else has decided
// by then. So such a key is remembered: creating it again with the same bytes puts them again,
// which settles it; with other bytes it is refused. Unsettled() tells whether the lease may be
// given up. This is about decisions and configurations: other keys are written by one writer only,
// or are no authority (plans).
//
// Every change first asks `permit` for its key and fails with its error. Two threads that create
// one key have one winner; processes are kept apart by the lease alone. Thread-safe. `inner` must
// outlive it; `permit` must be thread-safe.
class ExclusiveStore final : public storage::ForwardingStore {
 public:
  using Permit = std::function<Status(std::string_view key)>;
  ExclusiveStore(storage::ObjectStore& inner, Permit permit)
      : ForwardingStore(inner), permit_(std::move(permit)) {}

  // Keys of decisions and configurations whose creation has no definite answer yet, ascending.
  std::vector<std::string> Unsettled() const;

  // Those of the store, with conditional_create.
  storage::StoreFeatures features() const override;
  Result<storage::ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override;
  // Only for what may be overwritten: no key that is created elsewhere.
  Result<storage::ObjectInfo> Put(std::string_view key, ByteSpan bytes) override;
  Status Delete(std::string_view key) override;

 private:
  Result<storage::ObjectInfo> LookAndPut(const std::string& key, ByteSpan bytes);
  Status CheckAbsent(const std::string& key, const crypto::Digest32& digest);

  const Permit permit_;
  mutable Mutex mutex_;
  CondVar created_;
  std::set<std::string, std::less<>> creating_ PGK_GUARDED_BY(mutex_);
  // With the hash of the bytes that may still arrive.
  std::map<std::string, crypto::Digest32, std::less<>> unsettled_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::repository
