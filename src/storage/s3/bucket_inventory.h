// What is in a bucket and how it is stored, for whoever counts costs.
#pragma once

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

}  // namespace pgkeep::storage
