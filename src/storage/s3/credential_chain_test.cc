#include "storage/s3/credential_chain.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>

#include "base/error.h"
#include "base/file_util.h"
#include "testing/fake_clock.h"
#include "testing/http_server.h"
#include "testing/temporary_directory.h"

namespace pgkeep::storage {
namespace {

using testing::FakeClock;
using testing::HttpServer;
using testing::HttpServerRequest;
using testing::MakeAnswer;
using testing::TemporaryDirectory;

class CredentialChainTest : public ::testing::Test {
 protected:
  VariableLookup Variables() {
    return [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    };
  }

  std::string Write(const std::string& name, std::string_view text, uint32_t mode = 0600) {
    const std::string path = directory_.Join(name);
    PGK_CHECK(WriteFileDurably(PosixFileSystem(), path, AsBytes(text), mode, true).ok());
    return path;
  }

  // "key:secret:token from origin", "none", or the code of the error.
  static std::string Show(const std::unique_ptr<CredentialSource>& source) {
    const auto found = source->Load();
    if (!found.ok()) return std::string(CodeName(found.error().code()));
    if (!found->has_value()) return "none";
    const S3Credentials& credentials = **found;
    return credentials.access_key + ":" + std::string(AsText(credentials.secret_key.Expose())) +
           ":" + std::string(AsText(credentials.session_token.Expose()));
  }

  std::unique_ptr<CredentialSource> Source(const S3Settings& settings) {
    return MakeCredentialSource(PosixFileSystem(), clock_, Variables(), settings, "eu-central-1");
  }

  FakeClock clock_;
  TemporaryDirectory directory_;
  std::map<std::string, std::string> variables_ = {{"AWS_EC2_METADATA_DISABLED", "true"}};
};

TEST_F(CredentialChainTest, ReadsTheEnvironment) {
  EXPECT_EQ(Show(MakeEnvironmentCredentials(Variables())), "none");
  variables_["AWS_ACCESS_KEY_ID"] = "AKIA1";
  EXPECT_EQ(Show(MakeEnvironmentCredentials(Variables())), "config");
  variables_["AWS_SECRET_ACCESS_KEY"] = "secret";
  EXPECT_EQ(Show(MakeEnvironmentCredentials(Variables())), "AKIA1:secret:");
  variables_["AWS_SESSION_TOKEN"] = "token";
  EXPECT_EQ(Show(MakeEnvironmentCredentials(Variables())), "AKIA1:secret:token");
}

TEST_F(CredentialChainTest, ReadsProfilesOfSharedFiles) {
  const std::string path = Write("credentials",
                                 "# comment\r\n"
                                 "[default]\n"
                                 "aws_access_key_id = AKIAD\r\n"
                                 "aws_secret_access_key=d/se=cret+\n"
                                 "\n"
                                 "; comment\n"
                                 "[profile other]\n"
                                 "region = eu-west-1\n"
                                 "aws_access_key_id=AKIAO\n"
                                 "aws_secret_access_key = osecret\n"
                                 "aws_session_token = otoken\n"
                                 "[half]\n"
                                 "aws_access_key_id=AKIAH");
  const auto show = [&](const std::string& profile) {
    return Show(MakeFileCredentials(PosixFileSystem(), Variables(), path, profile));
  };
  EXPECT_EQ(show(""), "AKIAD:d/se=cret+:");
  EXPECT_EQ(show("other"), "AKIAO:osecret:otoken");
  EXPECT_EQ(show("half"), "config");
  EXPECT_EQ(show("missing"), "config");
  variables_["AWS_PROFILE"] = "other";
  EXPECT_EQ(show(""), "AKIAO:osecret:otoken");
  EXPECT_EQ(show("default"), "AKIAD:d/se=cret+:");
}

TEST_F(CredentialChainTest, ReadsFilesAsOtherToolsTakeThem) {
  const std::string path = Write("credentials",
                                 "\xef\xbb\xbf[default]\n"
                                 "AWS_ACCESS_KEY_ID = AKIAD\n"
                                 "Aws_Secret_Access_Key = secret\n"
                                 "[process]\n"
                                 "credential_process = /bin/keys\n"
                                 "[role]\n"
                                 "role_arn = arn:aws:iam::1:role/r\n"
                                 "source_profile = default\n"
                                 "[both]\n"
                                 "aws_access_key_id = AKIAB\n"
                                 "aws_secret_access_key = secret\n"
                                 "role_arn = arn:aws:iam::1:role/r\n");
  const auto load = [&](const std::string& profile) {
    return MakeFileCredentials(PosixFileSystem(), Variables(), path, profile)->Load();
  };
  const auto keys = load("");
  ASSERT_TRUE(keys.ok() && keys->has_value());
  EXPECT_EQ((*keys)->access_key, "AKIAD");
  for (const auto& [profile, way] :
       {std::pair("process", "credential_process"), std::pair("role", "role_arn"),
        std::pair("both", "has keys and a role_arn")}) {
    const auto found = load(profile);
    ASSERT_FALSE(found.ok());
    EXPECT_NE(found.error().message().find(way), std::string::npos) << found.error().Describe();
  }
  EXPECT_EQ(Show(MakeFileCredentials(PosixFileSystem(), Variables(), directory_.path(), "")),
            "config");
}

TEST_F(CredentialChainTest, FindsTheFileWhereOtherToolsDo) {
  const auto show = [&] {
    return Show(MakeFileCredentials(PosixFileSystem(), Variables(), "", ""));
  };
  EXPECT_EQ(show(), "none");
  variables_["HOME"] = directory_.path();
  EXPECT_EQ(show(), "none");
  ASSERT_EQ(::mkdir(directory_.Join(".aws").c_str(), 0700), 0);
  Write(".aws/credentials", "[default]\naws_access_key_id=H\naws_secret_access_key=h\n");
  EXPECT_EQ(show(), "H:h:");
  variables_["AWS_SHARED_CREDENTIALS_FILE"] =
      Write("named", "[default]\naws_access_key_id=N\naws_secret_access_key=n\n");
  EXPECT_EQ(show(), "N:n:");
  variables_["AWS_SHARED_CREDENTIALS_FILE"] = directory_.Join("none");
  EXPECT_EQ(show(), "config");
}

TEST_F(CredentialChainTest, FilesThatOthersCanReadAreRefused) {
  const std::string path =
      Write("open", "[default]\naws_access_key_id=N\naws_secret_access_key=n\n", 0640);
  EXPECT_EQ(Show(MakeFileCredentials(PosixFileSystem(), Variables(), path, "")), "refused");
}

TEST_F(CredentialChainTest, RotatedFilesAreReadAnew) {
  const std::string path =
      Write("file", "[default]\naws_access_key_id=A\naws_secret_access_key=a\n");
  const auto source = MakeFileCredentials(PosixFileSystem(), Variables(), path, "");
  EXPECT_EQ(Show(source), "A:a:");
  Write("file", "[default]\naws_access_key_id=B\naws_secret_access_key=b\n");
  EXPECT_EQ(Show(source), "B:b:");
}

TEST_F(CredentialChainTest, TheFirstPlaceThatHasSomeWins) {
  variables_["HOME"] = directory_.path();
  ASSERT_EQ(::mkdir(directory_.Join(".aws").c_str(), 0700), 0);
  EXPECT_EQ(Show(Source({})), "none");
  Write(".aws/credentials",
        "[default]\naws_access_key_id=F\naws_secret_access_key=f\n"
        "[p]\naws_access_key_id=P\naws_secret_access_key=p\n");
  EXPECT_EQ(Show(Source({})), "F:f:");
  variables_["AWS_ACCESS_KEY_ID"] = "E";
  variables_["AWS_SECRET_ACCESS_KEY"] = "e";
  EXPECT_EQ(Show(Source({})), "E:e:");
  EXPECT_EQ(Show(Source({.credentials = S3CredentialMode::kFile})), "F:f:");
  // A profile that the configuration names is meant.
  EXPECT_EQ(Show(Source({.profile = "p"})), "P:p:");
}

// The service as Amazon documents it.
class FakeImds {
 public:
  FakeImds() : server_([this](const HttpServerRequest& request) { return Handle(request); }) {}

  std::string url() const { return server_.url(); }

  bool has_role = true;
  std::string fails = {};  // the target of the requests that do
  std::string answer =
      R"({"Code": "Success", "LastUpdated": "2026-01-01T00:00:00Z", "Type": "AWS-HMAC",)"
      R"( "AccessKeyId": "ASIA1", "SecretAccessKey": "se\/cret", "Token": "tok",)"
      R"( "Expiration": "2026-01-01T06:00:00Z"})";

 private:
  testing::HttpServerAnswer Handle(const HttpServerRequest& request) const {
    constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
    if (request.target == fails) return MakeAnswer(503);
    if (request.method == "PUT" && request.target == "/latest/api/token" &&
        !request.Header("x-aws-ec2-metadata-token-ttl-seconds").empty()) {
      return MakeAnswer(200, "session");
    }
    if (request.Header("x-aws-ec2-metadata-token") != "session") return MakeAnswer(401);
    if (request.target == kRoles)
      return has_role ? MakeAnswer(200, "backup-role") : MakeAnswer(404);
    if (request.target == std::string(kRoles) + "backup-role") return MakeAnswer(200, answer);
    return MakeAnswer(404);
  }

  HttpServer server_;
};

TEST_F(CredentialChainTest, ReadsTheRoleOfAnInstance) {
  FakeImds imds;
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = imds.url() + "/";
  const auto source = Source({});
  EXPECT_EQ(Show(source), "ASIA1:se/cret:tok");
  const auto found = source->Load();
  EXPECT_EQ(FormatUtc((*found)->expires.value()), "2026-01-01T06:00:00Z");
  imds.answer = R"({"Code": "Failed"})";
  EXPECT_EQ(Show(source), "unauthenticated");
  imds.answer = "<html>";
  EXPECT_EQ(Show(source), "unauthenticated");
  imds.has_role = false;
  EXPECT_EQ(Show(source), "none");
  variables_["AWS_EC2_METADATA_DISABLED"] = "true";
  EXPECT_EQ(Show(Source({})), "none");
}

// That is no answer, neither that there is no role nor that it is refused.
TEST_F(CredentialChainTest, AMetadataServiceThatFailsMayDoBetterLater) {
  FakeImds imds;
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = imds.url();
  for (const char* target : {"/latest/api/token", "/latest/meta-data/iam/security-credentials/",
                             "/latest/meta-data/iam/security-credentials/backup-role"}) {
    imds.fails = target;
    const auto found = Source({})->Load();
    ASSERT_FALSE(found.ok()) << target;
    EXPECT_EQ(found.error().code(), ErrorCode::kUnavailable) << target;
    EXPECT_EQ(found.error().ToString(),
              "the metadata service of this instance fails, with status 503");
    EXPECT_TRUE(found.error().hint().starts_with("try again later")) << found.error().hint();
  }
}

TEST_F(CredentialChainTest, MachinesWithoutMetadataServiceHaveNoRole) {
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  HttpServer other([](const HttpServerRequest&) { return MakeAnswer(404); });
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = other.url();
  EXPECT_EQ(Show(Source({.credentials = S3CredentialMode::kImds})), "none");
}

TEST_F(CredentialChainTest, ExchangesAWebIdentity) {
  int status = 200;
  HttpServer sts([&status](const HttpServerRequest&) {
    if (status != 200) {
      return MakeAnswer(status,
                        "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
    }
    return MakeAnswer(
        200,
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
        "<AccessKeyId>ASIAW</AccessKeyId><SecretAccessKey>w</SecretAccessKey>"
        "<SessionToken>wt</SessionToken><Expiration>2026-01-01T01:00:00Z</Expiration>"
        "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>");
  });
  S3Settings settings{.proxy = ""};
  EXPECT_EQ(Show(Source(settings)), "none");
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = Write("token", "to+ken/=\n");
  variables_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/backup";
  variables_["AWS_ENDPOINT_URL_STS"] = sts.url();
  EXPECT_EQ(Show(Source(settings)), "ASIAW:w:wt");
  const HttpServerRequest request = sts.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/");
  EXPECT_NE(request.body.find("Action=AssumeRoleWithWebIdentity&"), std::string::npos);
  EXPECT_NE(request.body.find("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fbackup&"),
            std::string::npos);
  EXPECT_TRUE(request.body.ends_with("WebIdentityToken=to%2Bken%2F%3D"));
  status = 403;
  EXPECT_EQ(Show(Source(settings)), "unauthenticated");
  status = 503;
  EXPECT_EQ(Show(Source(settings)), "unavailable");
  EXPECT_TRUE(Source(settings)->Load().error().hint().starts_with("try again later"));
}

}  // namespace
}  // namespace pgkeep::storage
