// Which version of an object was there first.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "storage/s3/s3_client.h"

namespace pgkeep::storage {

// The id of the oldest version of a whole key of `bucket`, whatever was put over it; none if there
// is no version. One request, and one more for each thousand versions. kPermission without
// s3:ListBucketVersions.
Result<std::optional<std::string>> FindOldestVersion(S3Client& client, const std::string& bucket,
                                                     const std::string& key);

}  // namespace pgkeep::storage
