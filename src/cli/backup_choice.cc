#include "cli/backup_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "cli/backup_lookup.h"
#include "cli/text_format.h"
#include "cli/time_text.h"
#include "logical/stream_format.h"

namespace pgkeep::cli {
namespace {

using repository::BackupSummary;
using repository::Manifest;
using repository::SubtreeEntry;

const SubtreeEntry* FindDatabase(const Manifest& manifest, const std::string& name) {
  const auto found = std::ranges::find(manifest.subtrees, name, &SubtreeEntry::name);
  return found == manifest.subtrees.end() ? nullptr : &*found;
}

std::string NamesOf(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Why a backup does not hold a database, as it was told when it was made; "" if it was not.
std::string ReasonMissing(const Manifest& manifest, const std::string& database) {
  const auto run = logical::DecodeRun(manifest.attributes);
  if (!run.ok()) return "";
  for (const logical::RunAttributes::Missing& missing : run->missing) {
    if (missing.database == database) return ": " + missing.message;
  }
  return "";
}

std::set<std::string> DatabasesOf(const std::vector<const BackupSummary*>& backups) {
  std::set<std::string> names;
  for (const BackupSummary* backup : backups) {
    for (const SubtreeEntry& subtree : backup->manifest->subtrees) names.insert(subtree.name);
  }
  return names;
}

// The database that is meant: the one that is named, or the only one that there is.
Result<std::string> DatabaseFor(const std::vector<const BackupSummary*>& backups,
                                const std::string& named) {
  const std::set<std::string> all = DatabasesOf(backups);
  if (!named.empty()) {
    if (all.contains(named)) return named;
    const bool one = backups.size() == 1;
    return Err(ErrorCode::kNotFound, "{} a database '{}'{}",
               one ? "this backup does not hold" : "no backup holds", named,
               one ? ReasonMissing(*backups.front()->manifest, named) : "")
        .WithHint(all.empty() ? "'pgkeep show' tells what is in a backup"
                              : "there is: " + NamesOf(all));
  }
  if (all.size() == 1) return *all.begin();
  return Err(ErrorCode::kInvalidArgument, "the backup has {} databases: {}", all.size(),
             NamesOf(all))
      .WithHint("say which one with --source-database");
}

class Chooser {
 public:
  Chooser(const repository::RepositoryContext& context, std::span<const BackupSummary> live,
          const BackupSelector& selector)
      : context_(context), live_(live), selector_(selector) {}

  Result<BackupChoice> ById() {
    PGK_ASSIGN_OR_RETURN(const BackupSummary* backup,
                         LookUpBackup(context_, live_, selector_.backup));
    if (!backup->manifest.ok()) {
      return Error(backup->manifest.error()).WithContext("backup " + backup->id.Hex());
    }
    const Manifest& manifest = *backup->manifest;
    if (manifest.kind != repository::BackupKind::kLogical) {
      return Err(ErrorCode::kUnsupported, "backup {} is not a logical backup", ShortId(backup->id))
          .WithHint("this version of pgkeep restores and exports databases of logical backups");
    }
    if (!selector_.source.empty() && manifest.source != selector_.source) {
      return Err(ErrorCode::kInvalidArgument, "backup {} is of source {}, not of {}",
                 ShortId(backup->id), manifest.source, selector_.source)
          .WithHint("leave --source out: an id names one backup");
    }
    PGK_ASSIGN_OR_RETURN(const std::string database, DatabaseFor({backup}, selector_.database));
    return Choice(*backup, database, "as you named it");
  }

  // The newest, or the newest whose snapshot is not younger than `at`.
  Result<BackupChoice> Newest(std::optional<Timestamp> at) {
    PGK_TRY(Collect());
    PGK_ASSIGN_OR_RETURN(const std::string database, DatabaseFor(DatabasesWanted(), Database()));
    size_t holding = 0;
    size_t later = 0;
    const BackupSummary* without = nullptr;  // the newest, if it does not hold the database
    const BackupSummary* chosen = nullptr;
    const BackupSummary* oldest = nullptr;
    for (const BackupSummary* backup : candidates_) {
      const SubtreeEntry* entry = FindDatabase(*backup->manifest, database);
      if (entry == nullptr) {
        if (chosen == nullptr && without == nullptr) without = backup;
        continue;
      }
      ++holding;
      oldest = backup;
      if (at && entry->snapshot_time > *at) {
        ++later;
      } else if (chosen == nullptr) {
        chosen = backup;
      }
    }
    if (chosen == nullptr) return NoneSoOld(*oldest, database, *at);
    BackupChoice choice =
        Choice(*chosen, database,
               at ? fmt::format("the newest at or before {}", ShowTime(*at))
                  : fmt::format("the newest of {} that hold{} it", Count(holding, "backup"),
                                holding == 1 ? "s" : ""));
    if (at) {
      choice.loss = fmt::format("what was changed between {} and {} is not in it",
                                ShowTime(choice.snapshot_time), ShowTime(*at));
      if (later > 0) {
        choice.reason += fmt::format("; {} {} younger", later, later == 1 ? "is" : "are");
      }
    } else if (without != nullptr) {
      choice.loss = fmt::format("the newer backup {} does not hold this database{}",
                                ShortId(without->id), ReasonMissing(*without->manifest, database));
    }
    return choice;
  }

 private:
  const std::string& Database() const { return selector_.database; }

  // The logical backups of the one source that is meant, newest first.
  Status Collect() {
    std::set<std::string> sources;
    for (const BackupSummary& backup : live_) {
      if (!backup.manifest.ok() || backup.manifest->kind != repository::BackupKind::kLogical) {
        continue;
      }
      sources.insert(backup.manifest->source);
      if (selector_.source.empty() || backup.manifest->source == selector_.source) {
        candidates_.push_back(&backup);
      }
    }
    if (candidates_.empty()) {
      const std::string of = selector_.source.empty() ? "" : " of source " + selector_.source;
      return Err(ErrorCode::kNotFound, "there is no logical backup{}", of)
          .WithHint(sources.empty() ? "'pgkeep backup SOURCE' makes one"
                                    : "there are backups of: " + NamesOf(sources));
    }
    if (selector_.source.empty() && sources.size() > 1) {
      return Err(ErrorCode::kInvalidArgument, "there are backups of {} sources: {}", sources.size(),
                 NamesOf(sources))
          .WithHint("say which one with --source, or name the backup by its id");
    }
    return Ok();
  }

  // Without a name the newest backup says which databases there are.
  std::vector<const BackupSummary*> DatabasesWanted() const {
    return Database().empty() ? std::vector{candidates_.front()} : candidates_;
  }

  static BackupChoice Choice(const BackupSummary& backup, const std::string& database,
                             std::string reason) {
    return {.id = backup.id,
            .source = backup.manifest->source,
            .database = database,
            .snapshot_time = FindDatabase(*backup.manifest, database)->snapshot_time,
            .reason = std::move(reason),
            .loss = ""};
  }

  static Error NoneSoOld(const BackupSummary& oldest, const std::string& database, Timestamp at) {
    const SubtreeEntry* const entry = FindDatabase(*oldest.manifest, database);
    return Err(ErrorCode::kNotFound, "no backup of database {} is so old: {} is before the oldest",
               database, ShowTime(at))
        .WithHint(fmt::format("the oldest is {} with the state of {}", ShortId(oldest.id),
                              ShowTime(entry->snapshot_time)));
  }

  const repository::RepositoryContext& context_;
  const std::span<const BackupSummary> live_;
  const BackupSelector& selector_;
  std::vector<const BackupSummary*> candidates_;
};

}  // namespace

Result<BackupChoice> ChooseBackup(const repository::RepositoryContext& context,
                                  std::span<const BackupSummary> live,
                                  const BackupSelector& selector, Timestamp now) {
  const bool named = !selector.backup.empty() && selector.backup != "latest";
  if (selector.backup.empty() == selector.at.empty()) {
    return Err(ErrorCode::kInvalidArgument, "{}",
               selector.at.empty() ? "which backup is not said"
                                   : "--at chooses the backup, and one is named too")
        .WithHint("give the beginning of an id, latest, or --at TIME");
  }
  Chooser chooser(context, live, selector);
  if (named) return chooser.ById();
  if (selector.at.empty()) return chooser.Newest(std::nullopt);
  PGK_ASSIGN_OR_RETURN(const Timestamp at, ParseTime(selector.at, now));
  return chooser.Newest(at);
}

}  // namespace pgkeep::cli
