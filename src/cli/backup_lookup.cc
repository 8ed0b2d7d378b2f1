#include "cli/backup_lookup.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "repository/control_access.h"
#include "repository/object_names.h"

namespace pgkeep::cli {
namespace {

using repository::ControlAccess;
using repository::ObjectName;

constexpr size_t kShortIdDigits = 12;
constexpr size_t kMinPrefixDigits = 4;

// The expired backup whose id begins so, if there is exactly one.
Result<std::optional<repository::BackupId>> FindExpired(const ControlAccess& control,
                                                        const std::string& selector) {
  if (selector.size() < kMinPrefixDigits) return std::nullopt;
  PGK_ASSIGN_OR_RETURN(const std::vector<repository::WriterId> expired,
                       control.ListWriters(repository::kExpiryPrefix, ObjectName::Kind::kExpiry,
                                           ControlAccess::Strangers::kIgnore));
  std::optional<repository::BackupId> found;
  for (const repository::WriterId& id : expired) {
    if (!id.Hex().starts_with(selector)) continue;
    if (found) return std::nullopt;
    found = id;
  }
  return found;
}

Error Expired(const ControlAccess& control, const repository::BackupId& id) {
  std::string details;
  const auto expiry = control.ReadExpiry(id);
  if (expiry.ok()) {
    if (expiry->time) details += " at " + FormatUtc(*expiry->time);
    if (!expiry->reason.empty()) details += " (" + expiry->reason + ")";
  }
  return Err(ErrorCode::kNotFound, "backup {} has expired{}", id.Hex(), details)
      .WithHint("an expired backup does not come back; 'pgkeep list' shows the ones that are left");
}

}  // namespace

Result<const repository::BackupSummary*> LookUpBackup(
    const repository::RepositoryContext& context, std::span<const repository::BackupSummary> live,
    const std::string& selector) {
  Result<const repository::BackupSummary*> found = repository::FindBackup(live, selector);
  if (found.ok() || found.error().code() != ErrorCode::kNotFound) return found;
  const ControlAccess control(context);
  PGK_ASSIGN_OR_RETURN(const auto expired, FindExpired(control, selector));
  if (expired) return Expired(control, *expired);
  return found;
}

Result<repository::BackupId> LookUpBackupId(std::span<const repository::BackupSummary> live,
                                            const std::string& selector) {
  Result<const repository::BackupSummary*> found = repository::FindBackup(live, selector);
  if (found.ok()) return (*found)->id;
  const auto whole = repository::BackupId::FromHex(selector);
  if (whole.ok()) return *whole;
  return std::move(found).error();
}

Result<std::vector<UnfinishedBackup>> ListUnfinished(const repository::RepositoryContext& context) {
  const ControlAccess control(context);
  // Pins first: a writer that decides in between is not called unfinished.
  PGK_ASSIGN_OR_RETURN(const std::vector<repository::WriterId> begun,
                       control.ListWriters(repository::kPinPrefix, ObjectName::Kind::kPin,
                                           ControlAccess::Strangers::kIgnore));
  PGK_ASSIGN_OR_RETURN(const std::vector<repository::WriterId> decided,
                       control.ListWriters(repository::kDecisionPrefix, ObjectName::Kind::kDecision,
                                           ControlAccess::Strangers::kIgnore));
  std::vector<UnfinishedBackup> unfinished;
  for (const repository::WriterId& id : begun) {
    if (std::ranges::binary_search(decided, id)) continue;
    const auto pin = control.ReadPin(id);
    unfinished.push_back({id, pin.ok() ? pin->started : std::nullopt});
  }
  return unfinished;
}

Result<repository::WriterId> LookUpUnfinished(std::span<const UnfinishedBackup> unfinished,
                                              const std::string& selector) {
  const auto whole = repository::WriterId::FromHex(selector);
  if (whole.ok()) return *whole;  // the collector says what is wrong with it
  std::vector<repository::WriterId> found;
  for (const UnfinishedBackup& backup : unfinished) {
    if (backup.id.Hex().starts_with(selector)) found.push_back(backup.id);
  }
  if (!found.empty() && (selector.size() < kMinPrefixDigits || found.size() > 1)) {
    return Err(ErrorCode::kInvalidArgument, "'{}' does not name one unfinished backup", selector)
        .WithHint("give more digits of the id");
  }
  if (found.empty()) {
    return Err(ErrorCode::kNotFound, "there is no unfinished backup {}", selector)
        .WithHint("'pgkeep list' shows the unfinished ones");
  }
  return found.front();
}

std::string ShortId(const repository::BackupId& id) { return id.Hex().substr(0, kShortIdDigits); }

}  // namespace pgkeep::cli
