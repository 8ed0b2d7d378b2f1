#include "storage/s3/sigv4.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/hex.h"
#include "crypto/hmac.h"
#include "net/url.h"

namespace pgkeep::storage {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

crypto::Digest32 Mac(ByteSpan key, std::string_view text) {
  return crypto::HmacSha256Key(key).Mac(AsBytes(text));
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Without blanks around it, and with one where there are several.
std::string CollapseBlanks(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    if (c != ' ' || (!clean.empty() && clean.back() != ' ')) clean += c;
  }
  if (!clean.empty() && clean.back() == ' ') clean.pop_back();
  return clean;
}

struct CanonicalHeaders {
  std::string lines;  // "name:value\n", sorted
  std::string names;  // "name;name"
};

CanonicalHeaders Canonicalize(const std::vector<net::HttpHeader>& headers) {
  std::vector<std::pair<std::string, std::string>> sorted;
  sorted.reserve(headers.size());
  for (const net::HttpHeader& header : headers) {
    sorted.emplace_back(ToLower(header.name), CollapseBlanks(header.value));
  }
  // Values of one name stay in their order.
  std::ranges::stable_sort(sorted, {}, &std::pair<std::string, std::string>::first);
  CanonicalHeaders canonical;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0 && sorted[i].first == sorted[i - 1].first) {
      canonical.lines.back() = ',';
      canonical.lines += sorted[i].second + "\n";
      continue;
    }
    canonical.lines += sorted[i].first + ":" + sorted[i].second + "\n";
    if (i > 0) canonical.names += ';';
    canonical.names += sorted[i].first;
  }
  return canonical;
}

SecretBytes SigningKey(const SigningScope& scope, std::string_view day) {
  constexpr std::string_view kPrefix = "AWS4";
  SecretBytes first(kPrefix.size() + scope.secret_key.size());
  std::ranges::copy(AsBytes(kPrefix), first.ExposeMutable().begin());
  std::ranges::copy(scope.secret_key, first.ExposeMutable().begin() + kPrefix.size());
  SecretBytes key(Mac(first.Expose(), day));
  for (const std::string_view step :
       {scope.region, scope.service, std::string_view("aws4_request")})
    key = SecretBytes(Mac(key.Expose(), step));
  return key;
}

}  // namespace

std::string FormatAmzDate(Timestamp time) {
  std::string compact;
  for (const char c : FormatUtc(time)) {
    if (c != '-' && c != ':') compact += c;
  }
  return compact;
}

std::string CanonicalQuery(const std::vector<QueryParameter>& query) {
  std::vector<QueryParameter> encoded;
  encoded.reserve(query.size());
  for (const auto& [name, value] : query) {
    encoded.emplace_back(net::PercentEncode(name), net::PercentEncode(value));
  }
  std::ranges::sort(encoded);
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text += name;
    text += '=';
    text += value;
  }
  return text;
}

std::string Authorize(const SignedRequest& request, const SigningScope& scope) {
  const CanonicalHeaders headers = Canonicalize(request.headers);
  const std::string canonical = request.method + "\n" + net::PercentEncodePath(request.path) +
                                "\n" + CanonicalQuery(request.query) + "\n" + headers.lines + "\n" +
                                headers.names + "\n" + request.payload_sha256;
  const std::string date = FormatAmzDate(scope.time);
  const std::string day = date.substr(0, 8);
  const std::string place = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const std::string text = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, date, place,
                                       HexEncode(crypto::Sha256(AsBytes(canonical))));
  const crypto::Digest32 signature = Mac(SigningKey(scope, day).Expose(), text);
  return fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", kAlgorithm,
                     scope.access_key, place, headers.names, HexEncode(signature));
}

}  // namespace pgkeep::storage
