// The HTTP client: requests to servers that store our backups, hand out credentials or take alerts.
//
// HTTP/1.1 only, with connections that are kept open and used again: the upload code of HTTP/2 in
// the libcurl of Debian 12 is young. Redirections are reported, never followed: a signed request
// must not go where somebody else sends it.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_message.h"

namespace pgkeep::net {

// How a client speaks with servers.
struct HttpClientOptions {
  // Certificates in PEM to trust in place of the system's; empty: the system's.
  std::string ca_file = {};
  // "http://host:port", or with https, socks4, socks4a, socks5 or socks5h; "" for none. Without one
  // the variables https_proxy, http_proxy and no_proxy decide, as for curl.
  std::optional<std::string> proxy = {};
  // For name resolution, TCP and TLS together.
  Duration connect_timeout = std::chrono::seconds(10);
  // A request on which not one byte moves for so long has failed. There is no limit for a whole
  // request, since links are slow and objects are large. Counted in whole seconds, at least one.
  Duration stall_timeout = std::chrono::seconds(60);
  // So many requests run at the same time, each on a connection of its own; further ones wait.
  size_t max_in_flight = 64;
};

// Sends requests. One thread of its own does the I/O of all of them; Send() blocks its caller only.
// Thread-safe. Answers arrive whole or not at all.
class HttpClient {
 public:
  // kConfig if the file with certificates cannot be read.
  static Result<std::unique_ptr<HttpClient>> Start(const HttpClientOptions& options);

  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  // REQUIRES: no call of Send() is running.
  ~HttpClient();

  // The answer, whatever its status.
  //   kUnavailable, kTimeout   no whole answer came; whether the request was done is not known
  //   kUnauthenticated         the server's certificate is not trusted
  //   kProtocol                the server speaks no HTTP, or no TLS
  //   kLimitExceeded           the body is longer than the request allows; no memory was taken
  //   kCancelled               `stop` was requested; the request may have been done
  //   kInvalidArgument         the request cannot be sent as it is
  // libcurl itself sends a request once more when a connection that was kept open turns out to be
  // dead before anything came back on it.
  Result<HttpResponse> Send(const HttpRequest& request, std::stop_token stop = {});

 private:
  class Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgkeep::net
