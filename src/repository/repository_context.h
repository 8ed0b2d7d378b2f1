#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/retry.h"
#include "crypto/random.h"
#include "repository/ids.h"
#include "storage/object_store.h"

namespace pgkeep::repository {

struct ConfigObject;
class ExclusiveLease;
class KeyRing;

// Everything that a step of the protocol needs to know about an open repository: where its objects
// are, who may sign, and what stands in for time, chance and the local disk.
//
// A plain value that is cheap to copy; functions take it by const reference and keep no part of it
// beyond the call unless they say so. What the pointers point to is owned by whoever opened the
// repository, must outlive every user and is thread-safe; `store`, `config`, `clock`, `random` and
// `files` are never null.
struct RepositoryContext {
  // Creates conditionally, except in exclusive mode before a lease is held.
  storage::ObjectStore* store = nullptr;
  // The lease under which `store` writes in exclusive mode (WithLease sets both); null otherwise.
  ExclusiveLease* lease = nullptr;
  // Null for work without keys: garbage collection, and verification of packs by their hashes.
  std::shared_ptr<const KeyRing> keys;
  RepositoryId id;
  // The highest valid configuration when the repository was opened.
  std::shared_ptr<const ConfigObject> config;
  // The highest generation in the store, usable or not; 0 when nobody has looked.
  uint64_t newest_generation = 0;
  // Empty, or why `config` is not the newest one: then nobody may write (CheckConfigIsCurrent).
  std::string config_outdated;
  Clock* clock = nullptr;
  crypto::RandomSource* random = nullptr;
  // For every request whose repetition is safe.
  RetryPolicy retry;
  FileSystem* files = nullptr;
  // Local directory of this repository's state (locks, caches): losing it costs time, never data.
  std::string state_directory;
  // Ends back-offs and loops over many objects with kCancelled.
  std::stop_token stop;
};

}  // namespace pgkeep::repository
