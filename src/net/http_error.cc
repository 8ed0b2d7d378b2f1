#include "net/http_error.h"

#include "base/display.h"

namespace pgkeep::net {
namespace {

Error Untrusted(const std::string& server, std::string_view detail) {
  return Err(ErrorCode::kUnauthenticated, "the certificate of {} is not trusted: {}", server,
             detail)
      .WithHint(
          "if the server has a certificate authority of its own, name its certificate with "
          "'ca_file' in the configuration or --s3-ca-file");
}

// OpenSSL reports a handshake that was answered in plain text as a version that it does not know.
bool IsPlainAnswer(std::string_view detail) {
  return detail.find("wrong version number") != std::string_view::npos ||
         detail.find("packet length too long") != std::string_view::npos;
}

Error TlsFailed(const std::string& server, std::string_view detail) {
  if (IsPlainAnswer(detail)) {
    return Err(ErrorCode::kProtocol, "{} does not speak TLS", server)
        .WithHint("if it is meant to be reached without encryption, write http:// for https://");
  }
  return Err(ErrorCode::kUnavailable, "no TLS connection to {}: {}", server, detail);
}

// A server that expects TLS ends a connection on which it gets anything else.
Error Ended(const std::string& server, std::string_view what, std::string_view detail) {
  Error error = Err(ErrorCode::kUnavailable, "{} {} ({})", server, what, detail);
  if (!server.starts_with("http:")) return error;
  return std::move(error).WithHint("if the server speaks TLS, write https:// for http://");
}

}  // namespace

Error TransferError(CURLcode code, const std::string& server, std::string_view detail) {
  const std::string text = Printable(detail.empty() ? curl_easy_strerror(code) : detail);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Err(ErrorCode::kUnavailable, "the name of {} is not known: {}", server, text)
          .WithHint("check the endpoint, and whether this machine can resolve names");
    case CURLE_COULDNT_CONNECT:
      return Err(ErrorCode::kUnavailable, "cannot connect to {}: {}", server, text)
          .WithHint("check the endpoint, and whether a firewall or a proxy is in between");
    case CURLE_OPERATION_TIMEDOUT:
      return Err(ErrorCode::kTimeout, "{} does not answer: {}", server, text)
          .WithHint("see whether the server is overloaded, and what lies between it and us");
    case CURLE_PEER_FAILED_VERIFICATION:
      return Untrusted(server, text);
    case CURLE_SSL_CACERT_BADFILE:
      return Err(ErrorCode::kConfig, "the file with the trusted certificates cannot be read: {}",
                 text)
          .WithHint("give a file with certificates in PEM as 'ca_file'");
    case CURLE_SSL_CONNECT_ERROR:
      return TlsFailed(server, text);
    case CURLE_PARTIAL_FILE:
      return Err(ErrorCode::kUnavailable, "the answer of {} ended early: {}", server, text);
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return Ended(server, "ended the connection", text);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
      return Err(ErrorCode::kProtocol, "{} does not answer in HTTP: {}", server, text)
          .WithHint("check the endpoint: something else answers there");
    case CURLE_OUT_OF_MEMORY:
      return Err(ErrorCode::kInternal, "libcurl has no memory left");
    default:
      return Err(ErrorCode::kUnavailable, "the request to {} failed: {}", server, text);
  }
}

}  // namespace pgkeep::net
