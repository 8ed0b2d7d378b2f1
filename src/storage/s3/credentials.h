// Who we are to an object store, and where that is found out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/secret.h"

namespace pgkeep::storage {

// Keys with which requests are signed. Immutable once made, so that threads may share them.
struct S3Credentials {
  std::string access_key = {};
  SecretBytes secret_key = {};
  SecretBytes session_token = {};         // empty: none
  std::optional<Timestamp> expires = {};  // none: never
  std::string origin = {};                // "the environment", for messages
};

// The value of an environment variable, if it is set and not empty.
using VariableLookup = std::function<std::optional<std::string>(const std::string& name)>;

// One place where credentials may be. Thread-safe.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;

  // Reads them anew. nullopt when this place has none, which is no failure; an error when it should
  // have some and cannot give them. May do I/O.
  virtual Result<std::optional<S3Credentials>> Load() = 0;
};

// Credentials before they expire: asks a source when there are none yet, when those at hand expire
// within five minutes, and when a server has refused them. Thread-safe; one thread at a time asks
// the source while the others wait, or go on with what is still valid.
class CredentialCache {
 public:
  // `clock` must outlive the cache.
  CredentialCache(std::unique_ptr<CredentialSource> source, Clock& clock);

  // Never null. What is at hand, while it is valid and the source has nothing better; else the
  // error of the source, or kUnauthenticated, with a hint, when it has none.
  Result<std::shared_ptr<const S3Credentials>> Get();

  // The server says that these have expired: the next Get() asks the source.
  void Reject(const std::shared_ptr<const S3Credentials>& credentials);

 private:
  bool IsFresh() const PGK_REQUIRES(mutex_);
  bool IsUsable() const PGK_REQUIRES(mutex_);

  // Constant after construction.
  const std::unique_ptr<CredentialSource> source_;
  Clock& clock_;

  Mutex mutex_;
  CondVar changed_;
  bool loading_ PGK_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const S3Credentials> current_ PGK_GUARDED_BY(mutex_);
  Timestamp ask_again_ PGK_GUARDED_BY(mutex_) = {};  // not before then, while current_ is valid
};

}  // namespace pgkeep::storage
