// TLS against a server of Python's, with certificates that openssl makes.
#include <gtest/gtest.h>

#include <string>

#include "base/child_process.h"
#include "base/error.h"
#include "net/http_client.h"
#include "testing/http_server.h"
#include "testing/program.h"
#include "testing/temporary_directory.h"

namespace pgkeep::net {
namespace {

using testing::MustRunProgram;
using testing::TemporaryDirectory;

constexpr char kServer[] = R"python(
import http.server, ssl, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"sealed")

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1] + "/server.crt", sys.argv[1] + "/server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
)python";

void MakeAuthority(const std::string& directory, const std::string& name) {
  MustRunProgram({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                  "-nodes", "-days", "2", "-subj", "/CN=" + name, "-keyout",
                  directory + "/" + name + ".key", "-out", directory + "/" + name + ".crt"});
}

// A server for 127.0.0.1 whose certificate is signed by an authority of its own.
class TlsServer {
 public:
  TlsServer() {
    MakeAuthority(directory_.path(), "authority");
    MakeAuthority(directory_.path(), "stranger");
    MustRunProgram({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-subj", "/CN=server", "-keyout", Join("server.key"), "-out",
                    Join("server.csr"), "-addext", "subjectAltName=IP:127.0.0.1"});
    MustRunProgram({"openssl", "x509", "-req", "-in", Join("server.csr"), "-CA",
                    Join("authority.crt"), "-CAkey", Join("authority.key"), "-CAcreateserial",
                    "-copy_extensions", "copyall", "-days", "2", "-out", Join("server.crt")});
    ChildSpec spec;
    spec.words = {"/usr/bin/python3", "-c", kServer, directory_.path()};
    spec.environment = EnvironmentWithout({});
    auto started = ChildProcess::Start(std::move(spec));
    PGK_CHECK(started.ok(), "python3 is there");
    child_ = std::move(started).value();
    while (port_.empty() || port_.back() != '\n') {
      Bytes piece(16);
      const auto got = child_->Read(piece, {});
      PGK_CHECK(got.ok() && *got > 0, "the server says its port");
      port_ += AsText(ByteSpan(piece).first(*got));
    }
    port_.pop_back();
  }
  ~TlsServer() { child_->Stop(std::chrono::seconds(5)); }

  std::string Join(const std::string& name) const { return directory_.Join(name); }
  const std::string& port() const { return port_; }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<ChildProcess> child_;
  std::string port_;
};

Result<HttpResponse> Fetch(const std::string& url, const std::string& ca_file) {
  PGK_ASSIGN_OR_RETURN(const auto client, HttpClient::Start({.ca_file = ca_file, .proxy = ""}));
  return client->Send({.url = url, .body_max = 1000});
}

TEST(HttpTls, TrustsTheAuthorityThatIsNamedAndNoOther) {
  const TlsServer server;
  const std::string url = "https://127.0.0.1:" + server.port() + "/";
  const auto good = Fetch(url, server.Join("authority.crt"));
  ASSERT_TRUE(good.ok()) << good.error().Describe();
  EXPECT_EQ(AsText(good->body), "sealed");

  for (const std::string& ca_file : {std::string(), server.Join("stranger.crt")}) {
    const auto refused = Fetch(url, ca_file);
    ASSERT_FALSE(refused.ok()) << ca_file;
    EXPECT_EQ(refused.error().code(), ErrorCode::kUnauthenticated) << refused.error().Describe();
    EXPECT_NE(refused.error().hint().find("ca_file"), std::string::npos);
  }

  // The certificate is for the address, not for every name of this machine.
  const auto other =
      Fetch("https://localhost:" + server.port() + "/", server.Join("authority.crt"));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code(), ErrorCode::kUnauthenticated) << other.error().Describe();

  const auto no_file = Fetch(url, server.Join("server.csr"));
  ASSERT_FALSE(no_file.ok());
  EXPECT_EQ(no_file.error().code(), ErrorCode::kConfig) << no_file.error().Describe();

  // In plain text to a port with TLS: the hint names the other scheme.
  const auto plain = Fetch("http://127.0.0.1:" + server.port() + "/", "");
  ASSERT_FALSE(plain.ok());
  EXPECT_NE(plain.error().hint().find("https://"), std::string::npos) << plain.error().Describe();
}

TEST(HttpTls, ServerWithoutTlsIsToldFromOneThatIsDown) {
  const testing::HttpServer server(
      [](const testing::HttpServerRequest&) { return testing::MakeAnswer(200); });
  const auto refused = Fetch("https://127.0.0.1:" + std::to_string(server.port()) + "/", "");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kProtocol) << refused.error().Describe();
  EXPECT_NE(refused.error().hint().find("http://"), std::string::npos);
}

}  // namespace
}  // namespace pgkeep::net
