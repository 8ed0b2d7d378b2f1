// Credentials of the role of an EC2 instance, from its metadata service ("Use IMDSv2" in the user
// guide of Amazon EC2). The older version without session tokens is never used: programs that fetch
// addresses for strangers leak credentials through it.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "net/http_client.h"
#include "storage/s3/credential_chain.h"

namespace pgkeep::storage {
namespace {

constexpr char kDefaultEndpoint[] = "http://169.254.169.254";
constexpr char kRolePath[] = "/latest/meta-data/iam/security-credentials/";
constexpr uint64_t kAnswerMax = uint64_t{64} << 10;
constexpr int kNotFound = 404;
constexpr int kServerFailed = 500;

// The service is on the same machine; elsewhere nobody answers, and nobody wants to wait for that.
constexpr Duration kPatience = std::chrono::seconds(2);

Error BadAnswer(std::string_view what) {
  return Err(ErrorCode::kUnauthenticated, "the metadata service of this instance {}", what)
      .WithHint("see whether the instance has a role, or name another source as 'credentials'");
}

// May pass, so it is tried again; whoever reads this has seen that it did not.
Error HasFailed(int status) {
  return Err(ErrorCode::kUnavailable, "the metadata service of this instance fails, with status {}",
             status)
      .WithHint(
          "try again later; if it goes on, see whether other programs on this instance get "
          "credentials from it, or name another source as 'credentials'");
}

// A text of the answer; nullopt if it has none with this name.
std::optional<std::string> Field(const boost::json::object& object, std::string_view name) {
  const boost::json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->as_string());
}

Result<S3Credentials> ParseAnswer(ByteSpan body) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(AsText(body), error);
  if (error || !parsed.is_object()) return BadAnswer("does not answer in JSON");
  const boost::json::object& object = parsed.as_object();
  const auto access_key = Field(object, "AccessKeyId");
  auto secret_key = Field(object, "SecretAccessKey");
  auto token = Field(object, "Token");
  const auto expiration = Field(object, "Expiration");
  if (!access_key || !secret_key || !token || !expiration) {
    return BadAnswer("has no credentials: it says '" + Field(object, "Code").value_or("") + "'");
  }
  S3Credentials found;
  found.access_key = *access_key;
  found.secret_key = SecretBytes(AsBytes(*secret_key));
  found.session_token = SecretBytes(AsBytes(*token));
  PGK_ASSIGN_OR_RETURN(found.expires, ParseUtc(*expiration));
  found.origin = "the role of this instance";
  return found;
}

class ImdsCredentials final : public CredentialSource {
 public:
  explicit ImdsCredentials(VariableLookup variable) : variable_(std::move(variable)) {}

  Result<std::optional<S3Credentials>> Load() override {
    if (variable_("AWS_EC2_METADATA_DISABLED") == "true") return std::optional<S3Credentials>();
    std::string endpoint =
        variable_("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or(kDefaultEndpoint);
    while (endpoint.ends_with('/')) endpoint.pop_back();
    // Never through a proxy: it would be the proxy's role.
    PGK_ASSIGN_OR_RETURN(const auto client, net::HttpClient::Start({.proxy = "",
                                                                    .connect_timeout = kPatience,
                                                                    .stall_timeout = kPatience}));
    const auto token = client->Send({.method = "PUT",
                                     .url = endpoint + "/latest/api/token",
                                     .headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "300"}},
                                     .body_max = kAnswerMax});
    if (token.ok() && token->status >= kServerFailed) return HasFailed(token->status);
    // Whoever does not answer, or not like this, is no metadata service.
    if (!token.ok() || !token->ok()) return std::optional<S3Credentials>();
    return Ask(*client, endpoint, std::string(AsText(token->body)));
  }

 private:
  static Result<std::optional<S3Credentials>> Ask(net::HttpClient& client,
                                                  const std::string& endpoint,
                                                  const std::string& token) {
    const auto get = [&](const std::string& path) {
      return client.Send({.url = endpoint + path,
                          .headers = {{"x-aws-ec2-metadata-token", token}},
                          .body_max = kAnswerMax});
    };
    PGK_ASSIGN_OR_RETURN(const net::HttpResponse roles, get(kRolePath));
    if (roles.status == kNotFound) return std::optional<S3Credentials>();  // it has no role
    if (roles.status >= kServerFailed) return HasFailed(roles.status);
    if (!roles.ok()) return BadAnswer("refuses to name the role");
    const std::string_view role = AsText(roles.body).substr(0, AsText(roles.body).find('\n'));
    PGK_ASSIGN_OR_RETURN(const net::HttpResponse answer, get(kRolePath + std::string(role)));
    if (answer.status >= kServerFailed) return HasFailed(answer.status);
    if (!answer.ok()) return BadAnswer("refuses to give credentials");
    PGK_ASSIGN_OR_RETURN(S3Credentials found, ParseAnswer(answer.body));
    return std::optional(std::move(found));
  }

  const VariableLookup variable_;
};

}  // namespace

std::unique_ptr<CredentialSource> MakeImdsCredentials(VariableLookup variable) {
  return std::make_unique<ImdsCredentials>(std::move(variable));
}

}  // namespace pgkeep::storage
