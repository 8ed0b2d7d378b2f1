#include "repository/repository.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "crypto/sealed_box.h"
#include "crypto/sign.h"
#include "repository/envelope.h"
#include "repository/limits.h"
#include "repository/object_names.h"
#include "storage/store_util.h"

namespace pgkeep::repository {

namespace {

Error NoRepository(const storage::ObjectStore& store) {
  return Err(ErrorCode::kNotFound, "{} holds no pgkeep repository", store.Url())
      .WithHint("check the address, or create a repository there with 'pgkeep init'");
}

// Generations in the store, highest first.
Result<std::vector<uint64_t>> ListGenerations(storage::ObjectStore& store) {
  std::vector<uint64_t> generations;
  PGK_TRY(storage::ListAll(store, kConfigPrefix, [&](const storage::ObjectInfo& object) -> Status {
    const auto name = ObjectName::Parse(object.key);
    if (name.ok() && name->kind == ObjectName::Kind::kConfig) generations.push_back(name->number);
    return Ok();
  }));
  std::ranges::sort(generations, std::greater<>());
  return generations;
}

Status CheckEmpty(storage::ObjectStore& store) {
  PGK_ASSIGN_OR_RETURN(const std::vector<uint64_t> generations, ListGenerations(store));
  if (!generations.empty()) {
    return Err(ErrorCode::kAlreadyExists, "{} already holds a pgkeep repository", store.Url())
        .WithHint("use it with 'pgkeep init --attach', or choose another place for a new one");
  }
  PGK_ASSIGN_OR_RETURN(const storage::ListPage page, store.List("", "", 1));
  if (page.objects.empty()) return Ok();
  return Err(ErrorCode::kAlreadyExists, "{} is not empty: it holds \"{}\"", store.Url(),
             page.objects.front().key)
      .WithHint("choose an empty place: a repository shares its place with nothing else");
}

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

Status WriteConfig(const RepositoryContext& context, const ConfigObject& config) {
  const crypto::SigningKey* operator_key = context.keys->operator_signing_key();
  if (operator_key == nullptr) {
    return Err(ErrorCode::kRefused, "changing the configuration needs the full key")
        .WithHint("run this where the full key (pgkeep.key) is kept");
  }
  PGK_ASSIGN_OR_RETURN(const Bytes object, EncodeConfig(config, context.id, *operator_key));
  for (const std::string& key : {ConfigCopyKey(config.generation), ConfigKey(config.generation)}) {
    PGK_TRY(storage::CreateOnce(*context.store, key, object, context.retry, *context.clock,
                                context.stop));
  }
  return Ok();
}

Result<NewRepository> InitRepository(storage::ObjectStore& store, const RepositoryOptions& options,
                                     const InitOptions& init,
                                     const std::function<Status(const NewRepository&)>& keep_keys) {
  PGK_TRY(CheckEmpty(store));
  NewRepository created{RepositoryId::New(*options.random), KeyBundle::Generate(*options.random)};
  PGK_ASSIGN_OR_RETURN(const auto ring, KeyRing::FromBundle(created.keys, created.id));
  PGK_ASSIGN_OR_RETURN(ConfigObject config, FirstConfig(created, *ring, options, init));
  PGK_TRY(keep_keys(created));
  RepositoryContext context = MakeContext(store, created.id, ring, config, options);
  std::unique_ptr<ExclusiveLease> lease;
  if (init.mode == RepositoryMode::kExclusive) {
    PGK_ASSIGN_OR_RETURN(lease, AcquireExclusiveLease(context, "initialisation"));
    context = WithLease(context, *lease);
  }
  PGK_TRY(WriteConfig(context, config));
  if (lease != nullptr) PGK_TRY(lease->Release());
  return created;
}

Result<RepositoryId> PeekRepository(storage::ObjectStore& store) {
  PGK_ASSIGN_OR_RETURN(const std::vector<uint64_t> generations, ListGenerations(store));
  if (generations.empty()) return NoRepository(store);
  std::optional<Error> first;
  for (const uint64_t generation : generations) {
    for (const std::string& key : {ConfigKey(generation), ConfigCopyKey(generation)}) {
      const auto object = store.Get(key, kMaxConfigObjectBytes);
      if (!object.ok()) {
        if (!first) first = object.error();
        continue;
      }
      auto id = PeekRepositoryId(*object, ObjectClass::kConfig, key);
      if (id.ok()) return id;
      if (!first) first = id.error();
    }
  }
  return *std::move(first);
}

Result<ConfigObject> ReadConfig(storage::ObjectStore& store, const RepositoryId& id,
                                const KeyRing* keys, const RetryPolicy& retry, Clock& clock,
                                std::stop_token stop) {
  PGK_ASSIGN_OR_RETURN(const std::vector<uint64_t> generations, ListGenerations(store));
  if (generations.empty()) return NoRepository(store);
  const crypto::PublicKey* operator_key = keys != nullptr ? &keys->operator_public_key() : nullptr;
  std::optional<Error> first;
  for (const uint64_t generation : generations) {
    for (const std::string& key : {ConfigKey(generation), ConfigCopyKey(generation)}) {
      const auto object =
          Retry(retry, clock, stop, [&] { return store.Get(key, kMaxConfigObjectBytes); });
      Result<ConfigObject> config = object.ok()
                                        ? DecodeConfig(*object, id, generation, operator_key)
                                        : Result<ConfigObject>(object.error());
      if (config.ok()) return config;
      // Damage is passed over, since the copy or an older generation may do. A newer format, wrong
      // keys or a store out of reach are answers, not damage.
      const ErrorCode code = config.error().code();
      if (code != ErrorCode::kCorruption && code != ErrorCode::kNotFound) return config;
      if (!first) first = config.error();
    }
  }
  return *std::move(first);
}

Result<std::unique_ptr<Repository>> Repository::Open(storage::ObjectStore& store,
                                                     const RepositoryId& id,
                                                     const KeyBundle* bundle,
                                                     const RepositoryOptions& options) {
  std::shared_ptr<const KeyRing> ring;
  if (bundle != nullptr) {
    PGK_ASSIGN_OR_RETURN(ring, KeyRing::FromBundle(*bundle, id));
  }
  PGK_ASSIGN_OR_RETURN(ConfigObject config, ReadConfig(store, id, ring.get(), options.retry,
                                                       *options.clock, options.stop));
  PGK_TRY(RequireFeatures(config, FeatureUse::kRead));
  RepositoryContext context = MakeContext(store, id, std::move(ring), std::move(config), options);
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
