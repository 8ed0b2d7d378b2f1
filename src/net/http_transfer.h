// One request on its way. For this room only.
#pragma once

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/curl_handles.h"
#include "net/http_client.h"
#include "net/http_message.h"

namespace pgkeep::net {

// Prepares a handle of libcurl for a request, takes what its callbacks deliver, and makes the
// answer of it. Borrows the request. One thread at a time: the caller's, then the loop's while the
// transfer runs, then the caller's again.
class HttpTransfer {
 public:
  // kInvalidArgument for a request that cannot be sent.
  static Result<std::unique_ptr<HttpTransfer>> Prepare(const HttpRequest& request,
                                                       const HttpClientOptions& options);

  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  CURL* handle() { return handle_.get(); }

  // The answer, after the transfer has ended with `code`.
  Result<HttpResponse> Finish(CURLcode code);

 private:
  explicit HttpTransfer(const HttpRequest& request);

  void SetConnection(const HttpClientOptions& options);
  Status SetMethod();
  void SetHeaders();

  static size_t OnRead(char* out, size_t size, size_t count, void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);
  static size_t OnHeader(const char* line, size_t size, size_t count, void* self);
  static size_t OnBody(const char* data, size_t size, size_t count, void* self);

  bool TakeHeader(std::string_view line);
  bool TakeBody(std::string_view data);
  bool TakeFirstBytes();

  // Constant after preparation.
  const HttpRequest& request_;
  std::string server_;  // scheme, host and port: for messages
  EasyHandle handle_;
  LineList lines_;

  size_t sent_ = 0;
  size_t header_bytes_ = 0;
  bool body_begun_ = false;
  HttpResponse response_;
  std::optional<Error> failure_;  // why a callback ended the transfer
  std::array<char, CURL_ERROR_SIZE> detail_{};
};

}  // namespace pgkeep::net
