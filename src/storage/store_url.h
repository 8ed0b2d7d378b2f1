// Addresses of repositories, as users write them in the configuration and on the command line.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "storage/object_store.h"
#include "storage/s3/credentials.h"
#include "storage/s3/s3_store.h"
#include "storage/s3/settings.h"

namespace pgkeep::storage {

// A parsed address.
struct StoreUrl {
  enum class Kind { kDirectory, kS3 };
  Kind kind = Kind::kDirectory;
  // Of a directory: absolute, without repeated or trailing slashes.
  std::string path = {};
  // Of a bucket. The prefix has no slash at its ends and may be empty.
  std::string bucket = {};
  std::string prefix = {};
  // What else it takes to reach the bucket. No part of the text: the configuration and the command
  // line have names for each.
  S3Settings s3 = {};
  // The bucket as it was then, to be read only. No part of the text either.
  std::optional<Timestamp> as_of = {};

  // The canonical text: "file:///path", special characters percent-encoded (RFC 8089, RFC 3986), or
  // "s3://bucket/prefix". ParseStoreUrl(ToString()) gives the same value, but for `s3` and `as_of`.
  std::string ToString() const;
};

// Parses "/path", "file:///path", "file://localhost/path" or "file:/path" (percent-decoded), or
// "s3://bucket/prefix" (as it stands). Fails with kInvalidArgument (relative path, foreign host,
// query or fragment, bad escape, NUL, bucket or prefix that cannot be, unknown scheme), always with
// a hint that shows a right form.
Result<StoreUrl> ParseStoreUrl(std::string_view text);

// What stores need of the world. The pointers must outlive them.
struct StoreEnvironment {
  FileSystem* files = &PosixFileSystem();
  Clock* clock = &SystemClock();
  // For credentials and regions; without it there are none in the environment.
  VariableLookup variable = {};
  // In a bucket with versions: beginnings of keys whose oldest version counts.
  OldestVersionRules oldest = {};
  // Ends the repetition of requests to a bucket.
  std::stop_token stop = {};
};

// How the bucket of `url` is reached. REQUIRES: an address of a bucket.
S3StoreOptions S3OptionsOf(const StoreEnvironment& environment, const StoreUrl& url);

// Opens the store at `url`; `create` makes a missing directory, and tries out what a bucket can do,
// which must exist. Fails as OpenDirectoryStore and OpenS3Store do.
Result<std::unique_ptr<ObjectStore>> OpenStore(const StoreEnvironment& environment,
                                               const StoreUrl& url, bool create);

}  // namespace pgkeep::storage
