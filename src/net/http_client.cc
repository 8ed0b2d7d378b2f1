#include "net/http_client.h"

#include <unistd.h>

#include <utility>

#include "base/error.h"
#include "net/http_transfer.h"
#include "net/transfer_loop.h"

namespace pgkeep::net {

class HttpClient::Impl {
 public:
  explicit Impl(const HttpClientOptions& options)
      : options_(options), loop_(options.max_in_flight) {}

  Result<HttpResponse> Send(const HttpRequest& request, std::stop_token stop) {
    PGK_ASSIGN_OR_RETURN(const auto transfer, HttpTransfer::Prepare(request, options_));
    const std::optional<CURLcode> code = loop_.Run(transfer->handle(), std::move(stop));
    if (!code) return Err(ErrorCode::kCancelled, "the request was cancelled");
    return transfer->Finish(*code);
  }

 private:
  const HttpClientOptions options_;
  TransferLoop loop_;
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::Start(const HttpClientOptions& options) {
  // libcurl says nothing about the file before the first connection.
  if (!options.ca_file.empty() && ::access(options.ca_file.c_str(), R_OK) != 0) {
    return Err(ErrorCode::kConfig, "cannot read the file with trusted certificates {}",
               options.ca_file)
        .WithHint("name a file with certificates in PEM");
  }
  return std::unique_ptr<HttpClient>(new HttpClient(std::make_unique<Impl>(options)));
}

Result<HttpResponse> HttpClient::Send(const HttpRequest& request, std::stop_token stop) {
  return impl_->Send(request, std::move(stop));
}

}  // namespace pgkeep::net
