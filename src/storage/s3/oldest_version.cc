#include "storage/s3/oldest_version.h"

#include <pugixml.hpp>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

// A page of 1,000 keys of 1,024 bytes.
constexpr uint64_t kXmlMax = uint64_t{8} << 20;

// A page of versions of keys that begin like the one that is looked for.
struct Page {
  std::optional<std::string> oldest;  // of the key, so far
  bool over = true;                   // what comes next are other keys, or nothing
  std::string next_key;
  std::string next_id;
};

// Of one key the newest version comes first, and longer keys come behind it.
Result<Page> ParsePage(ByteSpan body, const std::string& key) {
  pugi::xml_document document;
  const auto loaded =
      document.load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8);
  const pugi::xml_node root = document.child("ListVersionsResult");
  if (loaded.status != pugi::status_ok || !root.child("IsTruncated")) {
    return Err(ErrorCode::kProtocol, "the server's answer is no listing of versions")
        .WithHint("check the endpoint: something that is no S3 answers there");
  }
  Page page;
  bool stranger = false;
  for (const pugi::xml_node& node : root.children()) {
    const std::string_view name = node.name();
    if (name != "Version" && name != "DeleteMarker") continue;
    stranger = stranger || key != node.child_value("Key");
    if (!stranger && name == "Version") page.oldest = node.child_value("VersionId");
  }
  page.over = stranger || std::string_view(root.child_value("IsTruncated")) != "true";
  page.next_key = root.child_value("NextKeyMarker");
  page.next_id = root.child_value("NextVersionIdMarker");
  return page;
}

}  // namespace

Result<std::optional<std::string>> FindOldestVersion(S3Client& client, const std::string& bucket,
                                                     const std::string& key) {
  std::optional<std::string> oldest;
  Page page;
  do {
    S3Call call{.operation = "s3:ListBucketVersions",
                .what = "bucket " + bucket,
                .method = "GET",
                .query = {{"versions", ""}, {"prefix", key}},
                .body_max = kXmlMax};
    const std::pair before(page.next_key, page.next_id);
    if (!page.next_key.empty()) call.query.emplace_back("key-marker", page.next_key);
    if (!page.next_id.empty()) call.query.emplace_back("version-id-marker", page.next_id);
    PGK_ASSIGN_OR_RETURN(const net::HttpResponse response, client.Call(call));
    PGK_ASSIGN_OR_RETURN(page, ParsePage(response.body, key));
    if (page.oldest) oldest = std::move(page.oldest);
    if (!page.over && std::pair(page.next_key, page.next_id) == before) {
      return Err(ErrorCode::kProtocol, "the listing of versions in bucket {} does not get on",
                 bucket);
    }
  } while (!page.over);
  return oldest;
}

}  // namespace pgkeep::storage
