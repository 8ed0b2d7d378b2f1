#include "repository/backup_list.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "repository/control_access.h"
#include "repository/request_each.h"

namespace pgkeep::repository {
namespace {

// Shorter beginnings of an id are taken for a slip of the fingers.
constexpr size_t kMinPrefixDigits = 4;

// How many candidates the message about an ambiguous id lists.
constexpr size_t kMaxCandidatesShown = 5;

// Whether an object is missing because its backup has expired since the listing.
Result<bool> ExpiredMeanwhile(const ControlAccess& control, const BackupId& id,
                              const Error& error) {
  if (error.code() != ErrorCode::kNotFound) return false;
  return control.Exists(ExpiryKey(id));
}

// Reads one backup of the listings: nullopt when it is none, or none any more.
Result<std::optional<BackupSummary>> Summarize(const ControlAccess& control, const BackupId& id) {
  Result<DecisionObject> decision = control.ReadDecision(id);
  if (!decision.ok()) {
    if (!IsDamage(decision.error())) return std::move(decision).error();
    return BackupSummary{id, {}, {}, {}, std::move(decision).error()};
  }
  if (decision->verdict != Verdict::kCommit) return std::nullopt;
  Result<Manifest> manifest = control.ReadManifest(id, decision->manifest_sha256);
  if (!manifest.ok()) {
    if (!IsDamage(manifest.error())) return std::move(manifest).error();
    PGK_ASSIGN_OR_RETURN(const bool expired, ExpiredMeanwhile(control, id, manifest.error()));
    if (expired) return std::nullopt;
  }
  return BackupSummary{id, decision->time.value_or(Timestamp{}), decision->manifest_sha256,
                       decision->reference_list_sha256, std::move(manifest)};
}

// The error of all backups when they fail alike with a code that speaks of the caller (a wrong key,
// an old program), not of them.
const Error* CommonError(const std::vector<BackupSummary>& backups) {
  const Error* first = nullptr;
  for (const BackupSummary& backup : backups) {
    if (backup.manifest.ok()) return nullptr;
    const ErrorCode code = backup.manifest.error().code();
    if (code != ErrorCode::kWrongKey && code != ErrorCode::kUnsupportedVersion) return nullptr;
    if (first != nullptr && first->code() != code) return nullptr;
    if (first == nullptr) first = &backup.manifest.error();
  }
  return first;
}

Error Ambiguous(std::string_view selector, const std::vector<const BackupSummary*>& candidates) {
  std::string list;
  for (size_t i = 0; i < std::min(candidates.size(), kMaxCandidatesShown); ++i) {
    list += (i == 0 ? "" : ", ") + candidates[i]->id.Hex();
  }
  if (candidates.size() > kMaxCandidatesShown) list += ", ...";
  return Err(ErrorCode::kInvalidArgument, "'{}' is the beginning of {} backups: {}", selector,
             candidates.size(), list)
      .WithHint("give more digits of the id");
}

uint64_t CounterOf(const BackupSummary& backup) {
  return backup.manifest->sequence ? backup.manifest->sequence->counter : 0;
}

// Where a backup stands in the list.
struct Rank {
  Timestamp time;       // not later than that of any later backup of its sequence
  size_t sequence = 0;  // which source and kind; 0 without a manifest
  size_t place = 0;     // in the sequence, 0 = last
};

// By index into `backups`.
std::vector<Rank> RankAll(const std::vector<BackupSummary>& backups) {
  std::map<std::pair<std::string_view, BackupKind>, std::vector<size_t>> sequences;
  std::vector<Rank> ranks(backups.size());
  for (size_t i = 0; i < backups.size(); ++i) {
    ranks[i].time = backups[i].committed;
    if (!backups[i].manifest.ok()) continue;
    const Manifest& manifest = *backups[i].manifest;
    sequences[{manifest.source, manifest.kind}].push_back(i);
  }
  size_t number = 0;
  for (auto& [source, members] : sequences) {
    std::ranges::sort(
        members, [&](size_t a, size_t b) { return IsLaterInSequence(backups[a], backups[b]); });
    ++number;
    Timestamp latest = Timestamp::max();
    for (size_t place = 0; place < members.size(); ++place) {
      Rank& rank = ranks[members[place]];
      latest = std::min(latest, rank.time);
      rank = {.time = latest, .sequence = number, .place = place};
    }
  }
  return ranks;
}

void SortNewestFirst(std::vector<BackupSummary>& backups) {
  const std::vector<Rank> ranks = RankAll(backups);
  std::vector<size_t> order(backups.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](size_t a, size_t b) {
    const Rank& left = ranks[a];
    const Rank& right = ranks[b];
    if (left.time != right.time) return left.time > right.time;
    return std::tie(left.sequence, left.place, backups[a].id) <
           std::tie(right.sequence, right.place, backups[b].id);
  });
  std::vector<BackupSummary> sorted;
  sorted.reserve(backups.size());
  for (const size_t index : order) sorted.push_back(std::move(backups[index]));
  backups = std::move(sorted);
}

bool IsLowerHex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Result<std::vector<BackupSummary>> ListBackups(const RepositoryContext& context) {
  PGK_CHECK(context.keys != nullptr, "manifests are sealed");
  const ControlAccess control(context);
  PGK_ASSIGN_OR_RETURN(const std::vector<WriterId> unexpired, control.ListUnexpired());
  std::vector<BackupSummary> backups;
  PGK_TRY(RequestEach(
      context, unexpired, [&](const WriterId& id) { return Summarize(control, id); },
      [&](const WriterId&, Result<std::optional<BackupSummary>> summary) -> Status {
        if (!summary.ok()) return std::move(summary).error();
        if (*summary) backups.push_back(**std::move(summary));
        return Ok();
      }));
  if (const Error* common = CommonError(backups)) return *common;
  SortNewestFirst(backups);
  return backups;
}

bool IsLaterInSequence(const BackupSummary& a, const BackupSummary& b) {
  return std::tuple(CounterOf(a), a.committed, b.id) > std::tuple(CounterOf(b), b.committed, a.id);
}

bool IsComplete(const BackupSummary& backup) {
  return backup.manifest.ok() && backup.manifest->state == BackupState::kComplete;
}

const BackupSummary* FindNewestComplete(std::span<const BackupSummary> backups,
                                        std::optional<std::string_view> source) {
  for (const BackupSummary& backup : backups) {
    if (IsComplete(backup) && (!source || backup.manifest->source == *source)) return &backup;
  }
  return nullptr;
}

Result<const BackupSummary*> FindBackup(std::span<const BackupSummary> backups,
                                        std::string_view selector,
                                        std::optional<std::string_view> source) {
  if (selector == "latest") {
    if (const BackupSummary* newest = FindNewestComplete(backups, source)) return newest;
    return Err(ErrorCode::kNotFound, "there is no complete backup{}",
               source ? " of " + std::string(*source) : "")
        .WithHint("run 'pgkeep list' to see what there is");
  }
  if (selector.size() < kMinPrefixDigits || !IsLowerHex(selector)) {
    return Err(ErrorCode::kInvalidArgument, "'{}' names no backup", selector)
        .WithHint(
            "give 'latest', or at least the first four digits of an id that 'pgkeep list' "
            "shows");
  }
  std::vector<const BackupSummary*> found;
  for (const BackupSummary& backup : backups) {
    if (backup.id.Hex().starts_with(selector)) found.push_back(&backup);
  }
  if (found.size() > 1) return Ambiguous(selector, found);
  if (found.empty()) {
    return Err(ErrorCode::kNotFound, "there is no backup {}", selector)
        .WithHint("run 'pgkeep list' to see the backups of this repository");
  }
  return found.front();
}

}  // namespace pgkeep::repository
