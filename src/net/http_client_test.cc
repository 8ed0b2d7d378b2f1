#include "net/http_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "base/error.h"
#include "testing/http_server.h"

namespace pgkeep::net {
namespace {

using testing::HttpServer;
using testing::HttpServerAnswer;
using testing::HttpServerRequest;
using testing::MakeAnswer;
using Then = HttpServerAnswer::Then;

std::unique_ptr<HttpClient> StartClient(HttpClientOptions options = {}) {
  if (!options.proxy) options.proxy = "";  // whatever the environment of the test says
  auto client = HttpClient::Start(options);
  PGK_CHECK(client.ok());
  return std::move(client).value();
}

template <class Outcome>
std::string CodeOf(const Outcome& outcome) {
  return outcome.ok() ? "ok" : std::string(CodeName(outcome.error().code()));
}

Bytes Pattern(size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 31 + i / 251);
  return bytes;
}

TEST(HttpClient, DeliversStatusHeadersAndBody) {
  HttpServer server([](const HttpServerRequest&) {
    return MakeAnswer(200, "hello", {"ETag: \"x\"", "X-Two:  a b "});
  });
  const auto client = StartClient();
  const auto response = client->Send({.url = server.url() + "/a%20b?q=1", .body_max = 5});
  ASSERT_TRUE(response.ok()) << response.error().Describe();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(AsText(response->body), "hello");
  EXPECT_EQ(response->body_bytes, 5U);
  EXPECT_EQ(response->Header("etag"), "\"x\"");
  EXPECT_EQ(response->Header("x-two"), "a b");
  EXPECT_EQ(server.requests().at(0).target, "/a%20b?q=1");
}

// Signed paths must arrive as they were signed.
TEST(HttpClient, SendsPathsAsTheyStand) {
  HttpServer server([](const HttpServerRequest&) { return MakeAnswer(204); });
  const auto client = StartClient();
  for (const char* path : {"/a/../b", "/./a//b/", "/%2e%2E/a", "/a;b=c,d"}) {
    ASSERT_TRUE(client->Send({.url = server.url() + path}).ok());
    EXPECT_EQ(server.requests().back().target, path);
  }
}

TEST(HttpClient, EveryMethodArrivesAsItself) {
  HttpServer server([](const HttpServerRequest& request) {
    HttpServerAnswer answer = MakeAnswer(200, request.method == "HEAD" ? "" : "body");
    return answer;
  });
  const auto client = StartClient();
  for (const char* method : {"GET", "HEAD", "PUT", "POST", "DELETE"}) {
    const auto response = client->Send({.method = method, .url = server.url(), .body_max = 100});
    ASSERT_TRUE(response.ok()) << response.error().Describe();
    EXPECT_EQ(server.requests().back().method, method);
  }
  EXPECT_EQ(CodeOf(client->Send({.method = "PATCH", .url = server.url()})), "invalid_argument");
}

TEST(HttpClient, UploadsEverySizeWithItsLength) {
  HttpServer server([](const HttpServerRequest&) { return MakeAnswer(200); });
  const auto client = StartClient();
  for (const size_t size : {0U, 1U, 1000U, 300'000U, 5'000'000U}) {
    for (const char* method : {"PUT", "POST"}) {
      const Bytes body = Pattern(size);
      const auto response = client->Send({.method = method, .url = server.url(), .body = body});
      ASSERT_TRUE(response.ok()) << response.error().Describe();
      const HttpServerRequest request = server.requests().back();
      EXPECT_EQ(request.Header("content-length"), std::to_string(size));
      EXPECT_TRUE(BytesEqual(AsBytes(request.body), body)) << size;
    }
  }
}

TEST(HttpClient, SendsHeadersAlsoEmptyOnes) {
  HttpServer server([](const HttpServerRequest&) { return MakeAnswer(204); });
  const auto client = StartClient();
  ASSERT_TRUE(
      client
          ->Send(
              {.method = "POST", .url = server.url(), .headers = {{"x-one", "1"}, {"x-empty", ""}}})
          .ok());
  const HttpServerRequest request = server.requests().at(0);
  EXPECT_EQ(request.Header("x-one"), "1");
  const auto names = [&] {
    std::vector<std::string> found;
    for (const auto& [name, value] : request.headers) found.push_back(name);
    return found;
  }();
  EXPECT_NE(std::ranges::find(names, "x-empty"), names.end());
  EXPECT_EQ(std::ranges::find(names, "content-type"), names.end());
  EXPECT_EQ(CodeOf(client->Send({.url = server.url(), .headers = {{"a", "b\r\nc: d"}}})),
            "invalid_argument");
}

TEST(HttpClient, FillsTheCallersMemory) {
  HttpServer server([](const HttpServerRequest&) { return MakeAnswer(206, "0123456789"); });
  const auto client = StartClient();
  Bytes out(10);
  const auto response = client->Send({.url = server.url(), .into = MutableByteSpan(out)});
  ASSERT_TRUE(response.ok()) << response.error().Describe();
  EXPECT_EQ(AsText(out), "0123456789");
  EXPECT_EQ(response->body_bytes, 10U);
  EXPECT_TRUE(response->body.empty());
  Bytes small(9);
  EXPECT_EQ(CodeOf(client->Send({.url = server.url(), .into = MutableByteSpan(small)})),
            "limit_exceeded");
}

// What explains a failure must not end up where data is expected.
TEST(HttpClient, BodiesOfFailuresStayOutOfTheCallersMemory) {
  HttpServer server([](const HttpServerRequest&) { return MakeAnswer(503, "<Error/>"); });
  const auto client = StartClient();
  Bytes out(100, 7);
  const auto response = client->Send({.url = server.url(), .into = MutableByteSpan(out)});
  ASSERT_TRUE(response.ok()) << response.error().Describe();
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(AsText(response->body), "<Error/>");
  EXPECT_EQ(out, Bytes(100, 7));
}

TEST(HttpClient, BodiesAreBounded) {
  HttpServer server([](const HttpServerRequest& request) -> HttpServerAnswer {
    if (request.target == "/announced") return MakeAnswer(200, "12345678901");
    // Without a length: until the connection ends.
    if (request.target == "/endless") {
      return {"HTTP/1.1 200 OK\r\n\r\n" + std::string(200'000, 'x'), Then::kClose};
    }
    if (request.target == "/fields") {
      std::string fields;
      for (int i = 0; i < 3000; ++i) fields += "X-Field: " + std::string(90, 'y') + "\r\n";
      return {"HTTP/1.1 200 OK\r\n" + fields + "\r\n", Then::kClose};
    }
    return {"HTTP/1.1 500 No\r\nContent-Length: 900000000\r\n\r\nx", Then::kClose};
  });
  const auto client = StartClient();
  for (const char* path : {"/announced", "/endless", "/failure"}) {
    EXPECT_EQ(CodeOf(client->Send({.url = server.url() + path, .body_max = 10})), "limit_exceeded")
        << path;
  }
  EXPECT_EQ(CodeOf(client->Send({.url = server.url() + "/fields", .body_max = 10})), "protocol");
}

TEST(HttpClient, AnswersThatEndEarlyAreErrors) {
  HttpServer server([](const HttpServerRequest& request) -> HttpServerAnswer {
    if (request.target == "/short") {
      return {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", Then::kClose};
    }
    if (request.target == "/reset") {
      return {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", Then::kReset};
    }
    if (request.target == "/chunk") {
      return {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", Then::kClose};
    }
    return {"", Then::kClose};
  });
  const auto client = StartClient();
  for (const char* path : {"/short", "/reset", "/chunk", "/nothing"}) {
    Bytes out(10);
    const auto response = client->Send({.url = server.url() + path, .into = MutableByteSpan(out)});
    EXPECT_EQ(CodeOf(response), "unavailable") << path;
  }
}

TEST(HttpClient, WhatIsNoHttpIsAProtocolError) {
  HttpServer server([](const HttpServerRequest&) -> HttpServerAnswer {
    return {"SSH-2.0-server\r\n", Then::kClose};
  });
  const auto client = StartClient();
  const auto response = client->Send({.url = server.url(), .body_max = 100});
  EXPECT_EQ(CodeOf(response), "protocol");
  EXPECT_FALSE(response.error().hint().empty());
}

TEST(HttpClient, UnreachableServersAreUnavailable) {
  int port = 0;
  {
    const HttpServer gone([](const HttpServerRequest&) { return MakeAnswer(200); });
    port = gone.port();
  }
  const auto client = StartClient();
  const auto refused = client->Send({.url = fmt::format("http://127.0.0.1:{}", port)});
  ASSERT_EQ(CodeOf(refused), "unavailable");
  EXPECT_NE(refused.error().message().find(std::to_string(port)), std::string::npos);
  const auto unknown = client->Send({.url = "http://no-such-host.invalid/"});
  ASSERT_EQ(CodeOf(unknown), "unavailable");
  EXPECT_NE(unknown.error().message().find("no-such-host.invalid"), std::string::npos);
}

TEST(HttpClient, StalledAnswersTimeOut) {
  HttpServer server([](const HttpServerRequest&) -> HttpServerAnswer {
    return {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", Then::kHang};
  });
  const auto client = StartClient({.stall_timeout = std::chrono::seconds(1)});
  EXPECT_EQ(CodeOf(client->Send({.url = server.url(), .body_max = 10})), "timeout");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpClient, RedirectionsAreReportedNotFollowed) {
  HttpServer server(
      [](const HttpServerRequest&) { return MakeAnswer(307, "", {"Location: /elsewhere"}); });
  const auto client = StartClient();
  const auto response = client->Send({.url = server.url()});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 307);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpClient, KeepsConnectionsOpen) {
  HttpServer server([](const HttpServerRequest&) { return MakeAnswer(200, "x"); });
  const auto client = StartClient();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(client->Send({.url = server.url(), .body_max = 1}).ok());
  }
  EXPECT_EQ(server.requests().size(), 10U);
  EXPECT_EQ(server.connections(), 1U);
}

// All requests must be on their way before the first is answered.
TEST(HttpClient, ManyRequestsAreInFlightAtOnce) {
  constexpr size_t kRequests = 16;
  std::barrier together(kRequests);
  HttpServer server([&together](const HttpServerRequest&) {
    together.arrive_and_wait();
    return MakeAnswer(200, "x");
  });
  const auto client = StartClient();
  std::atomic<size_t> answered{0};
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < kRequests; ++i) {
      threads.emplace_back([&] {
        if (client->Send({.url = server.url(), .body_max = 1}).ok()) ++answered;
      });
    }
  }
  EXPECT_EQ(answered, kRequests);
}

TEST(HttpClient, NoMoreRequestsAreInFlightThanAllowed) {
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  HttpServer server([&](const HttpServerRequest&) {
    const int now = ++running;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    --running;
    return MakeAnswer(200, "x");
  });
  const auto client = StartClient({.max_in_flight = 3});
  std::atomic<size_t> answered{0};
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < 12; ++i) {
      threads.emplace_back([&] {
        if (client->Send({.url = server.url(), .body_max = 1}).ok()) ++answered;
      });
    }
  }
  EXPECT_EQ(answered, 12U);
  EXPECT_LE(most, 3);
}

TEST(HttpClient, StopEndsARequestThatRunsAndOneThatWaits) {
  HttpServer server([](const HttpServerRequest&) -> HttpServerAnswer { return {"", Then::kHang}; });
  const auto client = StartClient({.max_in_flight = 1});
  std::stop_source stop;
  std::atomic<size_t> cancelled{0};
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        if (CodeOf(client->Send({.url = server.url()}, stop.get_token())) == "cancelled") {
          ++cancelled;
        }
      });
    }
    while (server.requests().empty()) std::this_thread::yield();
    stop.request_stop();
  }
  EXPECT_EQ(cancelled, 3U);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpClient, AStopBeforeTheRequestEndsItToo) {
  HttpServer server([](const HttpServerRequest&) -> HttpServerAnswer { return {"", Then::kHang}; });
  const auto client = StartClient();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(CodeOf(client->Send({.url = server.url()}, stop.get_token())), "cancelled");
}

// A proxy sees the whole address on the request line.
TEST(HttpClient, GoesThroughAProxy) {
  HttpServer proxy([](const HttpServerRequest&) { return MakeAnswer(200, "from the proxy"); });
  const auto client = StartClient({.proxy = proxy.url()});
  const auto response = client->Send({.url = "http://storage.invalid/key", .body_max = 100});
  ASSERT_TRUE(response.ok()) << response.error().Describe();
  EXPECT_EQ(AsText(response->body), "from the proxy");
  EXPECT_EQ(proxy.requests().at(0).target, "http://storage.invalid/key");
  // With TLS the proxy only connects.
  EXPECT_FALSE(client->Send({.url = "https://storage.invalid/key"}).ok());
  EXPECT_EQ(proxy.requests().at(1).method, "CONNECT");
  EXPECT_EQ(proxy.requests().at(1).target, "storage.invalid:443");
}

TEST(HttpClient, MissingFileOfCertificatesIsToldAtOnce) {
  const auto client = HttpClient::Start({.ca_file = "/no/such/file.pem"});
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.error().code(), ErrorCode::kConfig);
}

}  // namespace
}  // namespace pgkeep::net
