#include "repository/expiry.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "repository/backup_list.h"
#include "repository/clean_text.h"
#include "repository/control_access.h"
#include "repository/expiry_object.h"
#include "repository/key_ring.h"

namespace pgkeep::repository {
namespace {

// What is known while a request is judged. Borrows all of it.
struct Situation {
  const std::vector<BackupSummary>& live;  // newest first
  const std::set<BackupId>& going;
  bool force;
};

const BackupSummary* FindLive(const Situation& situation, const BackupId& id) {
  const auto it = std::ranges::find(situation.live, id, &BackupSummary::id);
  return it == situation.live.end() ? nullptr : &*it;
}

// Complete backups of a source that stay, and how many of these are newer than `than`.
struct Remaining {
  size_t complete = 0;
  size_t newer = 0;
};

Remaining CountRemaining(const Situation& situation, const BackupSummary& than) {
  Remaining remaining;
  for (const BackupSummary& other : situation.live) {
    if (situation.going.contains(other.id) || !IsComplete(other)) continue;
    if (other.manifest->source != than.manifest->source) continue;
    ++remaining.complete;
    if (&other < &than) ++remaining.newer;
  }
  return remaining;
}

std::string SourceName(const Manifest& manifest) {
  return manifest.source.empty() ? "its source" : manifest.source;
}

Status RefuseUnreadable(const Situation& situation, const BackupSummary& backup) {
  if (situation.force) return Ok();
  return Err(ErrorCode::kRefused,
             "backup {} cannot be read, so nobody knows what would be lost: {}", backup.id.Hex(),
             backup.manifest.error().ToString())
      .WithHint("run 'pgkeep verify'; expire it with --force if it is really lost");
}

// Without a complete backup of the source, its partial ones are all that there is.
Status RefuseLastPartial(const Situation& situation, const BackupSummary& backup) {
  const std::string& source = backup.manifest->source;
  if (situation.force || FindNewestComplete(situation.live, source) != nullptr) return Ok();
  const auto newest = std::ranges::find_if(situation.live, [&](const BackupSummary& other) {
    return other.manifest.ok() && other.manifest->source == source;
  });
  if (&*newest != &backup) return Ok();
  return Err(ErrorCode::kRefused,
             "backup {} is the newest of {}, which has no complete backup: this partial one is all "
             "that there is",
             backup.id.Hex(), SourceName(*backup.manifest))
      .WithHint("make a complete backup first, or use --force");
}

// Judges one live backup.
Result<ExpiredBackup> JudgeLive(const Situation& situation, const BackupSummary& backup) {
  ExpiredBackup outcome;
  outcome.id = backup.id;
  if (!backup.manifest.ok()) {
    PGK_TRY(RefuseUnreadable(situation, backup));
    outcome.explanation = "expires by force; its manifest cannot be read";
    return outcome;
  }
  const Manifest& manifest = *backup.manifest;
  outcome.source = manifest.source;
  outcome.finished = manifest.finished;
  const Remaining remaining = CountRemaining(situation, backup);
  if (!IsComplete(backup)) {
    PGK_TRY(RefuseLastPartial(situation, backup));
    outcome.explanation =
        fmt::format("expires; it is partial, and {} complete backups of {} remain",
                    remaining.complete, SourceName(manifest));
    return outcome;
  }
  const BackupSummary* newest = FindNewestComplete(situation.live, manifest.source);
  if (newest == &backup && !situation.force) {
    return Err(ErrorCode::kRefused, "backup {} is the newest complete backup of {}",
               backup.id.Hex(), SourceName(manifest))
        .WithHint("make another backup first, or use --force");
  }
  outcome.explanation =
      fmt::format("expires{}; {} newer complete backups of {} remain",
                  newest == &backup ? " by force" : "", remaining.newer, SourceName(manifest));
  return outcome;
}

// Judges one id that is not in the list of live backups: expired before, or never one.
Result<ExpiredBackup> JudgeOther(const ControlAccess& control, const BackupId& id) {
  const Result<DecisionObject> decision = control.ReadDecision(id);
  const bool absent = !decision.ok() && decision.error().code() == ErrorCode::kNotFound;
  if (!decision.ok() && !absent) return decision.error();
  if (absent || decision->verdict != Verdict::kCommit) {
    return Err(ErrorCode::kNotFound, "there is no backup {}", id.Hex())
        .WithHint("run 'pgkeep list' to see the backups of this repository");
  }
  ExpiredBackup outcome;
  outcome.id = id;
  outcome.already = true;
  outcome.explanation = "has expired before";
  return outcome;
}

Status CreateExpiry(const ControlAccess& control, const BackupId& id, const std::string& reason) {
  const RepositoryContext& context = control.context();
  const ExpiryObject expiry{
      .time = context.clock->Now(), .reason = CleanText(reason), .extensions = {}};
  const Bytes object =
      EncodeExpiry(expiry, control.Identity(id), &context.keys->host_signing_key());
  Status created = control.Create(ExpiryKey(id), object);
  if (created.ok() || created.error().code() != ErrorCode::kConflict) return created;
  // Somebody else has expired it meanwhile: what counts is that the object is there.
  PGK_ASSIGN_OR_RETURN(const bool there, control.Exists(ExpiryKey(id)));
  return there ? Ok() : created;
}

}  // namespace

Result<std::vector<ExpiredBackup>> ExpireBackups(const RepositoryContext& context,
                                                 const ExpireOptions& options) {
  const ControlAccess control(context);
  PGK_ASSIGN_OR_RETURN(const std::vector<BackupSummary> live, ListBackups(context));
  const std::set<BackupId> going(options.backups.begin(), options.backups.end());
  const Situation situation{live, going, options.force};

  std::vector<ExpiredBackup> outcomes;
  std::set<BackupId> judged;
  for (const BackupId& id : options.backups) {
    if (!judged.insert(id).second) continue;
    const BackupSummary* backup = FindLive(situation, id);
    PGK_ASSIGN_OR_RETURN(ExpiredBackup outcome, backup != nullptr ? JudgeLive(situation, *backup)
                                                                  : JudgeOther(control, id));
    outcomes.push_back(std::move(outcome));
  }
  if (options.dry_run) return outcomes;
  for (const ExpiredBackup& outcome : outcomes) {
    if (outcome.already) continue;
    PGK_TRY_CONTEXT("expiring backup " + outcome.id.Hex(),
                    CreateExpiry(control, outcome.id, options.reason));
  }
  return outcomes;
}

}  // namespace pgkeep::repository
