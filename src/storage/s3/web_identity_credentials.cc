// Credentials for a token of an identity provider ("AssumeRoleWithWebIdentity" in the reference of
// AWS's security token service), as pods of Kubernetes get one.
#include <fmt/core.h>

#include <utility>

#include "base/error.h"
#include "base/file_util.h"
#include "net/http_client.h"
#include "net/url.h"
#include "storage/s3/credential_chain.h"
#include "storage/s3/xml.h"

namespace pgkeep::storage {
namespace {

constexpr uint64_t kTokenMax = uint64_t{64} << 10;
constexpr uint64_t kAnswerMax = uint64_t{64} << 10;
constexpr int kServerFailed = 500;

std::string_view TrimEnd(std::string_view text) {
  const size_t last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

class WebIdentityCredentials final : public CredentialSource {
 public:
  WebIdentityCredentials(FileSystem& files, Clock& clock, VariableLookup variable,
                         const S3Settings& settings, std::string region)
      : files_(files),
        clock_(clock),
        variable_(std::move(variable)),
        http_{.ca_file = settings.ca_file, .proxy = settings.proxy},
        region_(std::move(region)) {}

  Result<std::optional<S3Credentials>> Load() override {
    const auto token_file = variable_("AWS_WEB_IDENTITY_TOKEN_FILE");
    const auto role = variable_("AWS_ROLE_ARN");
    if (!token_file || !role) return std::optional<S3Credentials>();
    PGK_ASSIGN_OR_RETURN(const Bytes token, ReadWholeFile(files_, *token_file, kTokenMax));
    // The token is as good as a password: it goes into the body, and nowhere else.
    const std::string form = fmt::format(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName={}"
        "&WebIdentityToken={}",
        net::PercentEncode(*role), net::PercentEncode(SessionName()),
        net::PercentEncode(TrimEnd(AsText(token))));
    PGK_ASSIGN_OR_RETURN(const auto client, net::HttpClient::Start(http_));
    PGK_ASSIGN_OR_RETURN(
        const net::HttpResponse answer,
        client->Send({.method = "POST",
                      .url = Endpoint(),
                      .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                      .body = AsBytes(form),
                      .body_max = kAnswerMax}));
    if (answer.status >= kServerFailed) {
      return Err(ErrorCode::kUnavailable, "the security token service fails, with status {}",
                 answer.status)
          .WithHint(
              "try again later; if it goes on, see whether the region, or AWS_ENDPOINT_URL_STS, is "
              "right");
    }
    if (!answer.ok()) {
      const S3ErrorBody told = ParseErrorBody(answer.body);
      return Err(ErrorCode::kUnauthenticated,
                 "the security token service refuses the role {}: {} (status {})", *role, told.code,
                 answer.status)
          .WithHint("see whether the role trusts the identity provider of the token in " +
                    *token_file);
    }
    PGK_ASSIGN_OR_RETURN(S3Credentials found, ParseAssumedRole(answer.body));
    found.origin = "role " + *role;
    return std::optional(std::move(found));
  }

 private:
  std::string Endpoint() const {
    if (const auto named = variable_("AWS_ENDPOINT_URL_STS")) return *named;
    return fmt::format("https://sts.{}.amazonaws.com{}/", region_,
                       region_.starts_with("cn-") ? ".cn" : "");
  }

  std::string SessionName() const {
    if (const auto named = variable_("AWS_ROLE_SESSION_NAME")) return *named;
    return fmt::format("pgkeep-{}", clock_.Now().time_since_epoch().count());
  }

  FileSystem& files_;
  Clock& clock_;
  const VariableLookup variable_;
  const net::HttpClientOptions http_;
  const std::string region_;
};

}  // namespace

std::unique_ptr<CredentialSource> MakeWebIdentityCredentials(FileSystem& files, Clock& clock,
                                                             VariableLookup variable,
                                                             const S3Settings& settings,
                                                             std::string region) {
  return std::make_unique<WebIdentityCredentials>(files, clock, std::move(variable), settings,
                                                  std::move(region));
}

}  // namespace pgkeep::storage
