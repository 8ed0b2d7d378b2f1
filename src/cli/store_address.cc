#include "cli/store_address.h"

#include <utility>

#include "base/error.h"
#include "base/shell_word.h"
#include "cli/time_text.h"
#include "repository/oldest_versions.h"

namespace pgkeep::cli {
namespace {

using storage::S3Settings;
using storage::StoreUrl;

// The first S3 option that was given; empty if none.
std::string_view GivenS3Option(const GlobalOptions& options) {
  for (const auto& [name, value] : {std::pair("--s3-endpoint", &options.s3_endpoint),
                                    std::pair("--s3-region", &options.s3_region),
                                    std::pair("--s3-addressing", &options.s3_addressing),
                                    std::pair("--s3-ca-file", &options.s3_ca_file),
                                    std::pair("--s3-profile", &options.s3_profile)}) {
    if (!value->empty()) return name;
  }
  return {};
}

// Sets the moment that --as-of names, if there is one.
Status SetMoment(StoreUrl& url, const GlobalOptions& options, const Environment& environment) {
  if (options.as_of.empty()) return Ok();
  if (url.kind != StoreUrl::Kind::kS3) {
    return Err(ErrorCode::kInvalidArgument, "--as-of is for s3:// repositories")
        .WithHint("--at chooses a backup by its time, in every repository");
  }
  PGK_ASSIGN_OR_RETURN(url.as_of, ParseTime(options.as_of, environment.clock->Now()));
  return Ok();
}

}  // namespace

Result<StoreUrl> AddressOf(const GlobalOptions& options, const Environment& environment) {
  PGK_ASSIGN_OR_RETURN(StoreUrl url, storage::ParseStoreUrl(options.repository));
  PGK_TRY(SetMoment(url, options, environment));
  if (url.kind != StoreUrl::Kind::kS3) {
    const std::string_view given = GivenS3Option(options);
    if (given.empty()) return url;
    return Err(ErrorCode::kInvalidArgument, "{} is for s3:// repositories", given)
        .WithHint("leave it out, or give --repository s3://bucket/prefix");
  }
  url.s3.endpoint = options.s3_endpoint;
  url.s3.region = options.s3_region;
  url.s3.ca_file = AbsolutePath(environment, options.s3_ca_file);
  url.s3.profile = options.s3_profile;
  if (!options.s3_addressing.empty()) {
    PGK_ASSIGN_OR_RETURN(url.s3.addressing, storage::ParseAddressing(options.s3_addressing));
  }
  PGK_TRY(storage::ValidateSettings(url.s3));
  return url;
}

Result<StoreUrl> AddressOf(const config::RepositorySettings& settings, const GlobalOptions& options,
                           const Environment& environment) {
  if (const std::string_view given = GivenS3Option(options); !given.empty()) {
    return Err(ErrorCode::kInvalidArgument, "{} goes with --repository only", given)
        .WithHint("write it into the configuration, under [repository.NAME]");
  }
  PGK_ASSIGN_OR_RETURN(StoreUrl url, storage::ParseStoreUrl(settings.url));
  url.s3 = settings.s3;
  PGK_TRY(SetMoment(url, options, environment));
  return url;
}

std::string AddressOptions(const StoreUrl& url) {
  std::string text = " --repository " + ShellWord(url.ToString());
  const S3Settings& s3 = url.s3;
  if (!s3.endpoint.empty()) text += " --s3-endpoint " + ShellWord(s3.endpoint);
  if (!s3.region.empty()) text += " --s3-region " + ShellWord(s3.region);
  if (s3.addressing != storage::S3Addressing::kAutomatic) {
    text += " --s3-addressing " + std::string(storage::AddressingName(s3.addressing));
  }
  if (!s3.ca_file.empty()) text += " --s3-ca-file " + ShellWord(s3.ca_file);
  if (!s3.profile.empty()) text += " --s3-profile " + ShellWord(s3.profile);
  return text;
}

Status RequirePresent(const StoreUrl& url) {
  if (!url.as_of) return Ok();
  return Err(ErrorCode::kInvalidArgument, "this command is about the bucket as it is now")
      .WithHint("leave out --as-of: it is for reading backups as they were");
}

storage::StoreEnvironment StoreEnvironmentOf(const Environment& environment) {
  storage::OldestVersionRules oldest;
  oldest.read.assign(repository::kOldestVersionPrefixes.begin(),
                     repository::kOldestVersionPrefixes.end());
  oldest.listed.assign(repository::kOldestVersionListedPrefixes.begin(),
                       repository::kOldestVersionListedPrefixes.end());
  oldest.intact.assign(repository::kIntactVersionPrefixes.begin(),
                       repository::kIntactVersionPrefixes.end());
  return {.files = environment.files,
          .clock = environment.clock,
          .variable = environment.variable,
          .oldest = std::move(oldest),
          .stop = environment.stop};
}

}  // namespace pgkeep::cli
