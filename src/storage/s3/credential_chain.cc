#include "storage/s3/credential_chain.h"

#include <utility>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

class EnvironmentCredentials final : public CredentialSource {
 public:
  explicit EnvironmentCredentials(VariableLookup variable) : variable_(std::move(variable)) {}

  Result<std::optional<S3Credentials>> Load() override {
    const auto access_key = variable_("AWS_ACCESS_KEY_ID");
    const auto secret_key = variable_("AWS_SECRET_ACCESS_KEY");
    if (!access_key && !secret_key) return std::optional<S3Credentials>();
    if (!access_key || !secret_key) {
      return Err(ErrorCode::kConfig,
                 "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set")
          .WithHint("set both, or none to use another source of credentials");
    }
    S3Credentials found;
    found.access_key = *access_key;
    found.secret_key = SecretBytes(AsBytes(*secret_key));
    if (const auto token = variable_("AWS_SESSION_TOKEN")) {
      found.session_token = SecretBytes(AsBytes(*token));
    }
    found.origin = "the environment";
    return std::optional(std::move(found));
  }

 private:
  const VariableLookup variable_;
};

class CredentialChain final : public CredentialSource {
 public:
  explicit CredentialChain(std::vector<std::unique_ptr<CredentialSource>> sources)
      : sources_(std::move(sources)) {}

  Result<std::optional<S3Credentials>> Load() override {
    for (const auto& source : sources_) {
      Result<std::optional<S3Credentials>> found = source->Load();
      if (!found.ok() || found.value().has_value()) return found;
    }
    return std::optional<S3Credentials>();
  }

 private:
  const std::vector<std::unique_ptr<CredentialSource>> sources_;
};

}  // namespace

std::unique_ptr<CredentialSource> MakeEnvironmentCredentials(VariableLookup variable) {
  return std::make_unique<EnvironmentCredentials>(std::move(variable));
}

std::unique_ptr<CredentialSource> MakeCredentialChain(
    std::vector<std::unique_ptr<CredentialSource>> sources) {
  return std::make_unique<CredentialChain>(std::move(sources));
}

std::unique_ptr<CredentialSource> MakeCredentialSource(FileSystem& files, Clock& clock,
                                                       const VariableLookup& variable,
                                                       const S3Settings& settings,
                                                       const std::string& region) {
  const S3CredentialMode mode = settings.credentials;
  const auto wanted = [mode](S3CredentialMode one) {
    return mode == one || mode == S3CredentialMode::kAutomatic;
  };
  std::vector<std::unique_ptr<CredentialSource>> sources;
  // Who names a file or a profile means it, whatever is in the environment.
  const bool named = !settings.credentials_file.empty() || !settings.profile.empty();
  if (named && mode == S3CredentialMode::kAutomatic) {
    return MakeFileCredentials(files, variable, settings.credentials_file, settings.profile);
  }
  if (wanted(S3CredentialMode::kEnvironment)) {
    sources.push_back(MakeEnvironmentCredentials(variable));
  }
  if (wanted(S3CredentialMode::kWebIdentity)) {
    sources.push_back(MakeWebIdentityCredentials(files, clock, variable, settings, region));
  }
  if (wanted(S3CredentialMode::kFile)) {
    sources.push_back(
        MakeFileCredentials(files, variable, settings.credentials_file, settings.profile));
  }
  if (wanted(S3CredentialMode::kImds)) sources.push_back(MakeImdsCredentials(variable));
  return MakeCredentialChain(std::move(sources));
}

}  // namespace pgkeep::storage
