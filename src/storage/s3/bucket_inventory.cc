#include "storage/s3/bucket_inventory.h"

#include <utility>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

constexpr size_t kPageMax = 1000;
// A page of 1,000 keys of 1,024 bytes, each three characters in its encoding.
constexpr uint64_t kXmlMax = uint64_t{8} << 20;

S3Call ListCall(std::string operation, const std::string& bucket, const std::string& prefix) {
  return {.operation = std::move(operation),
          .what = "bucket " + bucket,
          .method = "GET",
          .query = {{"encoding-type", "url"}, {"prefix", prefix}},
          .body_max = kXmlMax};
}

Error NoProgress(const std::string& bucket) {
  return Err(ErrorCode::kProtocol, "a listing of bucket {} does not get on", bucket)
      .WithHint("see whether the endpoint supports ListObjectsV2, versions and uploads");
}

Error NotInside(const std::string& bucket) {
  return Err(ErrorCode::kProtocol, "a listing of bucket {} shows what was not asked for", bucket)
      .WithHint("check the endpoint: something that is no S3 answers there");
}

// What the parts of an upload come to. One that has ended meanwhile holds nothing.
Result<UploadInventory> ReadParts(S3Client& client, const std::string& bucket, S3Upload upload) {
  UploadInventory inventory{.upload = std::move(upload)};
  std::string from;
  while (true) {
    S3Call call{.operation = "s3:ListMultipartUploadParts",
                .what = "an upload into bucket " + bucket,
                .method = "GET",
                .key = inventory.upload.key,
                .query = {{"uploadId", inventory.upload.id}},
                .body_max = kXmlMax};
    if (!from.empty()) call.query.emplace_back("part-number-marker", from);
    ++inventory.requests;
    const Result<net::HttpResponse> response = client.Call(call);
    if (!response.ok() && response.error().code() == ErrorCode::kNotFound) return inventory;
    if (!response.ok()) return response.error();
    PGK_ASSIGN_OR_RETURN(const S3PartListing page, ParsePartListing(response->body));
    inventory.parts += page.parts;
    inventory.bytes += page.bytes;
    if (!page.truncated) return inventory;
    if (page.next_part.empty() || page.next_part == from) return NoProgress(bucket);
    from = page.next_part;
  }
}

}  // namespace

Status ReadInventory(S3Client& client, const std::string& bucket, const std::string& prefix,
                     const std::function<Status(const S3ListedObject&)>& visit) {
  std::string continuation;
  while (true) {
    S3Call call = ListCall("s3:ListBucket", bucket, prefix);
    call.query.emplace_back("list-type", "2");
    if (!continuation.empty()) call.query.emplace_back("continuation-token", continuation);
    PGK_ASSIGN_OR_RETURN(const net::HttpResponse response, client.Call(call));
    PGK_ASSIGN_OR_RETURN(const S3Listing page, ParseListing(response.body));
    for (const S3ListedObject& object : page.objects) {
      if (!object.key.starts_with(prefix)) return NotInside(bucket);
      PGK_TRY(visit(object));
    }
    if (!page.truncated) return Ok();
    if (page.continuation.empty() || page.continuation == continuation) return NoProgress(bucket);
    continuation = page.continuation;
  }
}

Result<S3VersionListing> ReadVersionPage(S3Client& client, const std::string& bucket,
                                         const std::string& prefix, const S3VersionListing& from,
                                         size_t max_versions) {
  S3Call call = ListCall("s3:ListBucketVersions", bucket, prefix);
  call.query.emplace_back("max-keys", std::to_string(max_versions));
  call.query.emplace_back("versions", "");
  if (!from.next_key.empty()) call.query.emplace_back("key-marker", from.next_key);
  if (!from.next_id.empty()) call.query.emplace_back("version-id-marker", from.next_id);
  PGK_ASSIGN_OR_RETURN(const net::HttpResponse response, client.Call(call));
  PGK_ASSIGN_OR_RETURN(S3VersionListing page, ParseVersionListing(response.body));
  for (const S3Version& version : page.versions) {
    if (!version.object.key.starts_with(prefix)) return NotInside(bucket);
  }
  const bool stuck = page.next_key == from.next_key && page.next_id == from.next_id;
  if (page.truncated && stuck) return NoProgress(bucket);
  return page;
}

Status ReadVersionInventory(S3Client& client, const std::string& bucket, const std::string& prefix,
                            const std::function<Status(const S3Version&)>& visit) {
  S3VersionListing page;
  do {
    PGK_ASSIGN_OR_RETURN(page, ReadVersionPage(client, bucket, prefix, page, kPageMax));
    for (const S3Version& version : page.versions) PGK_TRY(visit(version));
  } while (page.truncated);
  return Ok();
}

Status ReadUploads(S3Client& client, const std::string& bucket, const std::string& prefix,
                   const std::function<Status(const UploadInventory&)>& visit) {
  S3UploadListing from;
  while (true) {
    S3Call call = ListCall("s3:ListBucketMultipartUploads", bucket, prefix);
    call.query.emplace_back("uploads", "");
    if (!from.next_key.empty()) call.query.emplace_back("key-marker", from.next_key);
    if (!from.next_id.empty()) call.query.emplace_back("upload-id-marker", from.next_id);
    PGK_ASSIGN_OR_RETURN(const net::HttpResponse response, client.Call(call));
    PGK_ASSIGN_OR_RETURN(S3UploadListing page, ParseUploadListing(response.body));
    for (S3Upload& upload : page.uploads) {
      if (!upload.key.starts_with(prefix)) return NotInside(bucket);
      PGK_ASSIGN_OR_RETURN(const UploadInventory inventory,
                           ReadParts(client, bucket, std::move(upload)));
      PGK_TRY(visit(inventory));
    }
    if (!page.truncated) return Ok();
    if (page.next_key == from.next_key && page.next_id == from.next_id) return NoProgress(bucket);
    from = std::move(page);
  }
}

}  // namespace pgkeep::storage
