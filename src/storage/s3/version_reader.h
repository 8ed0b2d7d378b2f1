// Reads objects of a bucket with versions by the version that counts (version_choice.h).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "storage/object_store.h"
#include "storage/s3/s3_client.h"
#include "storage/s3/version_choice.h"

namespace pgkeep::storage {

// The objects below one prefix of a bucket. Thread-safe; borrows the client.
//
// Which version counts never changes for what is asked for here, but by its being purged: so it is
// remembered, for up to 100,000 keys, and a listing saves the requests of the reads after it.
class VersionReader {
 public:
  struct Options {
    std::string bucket = {};
    std::string prefix = {};  // with a slash at its end, or empty
    OldestVersionRules oldest = {};
    std::optional<Timestamp> as_of = {};
  };

  VersionReader(S3Client& client, Options options)
      : client_(client), options_(std::move(options)) {}

  // Whether Find() and List() have to be asked about this key, or keys that begin so.
  bool Reads(std::string_view key) const;
  bool Lists(std::string_view prefix) const;

  // The version of `key` that counts, with the key as pgkeep writes it; none if there is no object.
  // Errors: as S3Client; kPermission without s3:ListBucketVersions.
  Result<std::optional<S3Version>> Find(std::string_view key);

  // As ObjectStore::List.
  Result<ListPage> List(std::string_view prefix, std::string_view start_after, size_t max_keys);

 private:
  VersionChoice ReadingOf(std::string_view key) const;
  VersionChoice ListingOf(std::string_view key) const;
  Result<S3VersionListing> Ask(std::string_view prefix, const S3VersionListing& from,
                               size_t max_versions);
  void Remember(const S3Version& version) PGK_EXCLUDES(mutex_);

  S3Client& client_;
  const Options options_;
  Mutex mutex_;
  std::map<std::string, S3Version, std::less<>> known_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::storage
