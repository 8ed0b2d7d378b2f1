#include "storage/s3/xml.h"

#include <charconv>
#include <optional>
#include <pugixml.hpp>
#include <string_view>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "net/url.h"

namespace pgkeep::storage {
namespace {

// Codes are words, messages are sentences; more than this is neither.
constexpr size_t kCodeMax = 100;
constexpr size_t kMessageMax = 500;
// No upload is larger than what S3 takes as one object, fifty terabytes, by any means.
constexpr uint64_t kMaxObjectSum = uint64_t{1} << 50;

Error NotUnderstood(std::string_view what) {
  return Err(ErrorCode::kProtocol, "the server's answer is no {}", what)
      .WithHint("check the endpoint: something that is no S3 answers there");
}

bool Load(pugi::xml_document& document, ByteSpan body) {
  return document.load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8)
             .status == pugi::status_ok;
}

std::string Bounded(const char* text, size_t max) {
  std::string clean = Printable(text);
  if (clean.size() > max) clean.resize(max);
  return clean;
}

// As encoding-type=url has it: like a form, with '+' for a blank.
Result<std::string> DecodeKey(std::string text) {
  for (char& c : text) {
    if (c == '+') c = ' ';
  }
  return net::PercentDecode(text);
}

std::optional<uint64_t> ReadSize(std::string_view text) {
  uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return size;
}

// What listings say about themselves; nullopt for what is none.
std::optional<bool> IsTruncated(const pugi::xml_node& root) {
  const std::string_view truncated = root.child_value("IsTruncated");
  if (truncated != "true" && truncated != "false") return std::nullopt;
  return truncated == "true";
}

Result<S3ListedObject> ParseObject(const pugi::xml_node& node) {
  S3ListedObject object;
  PGK_ASSIGN_OR_RETURN(object.key, DecodeKey(node.child_value("Key")));
  const std::optional<uint64_t> size = ReadSize(node.child_value("Size"));
  if (object.key.empty() || !size) return NotUnderstood("listing");
  object.size = *size;
  object.storage_class = Bounded(node.child_value("StorageClass"), kCodeMax);
  object.etag = UnquoteEtag(node.child_value("ETag"));
  PGK_ASSIGN_OR_RETURN(const Timestamp modified, ParseUtc(node.child_value("LastModified")));
  // Answers to HEAD have whole seconds only.
  object.modified = std::chrono::floor<std::chrono::seconds>(modified);
  return object;
}

// A deletion mark has no size and no tag.
Result<S3Version> ParseVersion(const pugi::xml_node& node, bool deletion) {
  S3Version version;
  version.deletion = deletion;
  version.latest = std::string_view(node.child_value("IsLatest")) == "true";
  version.id = node.child_value("VersionId");
  PGK_ASSIGN_OR_RETURN(version.time, ParseUtc(node.child_value("LastModified")));
  if (!deletion) {
    PGK_ASSIGN_OR_RETURN(version.object, ParseObject(node));
  } else {
    PGK_ASSIGN_OR_RETURN(version.object.key, DecodeKey(node.child_value("Key")));
    version.object.modified = std::chrono::floor<std::chrono::seconds>(version.time);
  }
  if (version.object.key.empty() || version.id.empty()) return NotUnderstood("list of versions");
  return version;
}

}  // namespace

S3ErrorBody ParseErrorBody(ByteSpan body) {
  S3ErrorBody told;
  pugi::xml_document document;
  if (!Load(document, body)) return told;
  pugi::xml_node error = document.child("Error");
  // The form of the security token service.
  if (!error) error = document.child("ErrorResponse").child("Error");
  told.code = Bounded(error.child_value("Code"), kCodeMax);
  told.message = Bounded(error.child_value("Message"), kMessageMax);
  told.region = Bounded(error.child_value("Region"), kCodeMax);
  return told;
}

Result<S3Listing> ParseListing(ByteSpan body) {
  pugi::xml_document document;
  if (!Load(document, body)) return NotUnderstood("listing");
  const pugi::xml_node root = document.child("ListBucketResult");
  const std::optional<bool> truncated = IsTruncated(root);
  if (!truncated) return NotUnderstood("listing");
  S3Listing listing;
  listing.truncated = *truncated;
  listing.continuation = root.child_value("NextContinuationToken");
  for (const pugi::xml_node& node : root.children("Contents")) {
    Result<S3ListedObject> object = ParseObject(node);
    if (!object.ok()) return NotUnderstood("listing");
    listing.objects.push_back(std::move(object).value());
  }
  return listing;
}

Result<S3VersionListing> ParseVersionListing(ByteSpan body) {
  pugi::xml_document document;
  if (!Load(document, body)) return NotUnderstood("list of versions");
  const pugi::xml_node root = document.child("ListVersionsResult");
  const std::optional<bool> truncated = IsTruncated(root);
  if (!truncated) return NotUnderstood("list of versions");
  S3VersionListing listing;
  listing.truncated = *truncated;
  for (const pugi::xml_node& node : root.children()) {
    const std::string_view name = node.name();
    if (name != "Version" && name != "DeleteMarker") continue;
    Result<S3Version> version = ParseVersion(node, name == "DeleteMarker");
    if (!version.ok()) return NotUnderstood("list of versions");
    listing.versions.push_back(std::move(version).value());
  }
  if (!listing.truncated) return listing;
  // It goes on behind what is last here. The markers say so too, but Ceph does not encode them as
  // it encodes keys.
  if (!listing.versions.empty()) {
    listing.next_key = listing.versions.back().object.key;
    listing.next_id = listing.versions.back().id;
    return listing;
  }
  PGK_ASSIGN_OR_RETURN(listing.next_key, DecodeKey(root.child_value("NextKeyMarker")));
  listing.next_id = root.child_value("NextVersionIdMarker");
  if (listing.next_key.empty()) return NotUnderstood("list of versions");
  return listing;
}

Result<S3UploadListing> ParseUploadListing(ByteSpan body) {
  pugi::xml_document document;
  if (!Load(document, body)) return NotUnderstood("list of uploads");
  const pugi::xml_node root = document.child("ListMultipartUploadsResult");
  const std::optional<bool> truncated = IsTruncated(root);
  if (!truncated) return NotUnderstood("list of uploads");
  S3UploadListing listing;
  listing.truncated = *truncated;
  for (const pugi::xml_node& node : root.children("Upload")) {
    S3Upload upload;
    PGK_ASSIGN_OR_RETURN(upload.key, DecodeKey(node.child_value("Key")));
    upload.id = node.child_value("UploadId");
    upload.storage_class = Bounded(node.child_value("StorageClass"), kCodeMax);
    if (upload.key.empty() || upload.id.empty()) return NotUnderstood("list of uploads");
    listing.uploads.push_back(std::move(upload));
  }
  // As with versions.
  if (listing.truncated && listing.uploads.empty()) return NotUnderstood("list of uploads");
  if (listing.truncated) {
    listing.next_key = listing.uploads.back().key;
    listing.next_id = listing.uploads.back().id;
  }
  return listing;
}

Result<S3PartListing> ParsePartListing(ByteSpan body) {
  pugi::xml_document document;
  if (!Load(document, body)) return NotUnderstood("list of parts");
  const pugi::xml_node root = document.child("ListPartsResult");
  const std::optional<bool> truncated = IsTruncated(root);
  if (!truncated) return NotUnderstood("list of parts");
  S3PartListing listing;
  listing.truncated = *truncated;
  listing.next_part = root.child_value("NextPartNumberMarker");
  for (const pugi::xml_node& node : root.children("Part")) {
    const std::optional<uint64_t> size = ReadSize(node.child_value("Size"));
    if (!size || *size > kMaxObjectSum - listing.bytes) return NotUnderstood("list of parts");
    ++listing.parts;
    listing.bytes += *size;
  }
  return listing;
}

Result<BucketVersions> ParseVersioning(ByteSpan body) {
  pugi::xml_document document;
  if (!Load(document, body)) return NotUnderstood("versioning configuration");
  const pugi::xml_node root = document.child("VersioningConfiguration");
  if (!root) return NotUnderstood("versioning configuration");
  const std::string_view status = root.child_value("Status");
  if (status == "Enabled") return BucketVersions::kOn;
  return status == "Suspended" ? BucketVersions::kSuspended : BucketVersions::kOff;
}

Result<S3Credentials> ParseAssumedRole(ByteSpan body) {
  pugi::xml_document document;
  if (!Load(document, body)) return NotUnderstood("set of credentials");
  const pugi::xml_node node = document.child("AssumeRoleWithWebIdentityResponse")
                                  .child("AssumeRoleWithWebIdentityResult")
                                  .child("Credentials");
  S3Credentials found;
  found.access_key = node.child_value("AccessKeyId");
  found.secret_key = SecretBytes(AsBytes(node.child_value("SecretAccessKey")));
  found.session_token = SecretBytes(AsBytes(node.child_value("SessionToken")));
  const Result<Timestamp> expires = ParseUtc(node.child_value("Expiration"));
  if (found.access_key.empty() || found.secret_key.empty() || !expires.ok()) {
    return NotUnderstood("set of credentials");
  }
  found.expires = *expires;
  return found;
}

std::string UnquoteEtag(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

}  // namespace pgkeep::storage
