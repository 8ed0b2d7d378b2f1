#include "storage/store_util.h"

#include <fmt/format.h>

#include <functional>
#include <string>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

// Decides whether the object that already holds `key` is ours; its info when so.
using Confirm =
    std::function<Result<ObjectInfo>(ObjectStore& store, std::string_view key, ByteSpan bytes)>;

Error OtherContent(const ObjectStore& store, std::string_view key) {
  return Err(ErrorCode::kConflict, "object {} of {} exists with other content", key, store.Url())
      .WithHint("another writer has created it; nothing was overwritten");
}

// The object was there a moment ago: create-once objects do not vanish, so nothing is concluded.
Error Vanished(const ObjectStore& store, std::string_view key) {
  return Err(ErrorCode::kConflict, "object {} of {} existed and has vanished", key, store.Url())
      .WithHint("another process deletes objects that are being written; stop it first");
}

Result<ObjectInfo> ConfirmByReading(ObjectStore& store, std::string_view key, ByteSpan bytes) {
  const Result<Bytes> existing = store.Get(key, bytes.size());
  if (!existing.ok()) {
    if (existing.error().code() == ErrorCode::kLimitExceeded) return OtherContent(store, key);
    if (existing.error().code() == ErrorCode::kNotFound) return Vanished(store, key);
    return existing.error();
  }
  if (!BytesEqual(*existing, bytes)) return OtherContent(store, key);
  return store.Head(key);
}

Result<ObjectInfo> ConfirmByListing(ObjectStore& store, std::string_view key, ByteSpan bytes) {
  const std::string expected = store.ExpectedEtag(bytes);
  if (expected.empty()) return ConfirmByReading(store, key, bytes);
  // The key is the first of all that start with it, whatever follows it.
  std::string start_after;
  while (true) {
    PGK_ASSIGN_OR_RETURN(const ListPage page, store.List(key, start_after, 1));
    if (!page.objects.empty()) {
      const ObjectInfo& found = page.objects.front();
      if (found.key != key) return Vanished(store, key);
      if (found.size != bytes.size() || found.etag != expected) return OtherContent(store, key);
      return found;
    }
    if (page.next.empty()) return Vanished(store, key);
    start_after = page.next;
  }
}

Result<ObjectInfo> CreateConfirmed(ObjectStore& store, std::string_view key, ByteSpan bytes,
                                   const RetryPolicy& policy, Clock& clock, std::stop_token stop,
                                   const Confirm& confirm) {
  return Retry(policy, clock, std::move(stop), [&]() -> Result<ObjectInfo> {
    Result<ObjectInfo> created = store.CreateIfAbsent(key, bytes);
    if (created.ok() || created.error().code() != ErrorCode::kAlreadyExists) return created;
    return confirm(store, key, bytes);
  });
}

}  // namespace

Result<ObjectInfo> CreateOnce(ObjectStore& store, std::string_view key, ByteSpan bytes,
                              const RetryPolicy& policy, Clock& clock, std::stop_token stop) {
  return CreateConfirmed(store, key, bytes, policy, clock, std::move(stop), ConfirmByReading);
}

Result<ObjectInfo> CreateOnceByListing(ObjectStore& store, std::string_view key, ByteSpan bytes,
                                       const RetryPolicy& policy, Clock& clock,
                                       std::stop_token stop) {
  return CreateConfirmed(store, key, bytes, policy, clock, std::move(stop), ConfirmByListing);
}

Status RequireOwnUser(const ObjectStore& store) {
  const std::optional<std::string> user = store.features().run_as;
  if (!user) return Ok();
  return Err(ErrorCode::kRefused, "{} belongs to {}, who could not read what root writes there",
             store.Url(), *user)
      .WithHint(fmt::format("run as {0}: sudo -u {0} pgkeep ...", *user));
}

}  // namespace pgkeep::storage
