#include "storage/s3/bucket_inventory.h"

#include "base/error.h"

namespace pgkeep::storage {
namespace {

// A page of 1,000 keys of 1,024 bytes, each three characters in its encoding.
constexpr uint64_t kXmlMax = uint64_t{8} << 20;

}  // namespace

Status ReadInventory(S3Client& client, const std::string& bucket, const std::string& prefix,
                     const std::function<Status(const S3ListedObject&)>& visit) {
  std::string continuation;
  while (true) {
    S3Call call{.operation = "s3:ListBucket",
                .what = "bucket " + bucket,
                .method = "GET",
                .query = {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", prefix}},
                .body_max = kXmlMax};
    if (!continuation.empty()) call.query.emplace_back("continuation-token", continuation);
    PGK_ASSIGN_OR_RETURN(const net::HttpResponse response, client.Call(call));
    PGK_ASSIGN_OR_RETURN(const S3Listing page, ParseListing(response.body));
    for (const S3ListedObject& object : page.objects) PGK_TRY(visit(object));
    if (!page.truncated) return Ok();
    if (page.continuation.empty() || page.continuation == continuation) {
      return Err(ErrorCode::kProtocol, "the listing of bucket {} does not get on", bucket)
          .WithHint("see whether the endpoint supports ListObjectsV2");
    }
    continuation = page.continuation;
  }
}

}  // namespace pgkeep::storage
