#include "repository/config_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <set>
#include <utility>

#include "crypto/sign.h"
#include "repository/envelope.h"
#include "repository/limits.h"
#include "repository/object_names.h"
#include "storage/s3/probe_names.h"
#include "storage/store_util.h"

namespace pgkeep::repository {
namespace {

// What CheckEmpty names at most.
constexpr size_t kMaxLeftoversNamed = 5;

std::array<std::string, 2> KeysOf(uint64_t generation) {
  return {ConfigKey(generation), ConfigCopyKey(generation)};
}

Error NoRepository(const storage::ObjectStore& store) {
  return Err(ErrorCode::kNotFound, "{} holds no pgkeep repository", store.Url())
      .WithHint("check the address, or create a repository there with 'pgkeep init'");
}

// Generations of which there is an object or a copy, ascending.
Result<std::set<uint64_t>> ListGenerations(storage::ObjectStore& store) {
  std::set<uint64_t> generations;
  for (const std::string_view prefix : {kConfigPrefix, kConfigCopyPrefix}) {
    PGK_TRY(storage::ListAll(store, prefix, [&](const storage::ObjectInfo& object) -> Status {
      const auto name = ObjectName::Parse(object.key);
      if (name.ok()) generations.insert(name->number);
      return Ok();
    }));
  }
  return generations;
}

// One attempt to find the configuration that counts.
class ConfigReader {
 public:
  ConfigReader(storage::ObjectStore& store, const RepositoryId& id, const RetryPolicy& retry,
               Clock& clock, std::stop_token stop)
      : store_(store), id_(id), retry_(retry), clock_(clock), stop_(std::move(stop)) {}

  Result<CurrentConfig> Run(const KeyRing* keys) {
    PGK_ASSIGN_OR_RETURN(const std::set<uint64_t> generations,
                         Retry(retry_, clock_, stop_, [&] { return ListGenerations(store_); }));
    if (generations.empty()) return NoRepository(store_);
    std::optional<crypto::PublicKey> operator_key;
    if (keys != nullptr) {
      operator_key = keys->operator_public_key();
    } else {
      PGK_ASSIGN_OR_RETURN(operator_key, FindOperatorKey(generations));
    }
    CurrentConfig current;
    current.newest_generation = *generations.rbegin();
    for (const uint64_t generation : generations | std::views::reverse) {
      PGK_ASSIGN_OR_RETURN(std::optional<ConfigObject> config,
                           ReadGeneration(generation, operator_key ? &*operator_key : nullptr));
      if (config) {
        current.config = *std::move(config);
        return current;
      }
      if (damage_) {
        if (current.outdated.empty()) current.outdated = damage_->ToString();
      } else {
        current.warnings.push_back(
            fmt::format("{} was passed over: {}", ConfigKey(generation), foreign_->ToString()));
      }
      if (!first_foreign_ && foreign_) first_foreign_ = foreign_;
      if (!first_damage_ && damage_) first_damage_ = damage_;
    }
    return first_foreign_ ? *first_foreign_ : *first_damage_;
  }

 private:
  // Without keys: the operator key of the lowest generation that can be read; nullopt if none can.
  Result<std::optional<crypto::PublicKey>> FindOperatorKey(const std::set<uint64_t>& generations) {
    for (const uint64_t generation : generations) {
      PGK_ASSIGN_OR_RETURN(const std::optional<ConfigObject> config,
                           ReadGeneration(generation, nullptr));
      if (config) return std::optional(config->operator_public_key);
    }
    return std::optional<crypto::PublicKey>();
  }

  // The object or its copy. nullopt: neither can be used; then foreign_ says so if both are
  // somebody else's, and damage_ otherwise. A newer format or a store out of reach is an answer and
  // not damage: returned.
  Result<std::optional<ConfigObject>> ReadGeneration(uint64_t generation,
                                                     const crypto::PublicKey* operator_key) {
    damage_.reset();
    foreign_.reset();
    for (const std::string& key : KeysOf(generation)) {
      const Result<Bytes> object =
          Retry(retry_, clock_, stop_, [&] { return store_.Get(key, kMaxConfigObjectBytes); });
      Result<ConfigObject> config = object.ok()
                                        ? DecodeConfig(*object, id_, generation, operator_key)
                                        : Result<ConfigObject>(object.error());
      if (config.ok()) return std::optional(*std::move(config));
      switch (config.error().code()) {
        case ErrorCode::kWrongKey:
          if (!foreign_) foreign_ = config.error();
          break;
        case ErrorCode::kNotFound:
          if (!absent_) absent_ = config.error();
          break;
        case ErrorCode::kCorruption:
        case ErrorCode::kLimitExceeded:
          if (!damage_) damage_ = config.error();
          break;
        default:
          return std::move(config).error();
      }
    }
    // Both were listed and have gone: nobody deletes configurations.
    if (!damage_ && !foreign_) damage_ = absent_;
    return std::optional<ConfigObject>();
  }

  storage::ObjectStore& store_;
  const RepositoryId& id_;
  const RetryPolicy& retry_;
  Clock& clock_;
  const std::stop_token stop_;
  // Of the last generation that was read.
  std::optional<Error> damage_;
  std::optional<Error> foreign_;
  std::optional<Error> absent_;
  // Of the highest generation that had such.
  std::optional<Error> first_damage_;
  std::optional<Error> first_foreign_;
};

// Whether an object may be what a making of a repository leaves that is cut off before the
// configuration.
bool MayBeLeftOver(const std::string& key) {
  return key.starts_with(kKeySlotPrefix) || key.starts_with(kLeasePrefix);
}

}  // namespace

Result<CurrentConfig> ReadConfig(storage::ObjectStore& store, const RepositoryId& id,
                                 const KeyRing* keys, const RetryPolicy& retry, Clock& clock,
                                 std::stop_token stop) {
  return ConfigReader(store, id, retry, clock, std::move(stop)).Run(keys);
}

Result<RepositoryId> PeekRepository(storage::ObjectStore& store) {
  PGK_ASSIGN_OR_RETURN(const std::set<uint64_t> generations, ListGenerations(store));
  if (generations.empty()) return NoRepository(store);
  std::optional<Error> first;
  for (const uint64_t generation : generations) {
    for (const std::string& key : KeysOf(generation)) {
      const auto object = store.Get(key, kMaxConfigObjectBytes);
      if (!object.ok()) {
        if (!first || first->code() == ErrorCode::kNotFound) first = object.error();
        continue;
      }
      auto id = PeekRepositoryId(*object, ObjectClass::kConfig, key);
      if (id.ok()) return id;
      if (!first || first->code() == ErrorCode::kNotFound) first = id.error();
    }
  }
  return *std::move(first);
}

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

Result<bool> IsConfigComplete(const RepositoryContext& context) {
  for (const std::string& key : KeysOf(context.config->generation)) {
    const Result<storage::ObjectInfo> info = Retry(context.retry, *context.clock, context.stop,
                                                   [&] { return context.store->Head(key); });
    if (info.ok()) continue;
    if (info.error().code() == ErrorCode::kNotFound) return false;
    return info.error();
  }
  return true;
}

Status CompleteConfig(const RepositoryContext& context) {
  const uint64_t generation = context.config->generation;
  const std::array<std::string, 2> keys = KeysOf(generation);
  const auto get = [&](const std::string& key) {
    return Retry(context.retry, *context.clock, context.stop,
                 [&] { return context.store->Get(key, kMaxConfigObjectBytes); });
  };
  for (const bool swapped : {false, true}) {
    const Result<Bytes> missing = get(keys[swapped ? 1 : 0]);
    if (missing.ok()) continue;
    if (missing.error().code() != ErrorCode::kNotFound) continue;  // damaged: left for people
    PGK_ASSIGN_OR_RETURN(const Bytes object, get(keys[swapped ? 0 : 1]));
    PGK_TRY(DecodeConfig(object, context.id, generation, &context.config->operator_public_key));
    PGK_TRY(storage::CreateOnce(*context.store, keys[swapped ? 1 : 0], object, context.retry,
                                *context.clock, context.stop));
  }
  return Ok();
}

Status CheckConfigIsCurrent(const RepositoryContext& context) {
  if (context.config_outdated.empty()) return Ok();
  return Err(ErrorCode::kRefused,
             "the repository has a newer configuration than number {}, which cannot be read: {}",
             context.config->generation, context.config_outdated)
      .WithHint("run 'pgkeep verify', and restore the object from a copy of the repository");
}

Status CheckEmpty(storage::ObjectStore& store, bool in_bucket) {
  PGK_ASSIGN_OR_RETURN(const std::set<uint64_t> generations, ListGenerations(store));
  if (!generations.empty()) {
    return Err(ErrorCode::kAlreadyExists, "{} already holds a pgkeep repository", store.Url())
        .WithHint("use it with 'pgkeep init --attach', or choose another place for a new one");
  }
  std::vector<std::string> keys;
  PGK_TRY(storage::ListAll(store, "", [&](const storage::ObjectInfo& object) -> Status {
    // What was tried out with a bucket is no part of anything; elsewhere nothing is tried out.
    const bool tried = in_bucket && storage::IsProbeKey(object.key);
    if (!tried && keys.size() <= kMaxLeftoversNamed) keys.push_back(object.key);
    return Ok();
  }));
  if (keys.empty()) return Ok();
  if (keys.size() <= kMaxLeftoversNamed && std::ranges::all_of(keys, MayBeLeftOver)) {
    std::string names;
    for (const std::string& key : keys) names += (names.empty() ? "" : ", ") + key;
    return Err(ErrorCode::kAlreadyExists, "{} holds what a making of a repository has left: {}",
               store.Url(), names)
        .WithHint(
            "it was cut off before there was a repository: if it is not running still, remove "
            "these "
            "objects, and the key and kit that it wrote, and try again");
  }
  return Err(ErrorCode::kAlreadyExists, "{} is not empty: it holds \"{}\"", store.Url(),
             keys.front())
      .WithHint("choose an empty place: a repository shares its place with nothing else");
}

}  // namespace pgkeep::repository
