// Addresses of repositories, as users write them in the configuration and on the command line.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "storage/object_store.h"

namespace pgkeep::storage {

// A parsed address.
struct StoreUrl {
  enum class Kind { kDirectory };
  Kind kind = Kind::kDirectory;
  // Absolute, without repeated or trailing slashes.
  std::string path = {};

  // The canonical text: "file:///path", special characters percent-encoded (RFC 8089, RFC 3986).
  // ParseStoreUrl(ToString()) gives the same value.
  std::string ToString() const;
};

// Parses "/path", "file:///path", "file://localhost/path" or "file:/path" (percent-decoded). Fails
// with kInvalidArgument (relative path, foreign host, query or fragment, bad escape, NUL, unknown
// scheme) or kUnsupported ("s3://..."), always with a hint that shows a right form.
Result<StoreUrl> ParseStoreUrl(std::string_view text);

// Opens the store at `url`; `create` makes a missing one. `files` must outlive the result. Fails as
// OpenDirectoryStore does.
Result<std::unique_ptr<ObjectStore>> OpenStore(FileSystem& files, const StoreUrl& url, bool create);

}  // namespace pgkeep::storage
