// An HTTP server that answers what a test tells it to, also in ways that no server should.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgkeep::testing {

// A request as it came.
struct HttpServerRequest {
  std::string method = {};
  std::string target = {};                                        // as on the request line
  std::vector<std::pair<std::string, std::string>> headers = {};  // names in lower case
  std::string body = {};

  // The value of a field, given in lower case; "" if there is none.
  std::string Header(std::string_view lower_name) const;
};

// What goes back.
struct HttpServerAnswer {
  enum class Then {
    kKeep,   // the connection waits for the next request
    kClose,  // it ends in order
    kReset,  // it ends with a reset
    kHang,   // nothing more happens on it until the server goes
  };
  std::string bytes = {};  // as they go over the wire
  Then then = Then::kKeep;
};

// A well-formed answer with a Content-Length; `headers` are whole lines without line breaks.
HttpServerAnswer MakeAnswer(int status, std::string_view body = "",
                            const std::vector<std::string>& headers = {});

// Listens on a free port of 127.0.0.1, with a thread for each connection. The handler is called
// from several threads at the same time. Thread-safe.
class HttpServer {
 public:
  using Handler = std::function<HttpServerAnswer(const HttpServerRequest&)>;

  explicit HttpServer(Handler handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  int port() const;
  // "http://127.0.0.1:PORT"
  std::string url() const;

  // Everything that came so far, in order.
  std::vector<HttpServerRequest> requests() const;
  // Connections that were accepted so far.
  size_t connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgkeep::testing
