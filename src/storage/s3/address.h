// From settings and a bucket to hosts and paths.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/s3/settings.h"

namespace pgkeep::storage {

// Where the requests for one bucket go. A value.
struct S3Address {
  std::string scheme = {};
  std::string host = {};         // the field Host: with the port unless it is the scheme's own
  std::string bucket_path = {};  // "/bucket", or empty where the bucket is in the host
  bool aws = false;              // Amazon's own service

  // The path of a key, not encoded; of the bucket itself for an empty one.
  std::string PathOf(std::string_view key) const { return bucket_path + "/" + std::string(key); }
};

// Whether that is Amazon's own service, by its usual address or by one of its others (VPC
// endpoints, FIPS, dual stack).
bool IsAmazon(const S3Settings& settings);

// Decides about host and path. `region` is not empty. REQUIRES: valid settings and bucket. Errors:
// kInvalidArgument for a bucket whose name cannot be part of a host where it must be.
Result<S3Address> MakeAddress(const S3Settings& settings, std::string_view region,
                              const std::string& bucket);

// kInvalidArgument, with a hint, unless the name is one that buckets can have: 3 to 63 lower-case
// letters, digits, dots and hyphens (older buckets and other providers: also capitals and
// underscores), a letter or digit at both ends.
Status ValidateBucket(std::string_view bucket);

}  // namespace pgkeep::storage
