// Addresses of servers.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace pgkeep::net {

// An absolute http or https address, taken apart. A value; without credentials.
struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address in brackets
  int port = 0;        // the scheme's own if the text names none
  std::string path;    // percent-encoded, begins with a slash

  // What the header field Host says: the port only where it is not the scheme's own.
  std::string Authority() const;
};

// Parses with libcurl, which sends it later, so that nothing is understood in two ways.
// kInvalidArgument, without the text in it (it may hold a password), for another scheme, user
// names, queries and fragments.
Result<Url> ParseUrl(std::string_view text);

// Every byte but the unreserved characters of RFC 3986 (letters, digits, "-._~") as "%XX" with
// upper-case digits.
std::string PercentEncode(std::string_view text);

// The same, but slashes stay.
std::string PercentEncodePath(std::string_view path);

// The inverse of both. kInvalidArgument for a '%' without two digits behind it.
Result<std::string> PercentDecode(std::string_view text);

}  // namespace pgkeep::net
