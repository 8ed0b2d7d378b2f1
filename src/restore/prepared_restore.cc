#include "restore/prepared_restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "archive/entry_kind.h"
#include "base/display.h"
#include "restore/create_database.h"
#include "restore/role_names.h"

namespace pgkeep::restore {
namespace {

using archive::EntryKind;
using archive::KindOf;
using archive::TocEntry;

constexpr size_t kListedMax = 20;

std::string Join(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kListedMax); ++i) {
    if (i > 0) text += ", ";
    text += names[i];
  }
  if (names.size() > kListedMax) text += fmt::format(" and {} more", names.size() - kListedMax);
  return text;
}

Status CheckOptions(const RestoreOptions& options) {
  if (options.jobs == 0) {
    return Err(ErrorCode::kInvalidArgument, "a restore needs at least one job");
  }
  const bool part = !options.tables.empty() || !options.schemas.empty();
  if (!options.into_schema.empty() && !part) {
    return Err(ErrorCode::kInvalidArgument,
               "only chosen tables or a chosen schema can go into another schema")
        .WithHint("say which, with --table or --schema");
  }
  if (options.clean && part) {
    return Err(ErrorCode::kInvalidArgument,
               "dropping the database does not go with restoring a part of one")
        .WithHint("drop the tables yourself, or choose no tables and schemas");
  }
  return Ok();
}

// Writes the plan out of what was found.
class Planner {
 public:
  Planner(PreparedRestore& prepared, const RestoreOptions& options)
      : prepared_(prepared), plan_(prepared.plan), options_(options) {}

  void Plan() {
    Describe();
    Count();
    JudgeDatabase();
    JudgeVersions();
    JudgeNames();
    JudgeSpace();
    for (const Error& problem : prepared_.set.problems) plan_.problems.push_back(problem);
  }

  void AddProblem(Error problem) { plan_.problems.push_back(std::move(problem)); }

 private:
  void Describe() {
    const BackupSource& source = *prepared_.source;
    const TargetDatabase& target = prepared_.target;
    plan_.backup = options_.backup;
    plan_.snapshot_time = source.snapshot_time();
    plan_.source = source.manifest().source;
    plan_.source_database = source.database();
    plan_.source_server_version = source.attributes().server_version;
    plan_.source_encoding = source.attributes().encoding;
    plan_.whole_database = options_.tables.empty() && options_.schemas.empty();
    plan_.target_database = target.name;
    plan_.target_server_version = target.server.version;
    plan_.target_user = target.server.user;
    plan_.database_exists = target.exists;
    plan_.database_empty = target.empty;
    plan_.database_bytes = target.bytes;
    plan_.drops_database = target.exists && options_.clean;
    plan_.creates_database = plan_.drops_database || (!target.exists && options_.create);
    plan_.free_bytes = target.free_bytes;
    plan_.left_out = prepared_.set.left_out;
    plan_.needed = prepared_.set.needed;
  }

  void CountEntry(const TocEntry& entry) {
    const EntryKind kind = KindOf(entry);
    if (entry.definition && !entry.definition->empty()) ++plan_.definitions;
    if (kind == EntryKind::kIndex) ++plan_.indexes;
    if (kind == EntryKind::kConstraint || kind == EntryKind::kForeignKey) ++plan_.constraints;
    if (kind == EntryKind::kView || kind == EntryKind::kMaterializedView) ++plan_.views;
    if (entry.kind == "FUNCTION" || entry.kind == "PROCEDURE" || entry.kind == "AGGREGATE") {
      ++plan_.functions;
    }
  }

  void Count() {
    for (const TocEntry& entry : prepared_.set.toc.entries) CountEntry(entry);
    plan_.tables = prepared_.set.tables.size();
    for (const TableLoad& table : prepared_.set.tables) {
      plan_.rows += table.rows.attributes.fingerprint.rows;
      plan_.text_bytes += table.rows.entry.bytes;
    }
    plan_.sequences = prepared_.set.sequences.size();
    plan_.large_objects = prepared_.set.large_objects.size();
    if (plan_.large_objects == 0) return;
    const auto rows = prepared_.source->LargeObjectRows();
    if (rows.ok() && *rows) plan_.text_bytes += (*rows)->entry.bytes;
  }

  void JudgeDatabase() {
    const TargetDatabase& target = prepared_.target;
    if (target.server.in_recovery) {
      AddProblem(Err(ErrorCode::kRefused, "the target is a standby, which cannot be written to")
                     .WithHint("restore on its primary"));
    }
    if (plan_.creates_database) JudgeCreation();
    if (plan_.drops_database) {
      JudgeDrop();
    } else if (target.exists && options_.create) {
      AddProblem(Err(ErrorCode::kAlreadyExists, "database '{}' is there already", target.name)
                     .WithHint("leave out --create to restore into it if it is empty, or add "
                               "--clean to drop it with everything in it"));
    } else if (!target.exists && !options_.create) {
      AddProblem(Err(ErrorCode::kNotFound, "database '{}' does not exist", target.name)
                     .WithHint("add --create to make it"));
    } else if (target.exists && !target.empty && plan_.whole_database) {
      JudgeNotEmpty();
    }
    if (target.exists && !plan_.drops_database) JudgeExisting();
  }

  void JudgeNotEmpty() {
    const TargetDatabase& target = prepared_.target;
    if (!target.half_restored.empty()) {
      AddProblem(Err(ErrorCode::kRefused, "database '{}' is only {} ({})", target.name,
                     target.half_restored, FormatBytes(target.bytes))
                     .WithHint("if that restore does not run any more, do it again with --clean, "
                               "which drops this database first"));
    } else {
      AddProblem(Err(ErrorCode::kRefused, "database '{}' is not empty ({})", target.name,
                     FormatBytes(target.bytes))
                     .WithHint("restore into a new database with --create, or drop this one with "
                               "everything in it with --clean"));
    }
  }

  void JudgeCreation() {
    const TargetDatabase& target = prepared_.target;
    if (!target.may_create_databases) {
      AddProblem(
          Err(ErrorCode::kPermission, "role '{}' may not create databases", target.server.user)
              .WithHint("connect as a role with CREATEDB"));
    }
    auto sql = CreateDatabaseSql(target.name, prepared_.source->attributes(), "",
                                 prepared_.set.database_tablespace, target.server.version_num);
    if (!sql.ok()) AddProblem(std::move(sql).error());
    const logical::DatabaseAttributes& attributes = prepared_.source->attributes();
    for (const std::string& locale : {attributes.collate, attributes.ctype}) {
      if (target.collations.contains(NormalLocale(locale)) || locale == "C" || locale == "POSIX") {
        continue;
      }
      if (std::ranges::find(plan_.missing_collations, locale) != plan_.missing_collations.end()) {
        continue;
      }
      plan_.missing_collations.push_back(locale);
      plan_.warnings.push_back(fmt::format(
          "the target's server does not list the collation '{}' of the operating system: "
          "if it is not installed there, the database cannot be made",
          locale));
    }
  }

  void JudgeDrop() {
    const TargetDatabase& target = prepared_.target;
    if (target.is_template || target.name == "template0") {
      AddProblem(Err(ErrorCode::kRefused, "database '{}' is a template", target.name)
                     .WithHint("choose another database"));
    }
    if (target.others.empty()) return;
    AddProblem(Err(ErrorCode::kRefused, "others are connected to database '{}': {}", target.name,
                   Join(target.others))
                   .WithHint("end these sessions, then try again"));
  }

  void JudgeExisting() {
    const postgres::ServerInfo& server = prepared_.target.server;
    const logical::DatabaseAttributes& attributes = prepared_.source->attributes();
    if (server.encoding != attributes.encoding) {
      plan_.warnings.push_back(fmt::format(
          "the target has the encoding {}, the backup {}: texts are converted, and those that "
          "cannot be are errors",
          server.encoding, attributes.encoding));
    }
    if (server.collate != attributes.collate || server.ctype != attributes.ctype) {
      plan_.warnings.push_back(fmt::format("the target sorts by '{}', the source by '{}'",
                                           server.collate, attributes.collate));
    }
  }

  void JudgeVersions() {
    const int target = prepared_.target.server.version_num / 10000;
    const int source = static_cast<int>(prepared_.source->attributes().server_version_num / 10000);
    if (target < source) {
      plan_.warnings.push_back(fmt::format(
          "the target is PostgreSQL {}, older than the source ({}): definitions that it does not "
          "know are errors",
          target, source));
    }
    if (prepared_.source->manifest().state == repository::BackupState::kPartial) {
      plan_.warnings.emplace_back(
          "the backup is partial: other databases, or the roles and tablespaces, are missing in "
          "it");
    }
  }

  void JudgeNames() {
    const TargetDatabase& target = prepared_.target;
    const bool standard_strings = prepared_.set.standard_strings;
    const RoleUse use{.owners = options_.owners, .privileges = options_.privileges};
    std::set<std::string> roles = RolesNamed(prepared_.set.toc.entries, use, standard_strings);
    if (plan_.creates_database) {
      roles.merge(RolesNamed(prepared_.set.database_entries, use, standard_strings));
    }
    bool of_others = false;
    for (const std::string& role : roles) {
      if (!target.roles.contains(role)) plan_.missing_roles.push_back(role);
      of_others = of_others || role != target.server.user;
    }
    for (const TocEntry& entry : prepared_.set.toc.entries) {
      if (KindOf(entry) == EntryKind::kExtension && !target.extensions.contains(entry.tag)) {
        plan_.missing_extensions.push_back(entry.tag);
      }
    }
    plan_.missing_tablespaces = prepared_.set.missing_tablespaces;
    if (!plan_.missing_roles.empty()) {
      AddProblem(
          Err(ErrorCode::kNotFound, "roles are missing on the target: {}",
              Join(plan_.missing_roles))
              .WithHint(
                  "make them (their SQL: 'pgkeep export BACKUP --format globals --output FILE'), "
                  "give others in their place with --map-role OLD=NEW, or leave out what "
                  "names them with --no-owner and --no-privileges"));
    }
    if (!plan_.missing_extensions.empty()) {
      AddProblem(Err(ErrorCode::kNotFound, "extensions are not installed on the target: {}",
                     Join(plan_.missing_extensions))
                     .WithHint("install their packages on the target's machine"));
    }
    if (!plan_.missing_tablespaces.empty()) {
      plan_.warnings.push_back(
          fmt::format("tablespaces are missing on the target: {}; what was in them goes to the "
                      "default one",
                      Join(plan_.missing_tablespaces)));
    }
    if (of_others && options_.owners && !target.server.superuser) {
      plan_.warnings.push_back(fmt::format(
          "role '{}' is no superuser: what belongs to roles of which it is no member is an error",
          target.server.user));
    }
  }

  void JudgeSpace() {
    if (!plan_.free_bytes) return;
    const uint64_t freed = plan_.drops_database ? plan_.database_bytes : 0;
    if (*plan_.free_bytes + freed >= plan_.text_bytes) return;
    plan_.warnings.push_back(fmt::format("the target has {} free, the rows alone are {} of text",
                                         FormatBytes(*plan_.free_bytes),
                                         FormatBytes(plan_.text_bytes)));
  }

  PreparedRestore& prepared_;
  RestorePlan& plan_;
  const RestoreOptions& options_;
};

}  // namespace

Result<PreparedRestore> PrepareRestore(repository::Repository& repository,
                                       const RestoreOptions& options, std::stop_token stop) {
  PGK_TRY(CheckOptions(options));
  PreparedRestore prepared;
  PGK_ASSIGN_OR_RETURN(prepared.source,
                       BackupSource::Open(repository, options.backup, options.source_database));
  postgres::ConnectOptions connect;
  connect.stop = stop;
  connect.connect_timeout = options.connect_timeout;
  const bool part = !options.tables.empty() || !options.schemas.empty();
  PGK_ASSIGN_OR_RETURN(
      prepared.target,
      LookAtTarget(options.target, prepared.source->attributes().encoding, part, connect));
  PGK_ASSIGN_OR_RETURN(prepared.set, ChooseEntries(*prepared.source, prepared.target, options));
  Planner planner(prepared, options);
  planner.Plan();
  auto program =
      logical::FindRestoreProgram(prepared.target.server.version_num, options.programs, stop);
  if (program.ok()) {
    prepared.program = *std::move(program);
    prepared.plan.program = fmt::format("{} {}", prepared.program.path, prepared.program.version);
  } else {
    planner.AddProblem(std::move(program).error());
  }
  if (stop.stop_requested()) return Err(ErrorCode::kCancelled, "planning was interrupted");
  return prepared;
}

Result<RestorePlan> PlanRestore(repository::Repository& repository, const RestoreOptions& options,
                                std::stop_token stop) {
  PGK_ASSIGN_OR_RETURN(PreparedRestore prepared,
                       PrepareRestore(repository, options, std::move(stop)));
  return std::move(prepared.plan);
}

}  // namespace pgkeep::restore
