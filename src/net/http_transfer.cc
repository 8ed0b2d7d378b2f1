#include "net/http_transfer.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/version.h"
#include "net/http_error.h"
#include "net/url.h"

namespace pgkeep::net {
namespace {

// Pieces in which libcurl hands bytes over.
constexpr long kBufferBytes = long{256} << 10;

// Sets one option. A failure would be a version of libcurl without it: found by every test.
template <class Value>
void Set(CURL* handle, CURLoption option, Value value) {
  PGK_CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK, "libcurl knows this option");
}

long Milliseconds(Duration duration) {
  return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

long WholeSeconds(Duration duration) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration).count();
  return static_cast<long>(std::max<decltype(seconds)>(seconds, 1));
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// "http://host:port" of an address; the path may be long, and says nothing about a connection.
std::string ServerOf(const std::string& url) {
  const size_t host = url.find("://");
  return host == std::string::npos ? url : url.substr(0, url.find_first_of("/?#", host + 3));
}

}  // namespace

HttpTransfer::HttpTransfer(const HttpRequest& request)
    : request_(request), server_(ServerOf(request.url)), handle_(curl_easy_init()) {
  PGK_CHECK(handle_ != nullptr, "out of memory");
}

Result<std::unique_ptr<HttpTransfer>> HttpTransfer::Prepare(const HttpRequest& request,
                                                            const HttpClientOptions& options) {
  PGK_TRY(ValidateHeaders(request.headers));
  auto transfer = std::unique_ptr<HttpTransfer>(new HttpTransfer(request));
  transfer->SetConnection(options);
  PGK_TRY(transfer->SetMethod());
  transfer->SetHeaders();
  return transfer;
}

void HttpTransfer::SetConnection(const HttpClientOptions& options) {
  CURL* const curl = handle_.get();
  Set(curl, CURLOPT_URL, request_.url.c_str());
  Set(curl, CURLOPT_PATH_AS_IS, 1L);
  Set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(curl, CURLOPT_FOLLOWLOCATION, 0L);
  Set(curl, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  Set(curl, CURLOPT_HTTP09_ALLOWED, 0L);
  Set(curl, CURLOPT_NOSIGNAL, 1L);
  Set(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  Set(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  Set(curl, CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  Set(curl, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options.connect_timeout));
  Set(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  Set(curl, CURLOPT_LOW_SPEED_TIME, WholeSeconds(options.stall_timeout));
  Set(curl, CURLOPT_BUFFERSIZE, kBufferBytes);
  Set(curl, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
  Set(curl, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  Set(curl, CURLOPT_USERAGENT, fmt::format("pgkeep/{}", kVersion).c_str());
  if (!options.ca_file.empty()) {
    Set(curl, CURLOPT_CAINFO, options.ca_file.c_str());
    Set(curl, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    Set(curl, CURLOPT_PROXY_CAINFO, options.ca_file.c_str());
  }
  if (options.proxy) Set(curl, CURLOPT_PROXY, options.proxy->c_str());
  Set(curl, CURLOPT_ERRORBUFFER, detail_.data());
  Set(curl, CURLOPT_READFUNCTION, &HttpTransfer::OnRead);
  Set(curl, CURLOPT_READDATA, this);
  Set(curl, CURLOPT_SEEKFUNCTION, &HttpTransfer::OnSeek);
  Set(curl, CURLOPT_SEEKDATA, this);
  Set(curl, CURLOPT_HEADERFUNCTION, &HttpTransfer::OnHeader);
  Set(curl, CURLOPT_HEADERDATA, this);
  Set(curl, CURLOPT_WRITEFUNCTION, &HttpTransfer::OnBody);
  Set(curl, CURLOPT_WRITEDATA, this);
}

Status HttpTransfer::SetMethod() {
  CURL* const curl = handle_.get();
  const auto length = static_cast<curl_off_t>(request_.body.size());
  if (request_.method == "PUT") {
    Set(curl, CURLOPT_UPLOAD, 1L);
    Set(curl, CURLOPT_INFILESIZE_LARGE, length);
    return Ok();
  }
  if (request_.method == "POST") {
    Set(curl, CURLOPT_POST, 1L);
    Set(curl, CURLOPT_POSTFIELDSIZE_LARGE, length);
    return Ok();
  }
  PGK_CHECK(request_.body.empty(), "only PUT and POST have a body");
  if (request_.method == "GET") {
    Set(curl, CURLOPT_HTTPGET, 1L);
  } else if (request_.method == "HEAD") {
    Set(curl, CURLOPT_NOBODY, 1L);
  } else if (request_.method == "DELETE") {
    Set(curl, CURLOPT_CUSTOMREQUEST, "DELETE");
  } else {
    return Err(ErrorCode::kInvalidArgument, "the client knows no method {}", request_.method);
  }
  return Ok();
}

void HttpTransfer::SetHeaders() {
  for (const HttpHeader& header : request_.headers) {
    // libcurl takes "Name:" for an order to leave its own field out.
    const std::string line =
        header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
    AddLine(lines_, line.c_str());
  }
  // What libcurl would add to a POST by itself.
  if (request_.method == "POST") {
    const bool typed = std::ranges::any_of(request_.headers, [](const HttpHeader& header) {
      return ToLower(header.name) == "content-type";
    });
    if (!typed) AddLine(lines_, "Content-Type:");
  }
  if (lines_ != nullptr) Set(handle_.get(), CURLOPT_HTTPHEADER, lines_.get());
}

size_t HttpTransfer::OnRead(char* out, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const ByteSpan left = transfer.request_.body.subspan(transfer.sent_);
  const size_t taken = std::min(left.size(), size * count);
  if (taken > 0) std::memcpy(out, left.data(), taken);
  transfer.sent_ += taken;
  return taken;
}

// A connection that turned out to be dead: the body is sent again.
int HttpTransfer::OnSeek(void* self, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const bool inside = origin == SEEK_SET && offset >= 0 &&
                      static_cast<uint64_t>(offset) <= transfer.request_.body.size();
  if (!inside) return CURL_SEEKFUNC_FAIL;
  transfer.sent_ = static_cast<size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

size_t HttpTransfer::OnHeader(const char* line, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  return transfer.TakeHeader({line, size * count}) ? size * count : 0;
}

size_t HttpTransfer::OnBody(const char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  return transfer.TakeBody({data, size * count}) ? size * count : 0;
}

bool HttpTransfer::TakeHeader(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kHeadersMax) {
    failure_ = Err(ErrorCode::kProtocol, "{} answers with more than {} bytes of header fields",
                   server_, kHeadersMax);
    return false;
  }
  if (line.starts_with("HTTP/")) {
    // Of several answers (100 Continue, then the real one) the last counts.
    response_ = HttpResponse();
    return true;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;  // the empty line at the end
  response_.headers.push_back(
      {ToLower(Trim(line.substr(0, colon))), std::string(Trim(line.substr(colon + 1)))});
  return true;
}

// Decides by the status where the body goes, and by the announced length whether it fits.
bool HttpTransfer::TakeFirstBytes() {
  long status = 0;
  curl_off_t announced = -1;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(handle_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  response_.status = static_cast<int>(status);
  body_begun_ = true;
  if (response_.ok() && request_.into) return true;
  const uint64_t limit = response_.ok() ? request_.body_max : kErrorBodyMax;
  if (announced <= 0) return true;
  const auto length = static_cast<uint64_t>(announced);
  if (length > limit) {
    failure_ = Err(ErrorCode::kLimitExceeded, "{} answers with {} bytes, more than {}", server_,
                   length, limit);
    return false;
  }
  response_.body.reserve(length);
  return true;
}

bool HttpTransfer::TakeBody(std::string_view data) {
  if (!body_begun_ && !TakeFirstBytes()) return false;
  const bool direct = response_.ok() && request_.into;
  const uint64_t limit = !response_.ok() ? kErrorBodyMax
                         : request_.into ? request_.into->size()
                                         : request_.body_max;
  if (data.size() > limit - response_.body_bytes) {
    failure_ = Err(ErrorCode::kLimitExceeded, "{} answers with more than {} bytes", server_, limit);
    return false;
  }
  if (direct) {
    std::memcpy(request_.into->data() + response_.body_bytes, data.data(), data.size());
  } else {
    Append(response_.body, AsBytes(data));
  }
  response_.body_bytes += data.size();
  return true;
}

Result<HttpResponse> HttpTransfer::Finish(CURLcode code) {
  if (failure_) return *std::move(failure_);
  if (code != CURLE_OK) return TransferError(code, server_, detail_.data());
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

}  // namespace pgkeep::net
