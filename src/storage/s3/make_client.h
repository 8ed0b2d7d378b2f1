// From settings to a client for one bucket.
#pragma once

#include <memory>

#include "base/result.h"
#include "storage/s3/s3_client.h"
#include "storage/s3/s3_store.h"

namespace pgkeep::storage {

// Finds region and address and prepares the connection, but asks the server nothing. Works with all
// of the options but the prefix. kInvalidArgument for settings and buckets that cannot be; kConfig
// for certificates that cannot be read.
Result<std::unique_ptr<S3Client>> MakeS3Client(const S3StoreOptions& options);

}  // namespace pgkeep::storage
