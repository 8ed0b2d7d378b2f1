#include "storage/s3/make_client.h"

#include <string>
#include <utility>

#include "storage/s3/credential_chain.h"

namespace pgkeep::storage {
namespace {

constexpr char kDefaultRegion[] = "us-east-1";

std::string RegionOf(const S3Settings& settings, const VariableLookup& variable) {
  if (!settings.region.empty()) return settings.region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (const auto region = variable(name)) return *region;
  }
  return kDefaultRegion;
}

}  // namespace

Result<std::unique_ptr<S3Client>> MakeS3Client(const S3StoreOptions& options) {
  PGK_TRY(ValidateSettings(options.settings));
  PGK_TRY(ValidateBucket(options.bucket));
  const std::string region = RegionOf(options.settings, options.variable);
  S3ClientOptions client{.bucket = options.bucket,
                         .region = region,
                         .clock = options.clock,
                         .retry = options.retry,
                         .stop = options.stop};
  PGK_ASSIGN_OR_RETURN(client.address, MakeAddress(options.settings, region, options.bucket));
  PGK_ASSIGN_OR_RETURN(auto http,
                       net::HttpClient::Start({.ca_file = options.settings.ca_file,
                                               .proxy = options.settings.proxy,
                                               .connect_timeout = options.connect_timeout,
                                               .stall_timeout = options.stall_timeout}));
  auto credentials = std::make_unique<CredentialCache>(
      MakeCredentialSource(*options.files, *options.clock, options.variable, options.settings,
                           region),
      *options.clock);
  return std::make_unique<S3Client>(std::move(client), std::move(http), std::move(credentials));
}

}  // namespace pgkeep::storage
