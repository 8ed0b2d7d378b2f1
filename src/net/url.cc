#include "net/url.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <charconv>
#include <memory>
#include <optional>

namespace pgkeep::net {
namespace {

constexpr char kHint[] = "write it as https://host or http://host:port";

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

struct TextDeleter {
  void operator()(char* text) const { curl_free(text); }
};
using CurlText = std::unique_ptr<char, TextDeleter>;

int DefaultPort(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

Error Refuse(std::string_view why) {
  return Err(ErrorCode::kInvalidArgument, "the address of a server {}", why).WithHint(kHint);
}

// One part of a parsed address; nullopt if it has none.
std::optional<std::string> Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return std::nullopt;
  const CurlText owned(text);
  return std::string(text);
}

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::string ToLower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string Encode(std::string_view text, bool keep_slashes) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (keep_slashes && c == '/');
    if (plain) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte >> 4];
    encoded += kHex[byte & 15];
  }
  return encoded;
}

}  // namespace

std::string Url::Authority() const {
  return port == DefaultPort(scheme) ? host : fmt::format("{}:{}", host, port);
}

Result<Url> ParseUrl(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return Refuse("contains a NUL");
  const UrlHandle handle(curl_url());
  PGK_CHECK(handle != nullptr, "out of memory");
  const std::string copy(text);
  const CURLUcode parsed =
      curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), CURLU_DISALLOW_USER);
  if (parsed == CURLUE_USER_NOT_ALLOWED) return Refuse("must not have a user name in it");
  if (parsed != CURLUE_OK) return Refuse("is no http or https address");
  Url url;
  url.scheme = Part(handle.get(), CURLUPART_SCHEME).value_or("");
  if (url.scheme != "http" && url.scheme != "https") return Refuse("is neither http nor https");
  if (Part(handle.get(), CURLUPART_QUERY)) return Refuse("must not have a query");
  if (Part(handle.get(), CURLUPART_FRAGMENT)) return Refuse("must not have a fragment");
  url.host = ToLower(Part(handle.get(), CURLUPART_HOST).value_or(""));
  url.path = Part(handle.get(), CURLUPART_PATH).value_or("/");
  const std::string port = Part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or("");
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (error != std::errc{} || url.port < 1 || url.port > 65535) return Refuse("has no valid port");
  return url;
}

std::string PercentEncode(std::string_view text) { return Encode(text, false); }

std::string PercentEncodePath(std::string_view path) { return Encode(path, true); }

Result<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return Err(ErrorCode::kInvalidArgument, "a percent escape is cut off");
    const auto high = HexDigit(text[i + 1]);
    const auto low = HexDigit(text[i + 2]);
    if (!high || !low) return Err(ErrorCode::kInvalidArgument, "a percent escape has no digits");
    decoded += static_cast<char>(static_cast<unsigned char>(*high * 16 + *low));
    i += 2;
  }
  return decoded;
}

}  // namespace pgkeep::net
