#include "repository/gc_keep.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "repository/abort_decision.h"
#include "repository/protocol_mutants.h"
#include "repository/request_each.h"

namespace pgkeep::repository {
namespace {

Error MissingReferenceList(const BackupId& backup) {
  return Err(ErrorCode::kCorruption, "{} of a backup that has not expired is missing",
             ReferenceListKey(backup))
      .WithHint(
          "run 'pgkeep verify'; nothing is deleted until the object is restored or the backup "
          "is expired");
}

// What to do without a reference list that a live backup should have: false = yield.
Result<bool> JudgeMissing(const ControlAccess& control, const BackupId& backup, GcReport& report) {
  if (MutantActive(Mutant::kMissingReferenceIgnored)) return true;
  PGK_ASSIGN_OR_RETURN(const bool expired, control.Exists(ExpiryKey(backup)));
  if (!expired) return MissingReferenceList(backup);
  report.yielded = "backup " + backup.Hex() + " expired and is being deleted by another collector";
  return false;
}

Result<bool> KeepLive(const ControlAccess& control, const GcView& view, KeepSet& keep,
                      GcReport& report) {
  std::vector<BackupId> live;
  for (const auto& [backup, decision] : view.decisions) {
    if (view.IsLive(backup)) live.push_back(backup);
  }
  bool yields = false;
  PGK_TRY(RequestEach(
      control.context(), live,
      [&](const BackupId& backup) {
        return control.ReadReferenceList(backup, view.decisions.at(backup).reference_list_sha256);
      },
      [&](const BackupId& backup, Result<ReferenceList> references) -> Status {
        if (yields) return Ok();
        ++report.live_backups;
        if (references.ok()) {
          keep.Add(*references, true);
          return Ok();
        }
        if (references.error().code() != ErrorCode::kNotFound) return std::move(references).error();
        PGK_ASSIGN_OR_RETURN(const bool go_on, JudgeMissing(control, backup, report));
        yields = !go_on;
        return Ok();
      }));
  return !yields;
}

// An undecided writer whose expired base is gone pinned it after its expiry, so it must abort
// itself; but it may have been decided since the listing. Only winning its decision proves that it
// has not. Exactly one try: with a lost answer nobody knows who has won.
Result<bool> WinAbort(const ControlAccess& control, const GcOptions& options,
                      const WriterId& writer, GcReport& report) {
  const std::string reason = "its base had expired before it began";
  if (!options.dry_run && !MutantActive(Mutant::kAbortNotWon)) {
    const auto created = control.context().store->CreateIfAbsent(
        DecisionKey(writer), MakeAbort(control, writer, reason));
    if (!created.ok()) {
      report.yielded = "writer " + writer.Hex() + " stands on a base that is gone, and could not " +
                       "be aborted: " + created.error().ToString();
      return false;
    }
  }
  report.aborted.push_back({writer, reason});
  return true;
}

enum class BaseState { kKept, kAbsent };

// Keeps the packs of an expired base, once however many writers stand on it.
Result<BaseState> KeepExpiredBase(const ControlAccess& control, const GcView& view,
                                  const BackupId& base, std::map<BackupId, BaseState>& known,
                                  KeepSet& keep) {
  if (const auto it = known.find(base); it != known.end()) return it->second;
  Result<ReferenceList> references =
      control.ReadReferenceList(base, view.decisions.at(base).reference_list_sha256);
  if (!references.ok() && references.error().code() != ErrorCode::kNotFound) {
    return std::move(references).error();
  }
  if (references.ok()) keep.Add(*references, false);
  return known[base] = references.ok() ? BaseState::kKept : BaseState::kAbsent;
}

Result<bool> KeepBases(const ControlAccess& control, const GcOptions& options, GcView& view,
                       KeepSet& keep, GcReport& report) {
  std::map<BackupId, BaseState> known;
  for (UndecidedWriter& undecided : view.undecided) {
    bool base_gone = false;
    for (const BackupId& base : undecided.bases) {
      if (!view.IsExpired(base)) continue;  // live: kept already
      PGK_ASSIGN_OR_RETURN(const BaseState state,
                           KeepExpiredBase(control, view, base, known, keep));
      base_gone = base_gone || state == BaseState::kAbsent;
    }
    if (!base_gone) continue;
    PGK_ASSIGN_OR_RETURN(const bool won, WinAbort(control, options, undecided.writer, report));
    if (!won) return false;
    undecided.bases.clear();
  }
  return true;
}

// A live backup that needs the pack, for the message. Reads the lists again: nobody kept them.
std::string WhoNeeds(const ControlAccess& control, const GcView& view, const PackName& pack) {
  for (const auto& [backup, decision] : view.decisions) {
    if (!view.IsLive(backup)) continue;
    const Result<ReferenceList> references =
        control.ReadReferenceList(backup, decision.reference_list_sha256);
    if (references.ok() && references->Find(pack) != nullptr) return "backup " + backup.Hex();
  }
  return "a backup";
}

}  // namespace

void KeepSet::Add(const ReferenceList& references, bool live) {
  PGK_CHECK(!sealed_, "the set is still collecting");
  for (const PackEntry& entry : references.entries()) entries_.push_back({entry.name, live, false});
  if (entries_.size() >= compact_at_) Compact();
}

void KeepSet::Compact() {
  std::ranges::sort(entries_, {}, &Entry::name);
  size_t kept = 0;
  for (const Entry& entry : entries_) {
    if (kept > 0 && entries_[kept - 1].name == entry.name) {
      entries_[kept - 1].live = entries_[kept - 1].live || entry.live;
    } else {
      entries_[kept++] = entry;
    }
  }
  entries_.resize(kept);
  compact_at_ = std::max(compact_at_, 2 * kept);
}

void KeepSet::Seal() {
  Compact();
  sealed_ = true;
}

size_t KeepSet::IndexOf(const PackName& pack) const {
  PGK_CHECK(sealed_, "the set is complete");
  const auto it = std::ranges::lower_bound(entries_, pack, {}, &Entry::name);
  if (it == entries_.end() || it->name != pack) return entries_.size();
  return static_cast<size_t>(it - entries_.begin());
}

bool KeepSet::Contains(const PackName& pack) const { return IndexOf(pack) < entries_.size(); }

bool KeepSet::ContainsListed(const PackName& pack) {
  const size_t index = IndexOf(pack);
  if (index == entries_.size()) return false;
  entries_[index].listed = true;
  return true;
}

bool KeepSet::HoldsPackOf(const WriterId& writer) const {
  PGK_CHECK(sealed_, "the set is complete");
  const auto it =
      std::ranges::lower_bound(entries_, PackName{writer, PackKind::kData, 0}, {}, &Entry::name);
  return it != entries_.end() && it->name.writer == writer;
}

const PackName* KeepSet::FirstUnlisted() const {
  const auto it = std::ranges::find_if(
      entries_, [](const Entry& entry) { return entry.live && !entry.listed; });
  return it == entries_.end() ? nullptr : &it->name;
}

Result<bool> CollectKept(const ControlAccess& control, const GcOptions& options, GcView& view,
                         KeepSet& keep, GcReport& report) {
  PGK_ASSIGN_OR_RETURN(const bool live, KeepLive(control, view, keep, report));
  if (!live) return false;
  if (!MutantActive(Mutant::kBaseNotKept)) {
    PGK_ASSIGN_OR_RETURN(const bool bases, KeepBases(control, options, view, keep, report));
    if (!bases) return false;
  }
  report.undecided_writers = view.undecided.size();
  keep.Seal();
  return true;
}

Result<bool> CheckKeptWereListed(const ControlAccess& control, const GcView& view,
                                 const KeepSet& keep, GcReport& report) {
  const PackName* missing = keep.FirstUnlisted();
  if (missing == nullptr) return true;
  PGK_ASSIGN_OR_RETURN(const std::vector<WriterId> expired,
                       control.ListWriters(kExpiryPrefix, ObjectName::Kind::kExpiry,
                                           ControlAccess::Strangers::kRefuse));
  for (const WriterId& backup : expired) {
    if (!view.IsLive(backup)) continue;
    report.yielded =
        "backup " + backup.Hex() + " expired and is being deleted by another collector";
    return false;
  }
  return Err(ErrorCode::kCorruption, "{}, which {} needs, is not in the listing", missing->Key(),
             WhoNeeds(control, view, *missing))
      .WithHint("run 'pgkeep verify'; if the pack is lost, expire the backups that need it");
}

}  // namespace pgkeep::repository
