#include "net/http_message.h"

#include <algorithm>

namespace pgkeep::net {
namespace {

// RFC 9110 section 5.6.2.
bool IsTokenCharacter(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

}  // namespace

std::optional<std::string_view> HttpResponse::Header(std::string_view lower_name) const {
  const auto found = std::ranges::find(headers, lower_name, &HttpHeader::name);
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

Status ValidateHeaders(const std::vector<HttpHeader>& headers) {
  for (const HttpHeader& header : headers) {
    if (header.name.empty() || !std::ranges::all_of(header.name, IsTokenCharacter)) {
      return Err(ErrorCode::kInvalidArgument, "a header field has a name that HTTP does not allow");
    }
    // The value is not shown: it may be a secret.
    if (std::ranges::any_of(header.value, IsControl)) {
      return Err(ErrorCode::kInvalidArgument,
                 "the value of header field {} has a control character", header.name);
    }
  }
  return Ok();
}

}  // namespace pgkeep::net
