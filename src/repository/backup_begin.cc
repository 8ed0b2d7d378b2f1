#include "repository/backup_begin.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "crypto/hash.h"
#include "repository/backup_list.h"
#include "repository/backup_writer.h"
#include "repository/base_choice.h"
#include "repository/clean_text.h"
#include "repository/commit_witness.h"
#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/stream_map.h"

namespace pgkeep::repository {

namespace {

// A base that expires between the choice and the pin is chosen anew; this often in a row is not
// chance any more.
constexpr int kBeginAttempts = 3;

Status CheckMayWrite(const RepositoryContext& context) {
  PGK_TRY(RequireFeatures(*context.config, FeatureUse::kWrite));
  const SignerSet signers(context.config->signers);
  return signers.RequireActive(context.keys->host_signing_key().public_key());
}

// Without this the copies of expired backups would fill the disk. Those of all live backups stay,
// since other sources of this host share the cache.
void EvictCopies(LocalPackCache& cache, std::span<const BackupSummary> live,
                 std::span<const BaseBackup> bases) {
  std::set<WriterId> writers;
  for (const BackupSummary& backup : live) writers.insert(backup.id);
  cache.Retain([&](const PackName& pack) {
    return writers.contains(pack.writer) || std::ranges::any_of(bases, [&](const BaseBackup& base) {
             return base.references.Find(pack) != nullptr;
           });
  });
}

// A repository that lost backups still takes new ones: stopping would only add to the loss.
Status WarnOfVanishedCommit(const RepositoryContext& context) {
  PGK_ASSIGN_OR_RETURN(const std::optional<BackupId> vanished,
                       FindVanishedCommit(ControlAccess(context)));
  if (vanished) {
    Log(LogLevel::kWarning, "repository", "{}", VanishedCommitError(*vanished).Describe());
  }
  return Ok();
}

// What of the base a writer reads before it may use it.
Status CheckBase(const ControlAccess& control, const BackupId& base) {
  PGK_ASSIGN_OR_RETURN(const DecisionObject decision, control.ReadDecision(base));
  PGK_TRY(control.ReadManifest(base, decision.manifest_sha256));
  PGK_TRY(control.ReadReferenceList(base, decision.reference_list_sha256));
  return Ok();
}

// Which of the bases are why a writer could not begin, with a warning for each. Read again only for
// this: the bases are right nearly always.
Result<std::set<BackupId>> FindDamagedBases(const RepositoryContext& context,
                                            const std::vector<BackupId>& bases) {
  const ControlAccess control(context);
  std::set<BackupId> damaged;
  for (const BackupId& base : bases) {
    const Status checked = CheckBase(control, base);
    if (checked.ok()) continue;
    if (!IsDamage(checked.error())) return checked.error();
    Log(LogLevel::kWarning, "repository",
        "backup {} is damaged, so nothing is compared with it: {}; run 'pgkeep verify'", base.Hex(),
        checked.error().ToString());
    damaged.insert(base);
  }
  return damaged;
}

// Whether the key of a base's data packs is what the base's manifest says it is.
Result<bool> HasRightSession(const ControlAccess& control, const BaseBackup& base) {
  const Result<Bytes> session = control.Get(SessionKey(base.id), kMaxSessionObjectBytes);
  if (session.ok()) return crypto::Sha256(*session) == base.manifest.session_sha256;
  if (IsDamage(session.error())) return false;
  return session.error();
}

// Writers whose packs are of no use, because the key of their data packs is lost.
Result<std::set<WriterId>> FindLostWriters(const RepositoryContext& context,
                                           const WriterTicket& ticket) {
  if (ticket.bases.empty()) return std::set<WriterId>();
  std::set<WriterId> writers;
  for (const BaseBackup& base : ticket.bases) {
    for (const WriterId& writer : base.references.Writers()) writers.insert(writer);
  }
  PGK_ASSIGN_OR_RETURN(std::set<WriterId> lost, FindMissingSessions(context, writers));
  const ControlAccess control(context);
  for (const BaseBackup& base : ticket.bases) {
    PGK_ASSIGN_OR_RETURN(const bool right, HasRightSession(control, base));
    if (!right) lost.insert(base.id);
  }
  return lost;
}

// Packs of the bases that the store has lost, or that nobody can read any more: what was in them is
// stored again. Of a writer without its key that means all packs, since a backup that names one of
// them would be reported as damaged.
Result<std::set<PackName>> FindLostPacks(const RepositoryContext& context,
                                         const WriterTicket& ticket) {
  PGK_ASSIGN_OR_RETURN(const std::set<WriterId> lost_writers, FindLostWriters(context, ticket));
  for (const WriterId& writer : lost_writers) {
    Log(LogLevel::kWarning, "repository",
        "{} is missing or damaged, so what backup {} stored is stored again; run 'pgkeep verify'",
        SessionKey(writer), writer.Hex());
  }
  std::set<PackName> lost;
  for (const BaseBackup& base : ticket.bases) {
    PGK_ASSIGN_OR_RETURN(const std::vector<PackEntry> missing,
                         FindMissingPacks(context, base.references));
    for (const PackEntry& entry : missing) lost.insert(entry.name);
    for (const PackEntry& entry : base.references.entries()) {
      if (lost_writers.contains(entry.name.writer)) lost.insert(entry.name);
    }
  }
  return lost;
}

Result<BegunBackup> BeginWithBase(const RepositoryContext& context, const BackupSpec& spec,
                                  LocalPackCache& cache) {
  std::set<BackupId> damaged;
  int conflicts = 0;
  while (true) {
    PGK_ASSIGN_OR_RETURN(const std::vector<BackupSummary> backups, ListBackups(context));
    const BaseChoice choice = ChooseBases(backups,
                                          {.source = spec.source,
                                           .kind = spec.kind,
                                           .subtrees = spec.subtrees,
                                           .incremental = spec.incremental},
                                          damaged);
    Result<WriterTicket> ticket = BeginWriter(context, {choice.bases, spec.client_version});
    if (ticket.ok()) {
      EvictCopies(cache, backups, ticket->bases);
      return BegunBackup{*std::move(ticket), choice.sequence, {}};
    }
    if (ticket.error().code() == ErrorCode::kConflict) {
      if (++conflicts == kBeginAttempts) return std::move(ticket).error();
    } else if (IsDamage(ticket.error())) {
      // One damaged backup must not stop those to come: the next one is a full one, at worst.
      PGK_ASSIGN_OR_RETURN(std::set<BackupId> found, FindDamagedBases(context, choice.bases));
      if (found.empty()) return std::move(ticket).error();
      damaged.merge(found);
    } else {
      return std::move(ticket).error();
    }
  }
}

Status CheckSource(const std::string& source) {
  if (IsCleanText(source)) return Ok();
  return Err(ErrorCode::kInvalidArgument, "the name of the source \"{}\" cannot be stored",
             PrintableName(source))
      .WithHint("choose a name in UTF-8 without control characters, of at most 1,024 bytes");
}

}  // namespace

Result<BegunBackup> BeginBackup(const RepositoryContext& context, const BackupSpec& spec,
                                LocalPackCache& cache) {
  PGK_TRY(WarnOfVanishedCommit(context));
  PGK_ASSIGN_OR_RETURN(BegunBackup begun, BeginWithBase(context, spec, cache));
  PGK_ASSIGN_OR_RETURN(begun.lost, FindLostPacks(context, begun.ticket));
  return begun;
}

Status CheckMayBegin(const RepositoryContext& context, const BackupSpec& spec) {
  PGK_TRY(CheckSource(spec.source));
  return CheckMayWrite(context);
}

}  // namespace pgkeep::repository
