// The bucket of a repository, for what concerns the bucket and not the objects in it. Needs no keys
// of the repository.
#pragma once

#include <memory>

#include "base/result.h"
#include "cli/environment.h"
#include "storage/object_store.h"
#include "storage/s3/bucket_settings.h"
#include "storage/s3/s3_client.h"
#include "storage/store_url.h"

namespace pgkeep::cli {

// An open bucket. Thread-safe; movable.
class BucketAccess {
 public:
  // kInvalidArgument for a repository that is in no bucket, and with --as-of, since a bucket is
  // what it is now; others as storage::OpenStore().
  static Result<BucketAccess> Open(const storage::StoreUrl& url, const Environment& environment);

  storage::BucketSettings settings() { return {*client_, url_.bucket}; }
  storage::ObjectStore& store() { return *store_; }
  storage::S3Client& client() { return *client_; }
  const storage::StoreUrl& url() const { return url_; }

 private:
  BucketAccess(storage::StoreUrl url, std::unique_ptr<storage::ObjectStore> store,
               std::unique_ptr<storage::S3Client> client);

  storage::StoreUrl url_;
  std::unique_ptr<storage::ObjectStore> store_;
  std::unique_ptr<storage::S3Client> client_;
};

}  // namespace pgkeep::cli
