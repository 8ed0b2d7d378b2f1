// What libcurl's codes mean to us. For this room only.
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace pgkeep::net {

// The error of a transfer that failed without an answer: kUnavailable for what may pass (no
// connection, a reset, an answer that ends early), kTimeout, and others for what does not (a
// certificate that is not trusted, a server that speaks no TLS). `server` is scheme, host and port;
// `detail` is libcurl's own text, may be empty.
Error TransferError(CURLcode code, const std::string& server, std::string_view detail);

}  // namespace pgkeep::net
