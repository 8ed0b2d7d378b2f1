#include "cli/bucket_access.h"

#include <utility>

#include "base/error.h"
#include "cli/repository_access.h"
#include "cli/store_address.h"
#include "storage/s3/make_client.h"

namespace pgkeep::cli {

Result<BucketAccess> BucketAccess::Open(const storage::StoreUrl& url,
                                        const Environment& environment) {
  if (url.kind != storage::StoreUrl::Kind::kS3) {
    return Err(ErrorCode::kInvalidArgument, "{} is in no bucket", url.ToString())
        .WithHint("this command is for s3:// repositories");
  }
  PGK_TRY(RequirePresent(url));
  // Says what is wrong with address, credentials or bucket.
  PGK_ASSIGN_OR_RETURN(auto store, OpenStore(url, environment, false));
  PGK_ASSIGN_OR_RETURN(auto client, storage::MakeS3Client(storage::S3OptionsOf(
                                        StoreEnvironmentOf(environment), url)));
  return BucketAccess(url, std::move(store), std::move(client));
}

BucketAccess::BucketAccess(storage::StoreUrl url, std::unique_ptr<storage::ObjectStore> store,
                           std::unique_ptr<storage::S3Client> client)
    : url_(std::move(url)), store_(std::move(store)), client_(std::move(client)) {}

}  // namespace pgkeep::cli
