// The answers of S3 and of the security token service that come as XML. Input from outside: bounded
// by who received it, parsed without entities or includes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/object_store.h"
#include "storage/s3/credentials.h"

namespace pgkeep::storage {

// What the body of a failure says; empty where it says nothing.
struct S3ErrorBody {
  std::string code;     // "NoSuchBucket"
  std::string message;  // in the server's words
  std::string region;   // the right one, where the server tells it
};

// Never fails: many servers and proxies answer failures with something else, or with nothing.
S3ErrorBody ParseErrorBody(ByteSpan body);

// An object as listings show it.
struct S3ListedObject : ObjectInfo {
  std::string storage_class;  // empty where the server does not say it
};

// One page of ListObjectsV2, asked for with encoding-type=url.
struct S3Listing {
  std::vector<S3ListedObject> objects;  // whole keys of the bucket; times are whole seconds
  bool truncated = false;
  std::string continuation;  // where the next page goes on, in the server's words
};

// kProtocol for everything that is no such page. Something else that answers "200 OK" must never
// look like an empty listing.
Result<S3Listing> ParseListing(ByteSpan body);

// One version of an object, or the mark that it was deleted.
struct S3Version {
  S3ListedObject object = {};  // of a mark: key and time only
  Timestamp time = {};         // when it was made, as exactly as the server tells it
  std::string id = {};         // opaque; "null" for what was written before the bucket had versions
  bool deletion = false;
  bool latest = false;
};

// One page of ListObjectVersions, asked for with encoding-type=url.
struct S3VersionListing {
  // By key, and of one key the newest first; whole keys of the bucket.
  std::vector<S3Version> versions;
  bool truncated = false;
  // Where the next page goes on.
  std::string next_key;
  std::string next_id;  // may be empty
};

// kProtocol for everything that is no such page.
Result<S3VersionListing> ParseVersionListing(ByteSpan body);

// An upload in parts that was neither finished nor given up.
struct S3Upload {
  std::string key = {};            // whole key of the bucket
  std::string id = {};             // opaque
  std::string storage_class = {};  // empty where the server does not say it
};

// One page of ListMultipartUploads, asked for with encoding-type=url.
struct S3UploadListing {
  std::vector<S3Upload> uploads;
  bool truncated = false;
  // Where the next page goes on.
  std::string next_key;
  std::string next_id;
};

// kProtocol for everything that is no such page.
Result<S3UploadListing> ParseUploadListing(ByteSpan body);

// One page of ListParts.
struct S3PartListing {
  uint64_t parts = 0;
  uint64_t bytes = 0;
  bool truncated = false;
  std::string next_part;  // where the next page goes on
};

// kProtocol for everything that is no such page.
Result<S3PartListing> ParsePartListing(ByteSpan body);

// Whether a bucket keeps versions. Where that is suspended it keeps those of before and makes none.
enum class BucketVersions { kOff, kSuspended, kOn };

// kProtocol for another answer.
Result<BucketVersions> ParseVersioning(ByteSpan body);

// The answer to AssumeRoleWithWebIdentity. kProtocol.
Result<S3Credentials> ParseAssumedRole(ByteSpan body);

// The tag of an object without the quotes that HTTP puts around it.
std::string UnquoteEtag(std::string_view etag);

}  // namespace pgkeep::storage
