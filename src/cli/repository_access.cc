#include "cli/repository_access.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/file_util.h"
#include "cli/logging_store.h"
#include "cli/store_address.h"
#include "repository/config_object.h"
#include "repository/config_store.h"
#include "repository/key_ring.h"
#include "storage/store_util.h"

namespace pgkeep::cli {
namespace {

constexpr char kConfigurationName[] = "pgkeep.toml";
constexpr char kSystemConfiguration[] = "/etc/pgkeep/pgkeep.toml";

// The configuration that is there, or an error that says where it was looked for.
Result<std::string> FindConfiguration(const GlobalOptions& options,
                                      const Environment& environment) {
  if (!options.config.empty()) return AbsolutePath(environment, options.config);
  if (const auto named = environment.variable("PGKEEP_CONFIG")) {
    return AbsolutePath(environment, *named);
  }
  const std::string here = JoinPath(environment.current_directory, kConfigurationName);
  for (const std::string& path : {here, std::string(kSystemConfiguration)}) {
    const Result<FileInfo> info = environment.files->Stat(path);
    if (info.ok() || info.error().code() != ErrorCode::kNotFound) return path;
  }
  return Err(ErrorCode::kConfig, "there is no configuration: neither {} nor {}", here,
             kSystemConfiguration)
      .WithHint(
          "write one with 'pgkeep init', name one with --config, or give --repository and "
          "--key-file");
}

KeySource KeysOf(const GlobalOptions& options, const Environment& environment) {
  return {AbsolutePath(environment, options.key_file),
          AbsolutePath(environment, options.passphrase_file)};
}

}  // namespace

std::string DefaultConfigurationPath(const Environment& environment) {
  if (const auto named = environment.variable("PGKEEP_CONFIG")) {
    return AbsolutePath(environment, *named);
  }
  return JoinPath(environment.current_directory, kConfigurationName);
}

Result<Setup> FindSetup(const GlobalOptions& options, const Environment& environment) {
  Setup setup;
  RepositoryLocation& location = setup.repository;
  location.keys = KeysOf(options, environment);
  if (!options.repository.empty()) {
    if (!options.config.empty()) {
      return Err(ErrorCode::kInvalidArgument, "--repository and --config exclude each other")
          .WithHint("the configuration says already where the repository is");
    }
    PGK_ASSIGN_OR_RETURN(location.url, AddressOf(options, environment));
    return setup;
  }
  PGK_ASSIGN_OR_RETURN(location.configuration, FindConfiguration(options, environment));
  PGK_ASSIGN_OR_RETURN(setup.configuration,
                       config::LoadConfiguration(*environment.files, location.configuration));
  const config::RepositorySettings& settings = setup.configuration->repository;
  PGK_ASSIGN_OR_RETURN(location.url, AddressOf(settings, options, environment));
  if (location.keys.key_file.empty()) {
    // --passphrase-file alone replaces the passphrase of a key file, or is for a key slot.
    location.keys.key_file = settings.key_file;
  }
  if (location.keys.passphrase_file.empty() && options.key_file.empty()) {
    location.keys.passphrase_file = settings.passphrase_file;
  }
  return setup;
}

Result<RepositoryLocation> FindRepository(const GlobalOptions& options,
                                          const Environment& environment) {
  PGK_ASSIGN_OR_RETURN(Setup setup, FindSetup(options, environment));
  return std::move(setup.repository);
}

Result<std::unique_ptr<storage::ObjectStore>> OpenStore(const storage::StoreUrl& url,
                                                        const Environment& environment,
                                                        bool create) {
  PGK_ASSIGN_OR_RETURN(auto store,
                       storage::OpenStore(StoreEnvironmentOf(environment), url, create));
  return MakeLoggingStore(std::move(store));
}

Result<std::unique_ptr<storage::ObjectStore>> OpenWithOverwrittenPacks(
    const storage::StoreUrl& url, const Environment& environment) {
  storage::StoreEnvironment here = StoreEnvironmentOf(environment);
  here.oldest.intact.clear();
  PGK_ASSIGN_OR_RETURN(auto store, storage::OpenStore(here, url, false));
  return MakeLoggingStore(std::move(store));
}

repository::RepositoryOptions OptionsFor(const Environment& environment) {
  repository::RepositoryOptions options;
  options.clock = environment.clock;
  options.random = environment.random;
  options.files = environment.files;
  options.state_directory = StateDirectory(environment);
  options.stop = environment.stop;
  return options;
}

OpenedRepository::OpenedRepository(std::unique_ptr<storage::ObjectStore> store,
                                   std::optional<LoadedKeys> keys,
                                   std::unique_ptr<repository::Repository> repository)
    : store_(std::move(store)), keys_(std::move(keys)), repository_(std::move(repository)) {}

Result<std::unique_ptr<OpenedRepository>> OpenedRepository::Open(const RepositoryLocation& location,
                                                                 const Environment& environment,
                                                                 KeyNeed need) {
  if (need == KeyNeed::kRequired && location.keys.empty()) {
    return Err(ErrorCode::kConfig, "there is no key for {}", location.url.ToString())
        .WithHint("give a key file or a recovery kit with --key-file, or --passphrase-file");
  }
  PGK_ASSIGN_OR_RETURN(auto store, OpenStore(location.url, environment, false));
  const repository::RepositoryOptions options = OptionsFor(environment);
  std::optional<LoadedKeys> keys;
  repository::RepositoryId id;
  if (location.keys.empty()) {
    PGK_ASSIGN_OR_RETURN(id, repository::PeekRepository(*store));
  } else {
    PGK_ASSIGN_OR_RETURN(keys, LoadKeys(*environment.files, *store, location.keys));
    id = keys->repository;
  }
  Result<std::unique_ptr<repository::Repository>> opened =
      repository::Repository::Open(*store, id, keys ? &keys->bundle : nullptr, options);
  if (!opened.ok()) {
    if (opened.error().code() != ErrorCode::kWrongKey) return std::move(opened).error();
    return std::move(opened).error().WithContext("the key does not fit " + store->Url());
  }
  return std::unique_ptr<OpenedRepository>(
      new OpenedRepository(std::move(store), std::move(keys), *std::move(opened)));
}

bool OpenedRepository::keys_are_outdated() const {
  const auto& ring = context().keys;
  if (ring == nullptr || !ring->can_read_data()) return false;
  const std::vector<crypto::BoxPublicKey> keys = ring->data_public_keys();
  return std::ranges::find(keys, context().config->recipients.back()) == keys.end();
}

Result<ChangeRight> AcquireChangeRight(OpenedRepository& opened, const Environment& environment,
                                       const std::string& work) {
  PGK_TRY(storage::RequireOwnUser(opened.store()));
  ChangeRight right;
  PGK_ASSIGN_OR_RETURN(right.lease,
                       opened.repository().LockIfExclusive(HolderName(environment, work)));
  right.context = opened.context();
  if (right.lease != nullptr) right.context = WithLease(right.context, *right.lease);
  return right;
}

Status CompleteConfig(OpenedRepository& opened, const Environment& environment,
                      const std::string& work) {
  PGK_ASSIGN_OR_RETURN(const bool complete, repository::IsConfigComplete(opened.context()));
  if (complete) return Ok();
  PGK_ASSIGN_OR_RETURN(const ChangeRight right, AcquireChangeRight(opened, environment, work));
  return repository::CompleteConfig(right.context);
}

}  // namespace pgkeep::cli
