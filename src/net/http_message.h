// What goes over HTTP, free of the library that sends it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep::net {

// One header field.
struct HttpHeader {
  std::string name = {};
  std::string value = {};
};

// One request. Borrows `body` and `into`, which must live until Send() has returned.
struct HttpRequest {
  std::string method = "GET";  // GET, HEAD, PUT, POST or DELETE
  // Absolute, percent-encoded; its path is sent as it stands, dots included.
  std::string url = {};
  // Host and Content-Length come by themselves.
  std::vector<HttpHeader> headers = {};
  ByteSpan body = {};  // of PUT and POST; may be empty
  // Longest body of an answer of the class 2xx that is kept in HttpResponse::body.
  uint64_t body_max = 0;
  // Where the body of an answer of the class 2xx goes instead. Its size is the limit.
  std::optional<MutableByteSpan> into = {};
};

// Longest body of an answer that is not of the class 2xx.
inline constexpr uint64_t kErrorBodyMax = uint64_t{1} << 20;

// Most bytes that the status line and the header fields of an answer may have together.
inline constexpr size_t kHeadersMax = size_t{128} << 10;

// One whole answer, whatever its status. A value.
struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers = {};  // names in lower case, in the order of the answer
  Bytes body = {};                       // empty if it went into HttpRequest::into
  uint64_t body_bytes = 0;               // length of the body, wherever it went

  bool ok() const { return status >= 200 && status < 300; }

  // The first field with this name, given in lower case.
  std::optional<std::string_view> Header(std::string_view lower_name) const;
};

// kInvalidArgument unless names are tokens and values have no control characters: nothing from
// outside may add a header field or a second request (RFC 9110 section 5).
Status ValidateHeaders(const std::vector<HttpHeader>& headers);

}  // namespace pgkeep::net
