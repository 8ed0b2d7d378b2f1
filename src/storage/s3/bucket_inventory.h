// What is in a bucket and how it is stored, page by page.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "storage/s3/s3_client.h"
#include "storage/s3/xml.h"

namespace pgkeep::storage {

// Calls `visit` for every object whose whole key begins with `prefix`, in the order of keys, with
// whole keys; one request for each thousand. Older versions are not among them. Ends with the first
// error of a request or of `visit`.
Status ReadInventory(S3Client& client, const std::string& bucket, const std::string& prefix,
                     const std::function<Status(const S3ListedObject&)>& visit);

// The page of versions and deletion marks below `prefix` that comes after `from`, which is empty
// for the first. kPermission without s3:ListBucketVersions; kProtocol for a page that does not get
// on or shows what is not below the prefix; others as S3Client.
Result<S3VersionListing> ReadVersionPage(S3Client& client, const std::string& bucket,
                                         const std::string& prefix, const S3VersionListing& from,
                                         size_t max_versions);

// Calls `visit` for all of them: by key, and of one key the newest first.
Status ReadVersionInventory(S3Client& client, const std::string& bucket, const std::string& prefix,
                            const std::function<Status(const S3Version&)>& visit);

// An upload and what it holds.
struct UploadInventory {
  S3Upload upload = {};
  uint64_t parts = 0;
  uint64_t bytes = 0;
  uint64_t requests = 0;  // that it took to learn this
};

// Calls `visit` for each unfinished upload below `prefix`. No listing tells how large they are:
// that takes one request more for each thousand parts of each. kPermission without
// s3:ListBucketMultipartUploads and s3:ListMultipartUploadParts.
Status ReadUploads(S3Client& client, const std::string& bucket, const std::string& prefix,
                   const std::function<Status(const UploadInventory&)>& visit);

}  // namespace pgkeep::storage
