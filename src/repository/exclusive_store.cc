#include "repository/exclusive_store.h"

#include <optional>
#include <stop_token>
#include <vector>

#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

// Whether different holders may put different bytes under one key.
bool MustBeSettled(std::string_view key) {
  return key.starts_with(kDecisionPrefix) || key.starts_with(kConfigPrefix) ||
         key.starts_with(kConfigCopyPrefix);
}

}  // namespace

std::vector<std::string> ExclusiveStore::Unsettled() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> keys;
  keys.reserve(unsettled_.size());
  for (const auto& [key, digest] : unsettled_) keys.push_back(key);
  return keys;
}

storage::StoreFeatures ExclusiveStore::features() const {
  storage::StoreFeatures features = inner().features();
  features.conditional_create = true;
  return features;
}

Result<storage::ObjectInfo> ExclusiveStore::CreateIfAbsent(std::string_view key, ByteSpan bytes) {
  const std::string name(key);
  {
    const MutexLock lock(mutex_);
    created_.Wait(mutex_, std::stop_token(),
                  [&]() PGK_REQUIRES(mutex_) { return !creating_.contains(name); });
    creating_.insert(name);
  }
  Result<storage::ObjectInfo> result = LookAndPut(name, bytes);
  {
    const MutexLock lock(mutex_);
    creating_.erase(name);
  }
  created_.NotifyAll();
  return result;
}

// Whether the key may be put: nothing there, or only what an earlier put of the same bytes left.
Status ExclusiveStore::CheckAbsent(const std::string& key, const crypto::Digest32& digest) {
  std::optional<crypto::Digest32> pending;
  {
    const MutexLock lock(mutex_);
    const auto it = unsettled_.find(key);
    if (it != unsettled_.end()) pending = it->second;
  }
  if (pending == digest) return Ok();
  const Result<storage::ObjectInfo> there = inner().Head(key);
  if (there.ok()) return Err(ErrorCode::kAlreadyExists, "object {} exists", key);
  if (there.error().code() != ErrorCode::kNotFound) return there.error();
  if (!pending) return Ok();
  return Err(ErrorCode::kConflict, "object {} was put with other content, and no answer came", key)
      .WithHint("it may still appear; nothing else may take its place");
}

Result<storage::ObjectInfo> ExclusiveStore::LookAndPut(const std::string& key, ByteSpan bytes) {
  const bool settle = MustBeSettled(key);
  const crypto::Digest32 digest = settle ? crypto::Sha256(bytes) : crypto::Digest32{};
  PGK_TRY(CheckAbsent(key, digest));
  PGK_TRY(permit_(key));
  Result<storage::ObjectInfo> put = inner().Put(key, bytes);
  if (!settle) return put;
  const MutexLock lock(mutex_);
  if (put.ok()) {
    unsettled_.erase(key);
  } else if (IsRetryable(put.error().code())) {
    unsettled_.emplace(key, digest);
  }
  return put;
}

Result<storage::ObjectInfo> ExclusiveStore::Put(std::string_view key, ByteSpan bytes) {
  PGK_TRY(permit_(key));
  return inner().Put(key, bytes);
}

Status ExclusiveStore::Delete(std::string_view key) {
  PGK_TRY(permit_(key));
  return inner().Delete(key);
}

}  // namespace pgkeep::repository
