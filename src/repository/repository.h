// An open repository: the store, the keys and the configuration that belong together.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "base/retry.h"
#include "crypto/random.h"
#include "repository/config_object.h"
#include "repository/config_store.h"
#include "repository/exclusive_lease.h"
#include "repository/key_bundle.h"
#include "repository/key_ring.h"
#include "repository/local_pack_cache.h"
#include "repository/repository_context.h"
#include "storage/object_store.h"

namespace pgkeep::repository {

// What an open repository stands on besides the store. Everything must outlive it.
struct RepositoryOptions {
  Clock* clock = &SystemClock();
  crypto::RandomSource* random = &crypto::SystemRandom();
  FileSystem* files = &PosixFileSystem();
  // Local directory for locks and copies of metadata packs, one below it for each repository.
  // Empty: no local state (then exclusive mode is not possible).
  std::string state_directory;
  RetryPolicy retry;
  std::stop_token stop;
};

// How a new repository shall be.
struct InitOptions {
  KeyMode key_mode = KeyMode::kSimple;
  RepositoryMode mode = RepositoryMode::kConditionalCreate;
  std::optional<uint32_t> pack_bytes;
  std::optional<int8_t> zstd_level;
  bool in_bucket = false;  // see CheckEmpty in repository/config_store.h
};

// A repository that was just created: its id and its full keys, which exist nowhere else yet.
struct NewRepository {
  RepositoryId id;
  KeyBundle keys;
};

// Creates a repository in an empty place. `keep_keys` is called before anything is written and must
// make the keys durable: a repository whose keys are lost is worthless, keys without one are not.
//   kAlreadyExists  there is a repository, or something that is not one
//   others          as `keep_keys` and the store
Result<NewRepository> InitRepository(storage::ObjectStore& store, const RepositoryOptions& options,
                                     const InitOptions& init,
                                     const std::function<Status(const NewRepository&)>& keep_keys);

// An open repository. Thread-safe; must outlive the writers and readers made from it.
class Repository {
 public:
  // Opens with the keys of `bundle`, or with none (null) for work that needs none.
  //   kNotFound            no repository there
  //   kWrongKey            the keys are another repository's
  //   kUnsupportedVersion  a newer format
  // A configuration that is not the newest one (CurrentConfig::outdated) is no error here, but
  // logged; reading goes on, and whoever would write is refused.
  static Result<std::unique_ptr<Repository>> Open(storage::ObjectStore& store,
                                                  const RepositoryId& id, const KeyBundle* bundle,
                                                  const RepositoryOptions& options);

  const RepositoryContext& context() const { return context_; }
  const ConfigObject& config() const { return *context_.config; }
  LocalPackCache& local_cache() { return local_cache_; }

  // What changes the repository holds this while it does: the lease in exclusive mode, null (and
  // free) otherwise. kBusy when somebody else is at work.
  Result<std::unique_ptr<ExclusiveLease>> LockIfExclusive(const std::string& holder);

 private:
  Repository(RepositoryContext context, std::string cache_directory);

  const RepositoryContext context_;
  LocalPackCache local_cache_;
};

}  // namespace pgkeep::repository
