// Objects in a bucket of Amazon S3 or of something that speaks its API.
//
// Key "a/b" is the object "<prefix>/a/b". A creation is one PUT with If-None-Match: *. It carries a
// random number in its metadata: when the answer to a PUT is lost and a repeated one is told that
// the object exists, HEAD shows that number if it was ours. So a creation is repeated without ever
// taking another writer's object for its own, also when both have the same bytes. Where HEAD is not
// allowed, kAlreadyExists is the answer, which the contract allows too.
//
// Every answer is checked for the length that it announces; signatures cover the SHA-256 of what is
// sent, which the server compares. It is kept as metadata too: a whole object that is read and has
// another one is asked for once more, since it may have changed on its way; it is then delivered as
// it came, because what it is worth, only those who wrote it can tell. Passing failures are
// repeated inside (S3Client).
//
// In a bucket with versions, what is created once is read by its oldest version (version_choice.h);
// and everything can be read as it was at a moment in the past.
//
// What is under the prefix but has no name that pgkeep gives (directory markers of consoles, hidden
// files) is not listed.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file.h"
#include "base/retry.h"
#include "storage/object_store.h"
#include "storage/s3/credentials.h"
#include "storage/s3/s3_client.h"
#include "storage/s3/settings.h"
#include "storage/s3/version_choice.h"

namespace pgkeep::storage {

// Longest prefix: with a slash and the longest key it fits into the 1,024 bytes of S3.
inline constexpr size_t kMaxPrefixBytes = 511;

// Where servers are tried out, below the prefix of the repository.
inline constexpr std::string_view kProbePrefix = "probe/";

// What is stored where, and with what. The pointers must outlive the store.
struct S3StoreOptions {
  std::string bucket = {};
  std::string prefix = {};  // without slashes at its ends; may be empty
  S3Settings settings = {};
  FileSystem* files = nullptr;
  Clock* clock = nullptr;
  VariableLookup variable = {};
  std::stop_token stop = {};  // see S3ClientOptions
  // Worst case without an answer: eight time-outs, or what fits into the budget.
  RetryPolicy retry = {.attempts = 8,
                       .base = std::chrono::milliseconds(100),
                       .cap = std::chrono::seconds(10),
                       .budget = std::chrono::seconds(60)};
  Duration connect_timeout = std::chrono::seconds(10);
  Duration stall_timeout = std::chrono::seconds(30);
  // In a bucket with versions: beginnings of keys whose oldest version counts.
  OldestVersionRules oldest = {};
  // Everything as it was then; nothing can be changed.
  std::optional<Timestamp> as_of = {};
  // Try out whether creations are conditional, by making and removing one object below
  // kProbePrefix.
  bool probe = false;
};

// The store of a bucket; adds what tests look at to the contract.
class S3Store : public ObjectStore {
 public:
  virtual S3RequestCounts counts() const = 0;
};

// Opens the store: finds the region, connects, and lists one object, so that whatever is wrong with
// address, credentials or bucket is told here. The bucket must exist.
//   kInvalidArgument    settings, bucket or prefix cannot be right
//   kNotFound           there is no such bucket
//   kUnauthenticated    the credentials are missing, wrong or expired, or the clock is
//   kPermission         they may not list
//   kUnsupported        as_of, and the bucket keeps no versions
//   kConfig             the bucket is in another region; a certificate or credentials file is bad
//   others              as S3Client
Result<std::unique_ptr<S3Store>> OpenS3Store(const S3StoreOptions& options);

// kInvalidArgument unless the text can be a prefix: like a key, at most kMaxPrefixBytes long. Empty
// is allowed.
Status ValidatePrefix(std::string_view prefix);

}  // namespace pgkeep::storage
