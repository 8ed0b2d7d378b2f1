#include "repository/repository.h"

#include <utility>

#include "base/log.h"

namespace pgkeep::repository {

namespace {

Result<ConfigObject> FirstConfig(const NewRepository& created, const KeyRing& ring,
                                 const RepositoryOptions& options, const InitOptions& init) {
  ConfigObject config;
  config.operator_public_key = ring.operator_public_key();
  config.recipients = ring.data_public_keys();
  config.signers = {{ring.host_signing_key().public_key(), SignerState::kActive}};
  config.mode = init.mode;
  config.created = options.clock->Now();
  config.pack_bytes = init.pack_bytes;
  config.zstd_level = init.zstd_level;
  config.key_mode = init.key_mode;
  PGK_CHECK(created.keys.kind() == KeyKind::kFull, "a new repository has full keys");
  return config;
}

RepositoryContext MakeContext(storage::ObjectStore& store, const RepositoryId& id,
                              std::shared_ptr<const KeyRing> keys, ConfigObject config,
                              const RepositoryOptions& options) {
  RepositoryContext context;
  context.store = &store;
  context.keys = std::move(keys);
  context.id = id;
  context.newest_generation = config.generation;
  context.config = std::make_shared<const ConfigObject>(std::move(config));
  context.clock = options.clock;
  context.random = options.random;
  context.retry = options.retry;
  context.files = options.files;
  if (!options.state_directory.empty()) {
    context.state_directory = options.state_directory + "/" + id.Hex();
  }
  context.stop = options.stop;
  return context;
}

}  // namespace

Result<NewRepository> InitRepository(storage::ObjectStore& store, const RepositoryOptions& options,
                                     const InitOptions& init,
                                     const std::function<Status(const NewRepository&)>& keep_keys) {
  PGK_TRY(CheckEmpty(store, init.in_bucket));
  NewRepository created{RepositoryId::New(*options.random), KeyBundle::Generate(*options.random)};
  PGK_ASSIGN_OR_RETURN(const auto ring, KeyRing::FromBundle(created.keys, created.id));
  PGK_ASSIGN_OR_RETURN(ConfigObject config, FirstConfig(created, *ring, options, init));
  RepositoryContext context = MakeContext(store, created.id, ring, config, options);
  // What is kept for a repository that cannot be made would be in the way of the next try.
  if (init.mode == RepositoryMode::kExclusive) PGK_TRY(CheckMayWithdrawLease(context));
  PGK_TRY(keep_keys(created));
  std::unique_ptr<ExclusiveLease> lease;
  if (init.mode == RepositoryMode::kExclusive) {
    PGK_ASSIGN_OR_RETURN(lease, AcquireExclusiveLease(context, "initialisation"));
    context = WithLease(context, *lease);
  }
  PGK_TRY(WriteConfig(context, config));
  if (lease != nullptr) PGK_TRY(lease->Release());
  return created;
}

Result<std::unique_ptr<Repository>> Repository::Open(storage::ObjectStore& store,
                                                     const RepositoryId& id,
                                                     const KeyBundle* bundle,
                                                     const RepositoryOptions& options) {
  std::shared_ptr<const KeyRing> ring;
  if (bundle != nullptr) {
    PGK_ASSIGN_OR_RETURN(ring, KeyRing::FromBundle(*bundle, id));
  }
  PGK_ASSIGN_OR_RETURN(CurrentConfig current, ReadConfig(store, id, ring.get(), options.retry,
                                                         *options.clock, options.stop));
  PGK_TRY(RequireFeatures(current.config, FeatureUse::kRead));
  for (const std::string& warning : current.warnings) {
    Log(LogLevel::kWarning, "repository", "{}", warning);
  }
  RepositoryContext context =
      MakeContext(store, id, std::move(ring), std::move(current.config), options);
  context.newest_generation = current.newest_generation;
  context.config_outdated = std::move(current.outdated);
  if (const Status checked = CheckConfigIsCurrent(context); !checked.ok()) {
    Log(LogLevel::kWarning, "repository", "{}", checked.error().ToString());
  }
  std::string cache;
  if (!context.state_directory.empty()) cache = context.state_directory + "/cache";
  return std::unique_ptr<Repository>(new Repository(std::move(context), std::move(cache)));
}

Repository::Repository(RepositoryContext context, std::string cache_directory)
    : context_(std::move(context)), local_cache_(*context_.files, std::move(cache_directory)) {}

Result<std::unique_ptr<ExclusiveLease>> Repository::LockIfExclusive(const std::string& holder) {
  if (config().mode != RepositoryMode::kExclusive) return nullptr;
  return AcquireExclusiveLease(context_, holder);
}

}  // namespace pgkeep::repository
