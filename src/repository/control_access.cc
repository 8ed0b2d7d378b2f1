#include "repository/control_access.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "base/retry.h"
#include "repository/config_object.h"
#include "repository/limits.h"
#include "storage/store_util.h"

namespace pgkeep::repository {

ControlAccess::ControlAccess(const RepositoryContext& context)
    : context_(context), signers_(context.config->signers) {}

Result<std::vector<storage::ObjectInfo>> ControlAccess::List(std::string_view prefix) const {
  return Retry(
      context_.retry, *context_.clock, context_.stop,
      [&]() -> Result<std::vector<storage::ObjectInfo>> {
        std::vector<storage::ObjectInfo> objects;
        PGK_TRY(storage::ListAll(*context_.store, prefix, [&](const storage::ObjectInfo& info) {
          objects.push_back(info);
          return Ok();
        }));
        return objects;
      });
}

Result<std::vector<WriterId>> ControlAccess::ListWriters(std::string_view prefix,
                                                         ObjectName::Kind kind,
                                                         Strangers strangers) const {
  PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> objects, List(prefix));
  std::vector<WriterId> writers;
  writers.reserve(objects.size());
  for (const storage::ObjectInfo& info : objects) {
    const Result<ObjectName> name = ObjectName::Parse(info.key);
    if (name.ok() && name->kind == kind) {
      writers.push_back(name->writer);
    } else if (strangers == Strangers::kRefuse) {
      return StrangerError(info.key);
    }
  }
  return writers;
}

Result<std::vector<WriterId>> ControlAccess::ListUnexpired() const {
  PGK_ASSIGN_OR_RETURN(
      const std::vector<WriterId> decided,
      ListWriters(kDecisionPrefix, ObjectName::Kind::kDecision, Strangers::kIgnore));
  PGK_ASSIGN_OR_RETURN(const std::vector<WriterId> expired,
                       ListWriters(kExpiryPrefix, ObjectName::Kind::kExpiry, Strangers::kIgnore));
  std::vector<WriterId> unexpired;
  std::ranges::set_difference(decided, expired, std::back_inserter(unexpired));
  return unexpired;
}

Result<Bytes> ControlAccess::Get(const std::string& key, size_t max_bytes) const {
  return Retry(context_.retry, *context_.clock, context_.stop,
               [&] { return context_.store->Get(key, max_bytes); });
}

Result<bool> ControlAccess::Exists(const std::string& key) const {
  const Result<storage::ObjectInfo> info = Retry(context_.retry, *context_.clock, context_.stop,
                                                 [&] { return context_.store->Head(key); });
  if (info.ok()) return true;
  if (info.error().code() == ErrorCode::kNotFound) return false;
  return info.error();
}

Result<DecisionObject> ControlAccess::ReadDecision(const WriterId& writer) const {
  PGK_ASSIGN_OR_RETURN(const Bytes object, Get(DecisionKey(writer), kMaxDecisionObjectBytes));
  return DecodeDecision(object, Identity(writer), signers_);
}

Result<PinObject> ControlAccess::ReadPin(const WriterId& writer) const {
  PGK_ASSIGN_OR_RETURN(const Bytes object, Get(PinKey(writer), kMaxPinObjectBytes));
  return DecodePin(object, Identity(writer), signers_);
}

Result<ExpiryObject> ControlAccess::ReadExpiry(const WriterId& writer) const {
  PGK_ASSIGN_OR_RETURN(const Bytes object, Get(ExpiryKey(writer), kMaxExpiryObjectBytes));
  return DecodeExpiry(object, Identity(writer), signers_);
}

Result<ReferenceList> ControlAccess::ReadReferenceList(const WriterId& writer,
                                                       const crypto::Digest32& expected) const {
  PGK_ASSIGN_OR_RETURN(const Bytes object, GetWithHash(ReferenceListKey(writer),
                                                       kMaxReferenceListObjectBytes, expected));
  return DecodeReferenceList(object, Identity(writer), signers_);
}

Result<Manifest> ControlAccess::ReadManifest(const WriterId& writer,
                                             const crypto::Digest32& expected) const {
  PGK_ASSIGN_OR_RETURN(const Bytes object,
                       GetWithHash(ManifestKey(writer), kMaxManifestObjectBytes, expected));
  return DecodeManifest(object, Identity(writer), *context_.keys, signers_);
}

Result<Bytes> ControlAccess::GetWithHash(const std::string& key, size_t max_bytes,
                                         const crypto::Digest32& expected) const {
  PGK_ASSIGN_OR_RETURN(Bytes object, Get(key, max_bytes));
  if (crypto::Sha256(object) != expected) {
    return CorruptObject(key, "its sha-256 is not the one that the decision names");
  }
  return object;
}

Status ControlAccess::Create(const std::string& key, ByteSpan object) const {
  PGK_TRY(storage::CreateOnce(*context_.store, key, object, context_.retry, *context_.clock,
                              context_.stop));
  return Ok();
}

Error StrangerError(std::string_view key) {
  return Err(ErrorCode::kCorruption, "unexpected object {}", key)
      .WithHint("pgkeep did not write this; find out who did and move it away");
}

Status CheckCanCreate(const RepositoryContext& context) {
  if (context.config->mode == RepositoryMode::kExclusive && context.lease == nullptr) {
    return Err(ErrorCode::kInternal, "a repository in exclusive mode is changed without its lease");
  }
  if (context.store->features().conditional_create) return Ok();
  return Err(ErrorCode::kUnsupported, "{} cannot create objects conditionally",
             context.store->Url())
      .WithHint(
          "if the bucket has begun to keep versions: 'pgkeep storage probe' may show that it does "
          "create conditionally; if not, 'pgkeep storage exclusive' lets one writer work at a "
          "time");
}

bool IsDamage(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kNotFound:
    case ErrorCode::kCorruption:
    case ErrorCode::kLimitExceeded:
    case ErrorCode::kUnsupportedVersion:
    case ErrorCode::kWrongKey:
      return true;
    default:
      return false;
  }
}

bool IsWrongContent(const Error& error) {
  return IsDamage(error) && error.code() != ErrorCode::kNotFound;
}

void WarnOfSecondReading(const storage::ObjectStore& store, const Error& error) {
  Log(LogLevel::kWarning, "repository",
      "{} delivered damaged bytes once, and the right ones when asked again ({}): look at the "
      "network and the disks between",
      store.Url(), error.ToString());
}

}  // namespace pgkeep::repository
