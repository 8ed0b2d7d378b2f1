#include "testing/object_gateway.h"

#include <fmt/core.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "base/check.h"

namespace pgkeep::testing {

Gateway::Gateway(Encryption encryption) {
  std::vector<std::string> words = {PGKEEP_OBJECT_GATEWAY, directory_.Join("gateway")};
  if (encryption == Encryption::kTls) words.emplace_back("--tls");
  keeper_ = std::make_unique<Keeper>("exec /usr/bin/python3 \"$@\"", words);
  std::istringstream answer(keeper_->AwaitAnswer());
  std::string ready;
  answer >> ready >> endpoint_ >> access_key_ >> secret_key_ >> ca_file_;
  PGK_CHECK(ready == "ready", "the gateway starts");
  if (ca_file_ == "-") ca_file_.clear();
}

Gateway& Gateway::Shared() {
  static Gateway shared;
  return shared;
}

void Gateway::Command(const std::string& line) {
  keeper_->Tell(line);
  PGK_CHECK(keeper_->AwaitAnswer().starts_with("done"), "the gateway does as it is told");
}

ProgramResult Gateway::Aws(const std::vector<std::string>& words) const {
  std::vector<std::string> all = {"aws", "--endpoint-url", endpoint_, "s3api"};
  if (!ca_file_.empty()) all.insert(all.begin() + 1, {"--ca-bundle", ca_file_});
  all.insert(all.end(), words.begin(), words.end());
  return RunProgram(
      all, {"AWS_ACCESS_KEY_ID=" + access_key_, "AWS_SECRET_ACCESS_KEY=" + secret_key_,
            "AWS_DEFAULT_REGION=us-east-1", "AWS_CONFIG_FILE=/dev/null",
            "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "no_proxy=127.0.0.1", "PYTHONPATH="});
}

std::string Gateway::MustAws(const std::vector<std::string>& words) const {
  const ProgramResult result = Aws(words);
  PGK_CHECK(result.status == 0, result.err);
  return result.out;
}

std::string Gateway::MakeBucket() {
  const std::string name = fmt::format("bucket-{}", ++buckets_);
  MustAws({"create-bucket", "--bucket", name});
  return name;
}

std::string Gateway::MakeVersionedBucket() {
  std::string name = MakeBucket();
  MustAws(
      {"put-bucket-versioning", "--bucket", name, "--versioning-configuration", "Status=Enabled"});
  return name;
}

const std::string& Gateway::SharedBucket(bool versioned) {
  std::string& name = shared_buckets_[versioned ? 1 : 0];
  if (name.empty()) name = versioned ? MakeVersionedBucket() : MakeBucket();
  return name;
}

std::vector<std::string> Gateway::Requests() const {
  // ... beast: 0x7f...: 127.0.0.1 - test [date] "PUT /bucket/key HTTP/1.1" 200 5 - "agent" - -
  std::vector<std::string> requests;
  std::ifstream log(directory_.Join("gateway/gateway.log"));
  for (std::string line; std::getline(log, line);) {
    if (line.find(" beast: ") == std::string::npos) continue;
    const size_t begin = line.find('"');
    const size_t end = line.find('"', begin + 1);
    if (begin == std::string::npos || end == std::string::npos) continue;
    requests.push_back(line.substr(begin + 1, end - begin - 1));
  }
  return requests;
}

storage::VariableLookup Credentials(const std::string& access_key, const std::string& secret_key) {
  return [access_key, secret_key](const std::string& name) -> std::optional<std::string> {
    if (name == "AWS_ACCESS_KEY_ID") return access_key;
    if (name == "AWS_SECRET_ACCESS_KEY") return secret_key;
    return std::nullopt;
  };
}

storage::S3StoreOptions Gateway::StoreOptions(const std::string& bucket,
                                              const std::string& prefix) {
  return {.bucket = bucket,
          .prefix = prefix,
          .settings = {.endpoint = endpoint_, .ca_file = ca_file_, .proxy = ""},
          .files = &PosixFileSystem(),
          .clock = &SystemClock(),
          .variable = Credentials(access_key_, secret_key_)};
}

std::unique_ptr<storage::S3Store> MustOpen(const storage::S3StoreOptions& options) {
  auto opened = storage::OpenS3Store(options);
  PGK_CHECK(opened.ok(), opened.ok() ? "" : opened.error().Describe());
  return std::move(opened).value();
}

}  // namespace pgkeep::testing
