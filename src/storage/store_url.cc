#include "storage/store_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "storage/directory_store.h"
#include "storage/s3/address.h"
#include "storage/s3/s3_store.h"

namespace pgkeep::storage {
namespace {

constexpr std::string_view kFileScheme = "file:";
constexpr std::string_view kS3Scheme = "s3://";
constexpr std::string_view kExample = "write it as file:///var/lib/pgkeep/repository";

Error UrlError(std::string_view text, std::string_view what, std::string_view hint = kExample) {
  return Err(ErrorCode::kInvalidArgument, "repository url '{}' {}", text, what)
      .WithHint(std::string(hint));
}

// RFC 3986 unreserved characters and the slash stand for themselves in a file URL.
bool NeedsNoEscape(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~' || c == '/';
}

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const auto high = HexDigit(text[i + 1]);
    const auto low = HexDigit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(static_cast<unsigned char>(*high * 16 + *low));
    i += 2;
  }
  return decoded;
}

// One slash where there are several, none at the end; "/" stays.
std::string CollapseSlashes(std::string_view path) {
  std::string clean;
  for (const char c : path) {
    if (c != '/' || clean.empty() || clean.back() != '/') clean += c;
  }
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean;
}

// What follows "s3:": a bucket and a prefix. Nothing is decoded, as no tool does that.
Result<StoreUrl> ParseS3Url(std::string_view text) {
  std::string_view rest = text.substr(kS3Scheme.size());
  StoreUrl url{.kind = StoreUrl::Kind::kS3};
  url.bucket = rest.substr(0, rest.find('/'));
  rest.remove_prefix(url.bucket.size());
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  url.prefix = rest;
  PGK_TRY(ValidateBucket(url.bucket));
  PGK_TRY(ValidatePrefix(url.prefix));
  return url;
}

Result<StoreUrl> DirectoryUrl(std::string_view text, std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return UrlError(text, "contains a NUL");
  return StoreUrl{.kind = StoreUrl::Kind::kDirectory, .path = CollapseSlashes(path)};
}

// What follows "file:": an authority that is empty or localhost, then an absolute path.
Result<StoreUrl> ParseFileUrl(std::string_view text) {
  std::string_view rest = text.substr(kFileScheme.size());
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const std::string_view host = rest.substr(0, rest.find('/'));
    if (!host.empty() && host != "localhost") {
      return UrlError("file://...", "names a host",
                      "a file url has three slashes before the path: file:///path");
    }
    rest.remove_prefix(host.size());
  }
  if (!rest.starts_with('/')) return UrlError(text, "has no absolute path");
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return UrlError(text, "has a query or fragment",
                    "write '?' as %3F and '#' as %23, or give the plain path without file://");
  }
  const std::optional<std::string> path = PercentDecode(rest);
  if (!path) return UrlError(text, "has a bad percent escape", "write a '%' itself as %25");
  return DirectoryUrl(text, *path);
}

// What stands between "s3" and the bucket in a text that seems to be meant as the address of one;
// empty for all others. "s3/b" is a path.
std::string_view S3Separator(std::string_view text) {
  if (!text.starts_with("s3") && !text.starts_with("S3")) return {};
  std::string_view rest = text.substr(2);
  rest = rest.substr(0, std::min(rest.find_first_not_of(":/"), rest.size()));
  return rest.starts_with(':') || rest.starts_with("//") ? rest : std::string_view();
}

Error NearlyS3(std::string_view text, std::string_view separator) {
  std::string_view what = "does not begin with s3://";
  if (separator == ":/") what = "lacks a slash";
  if (separator == ":") what = "lacks two slashes";
  if (separator == "//") what = "lacks a colon";
  if (text.starts_with('S')) what = "has its scheme in capitals";
  const std::string_view rest = text.substr(2 + separator.size());
  if (!rest.empty() && rest.find('@') == std::string_view::npos) {
    return UrlError(text, what, fmt::format("write it as {}{}", kS3Scheme, rest));
  }
  // The rest may hold a password.
  return UrlError(fmt::format("{}{}...", text.substr(0, 2), separator), what,
                  "write it as s3://bucket/prefix");
}

// "scheme" when the text begins with "scheme://", else empty.
std::string_view SchemeOf(std::string_view text) {
  const size_t end = text.find("://");
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

}  // namespace

std::string StoreUrl::ToString() const {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  if (kind == Kind::kS3) {
    return std::string(kS3Scheme) + bucket + (prefix.empty() ? "" : "/" + prefix);
  }
  std::string text = "file://";
  for (const char c : path) {
    if (NeedsNoEscape(c)) {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += '%';
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

Result<StoreUrl> ParseStoreUrl(std::string_view text) {
  if (text.empty()) return UrlError(text, "is empty");
  if (text.front() == '/') return DirectoryUrl(text, text);
  if (text.starts_with(kFileScheme)) return ParseFileUrl(text);
  if (text.starts_with(kS3Scheme)) return ParseS3Url(text);
  if (const std::string_view separator = S3Separator(text); !separator.empty()) {
    return NearlyS3(text, separator);
  }
  const std::string_view scheme = SchemeOf(text);
  if (!scheme.empty()) {
    // Only the scheme is shown: the rest may hold a password.
    return UrlError(fmt::format("{}://...", scheme), "has an unknown scheme",
                    "write it as file:///path or s3://bucket/prefix");
  }
  return UrlError(text, "is a relative path", "give an absolute path, beginning with '/'");
}

S3StoreOptions S3OptionsOf(const StoreEnvironment& environment, const StoreUrl& url) {
  S3StoreOptions options{.bucket = url.bucket,
                         .prefix = url.prefix,
                         .settings = url.s3,
                         .files = environment.files,
                         .clock = environment.clock,
                         .variable = environment.variable,
                         .stop = environment.stop,
                         .oldest = environment.oldest,
                         .as_of = url.as_of};
  if (!options.variable) {
    options.variable = [](const std::string&) -> std::optional<std::string> { return {}; };
  }
  return options;
}

Result<std::unique_ptr<ObjectStore>> OpenStore(const StoreEnvironment& environment,
                                               const StoreUrl& url, bool create) {
  if (url.kind == StoreUrl::Kind::kDirectory) {
    return OpenDirectoryStore(*environment.files, {.path = url.path, .create = create});
  }
  S3StoreOptions options = S3OptionsOf(environment, url);
  options.probe = create;
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<S3Store> store, OpenS3Store(options));
  return std::unique_ptr<ObjectStore>(std::move(store));
}

}  // namespace pgkeep::storage
