#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "cli/backup_choice.h"
#include "cli/commands.h"
#include "cli/job_session.h"
#include "cli/plan_text.h"
#include "cli/repository_access.h"
#include "cli/source_access.h"
#include "cli/sql_name.h"
#include "cli/text_format.h"
#include "restore/restore.h"

namespace pgkeep::cli {
namespace {

Status RefusePhysical(const RestoreCommand& command) {
  if (command.physical_option.empty()) return Ok();
  return Err(ErrorCode::kUnsupported, "{} is for physical backups, which this version has not",
             command.physical_option)
      .WithHint("restore a logical backup into a database: --database 'dbname=NEW' --create");
}

// What the arguments ask for, but for the backup.
Result<restore::RestoreOptions> OptionsOf(const RestoreCommand& command,
                                          const Environment& environment,
                                          const std::string& programs) {
  restore::RestoreOptions options;
  PGK_ASSIGN_OR_RETURN(options.target, ParseTarget(command.target, "--database"));
  if (!options.target.Has("dbname") && !options.target.Has("service")) {
    return Err(ErrorCode::kInvalidArgument, "--database does not say which database")
        .WithHint("name it: --database 'host=db.example dbname=app_restored'");
  }
  for (const std::string& table : command.tables) {
    PGK_ASSIGN_OR_RETURN(auto name, ParseTableName(table));
    options.tables.push_back(std::move(name));
  }
  for (const std::string& schema : command.schemas) {
    PGK_ASSIGN_OR_RETURN(auto name, ParseSqlName(schema, "schema"));
    options.schemas.push_back(std::move(name));
  }
  if (!command.into_schema.empty()) {
    PGK_ASSIGN_OR_RETURN(options.into_schema, ParseSqlName(command.into_schema, "schema"));
  }
  for (const std::string& mapping : command.map_roles) {
    PGK_ASSIGN_OR_RETURN(auto roles, ParseRoleMapping(mapping));
    options.map_roles.push_back(std::move(roles));
  }
  options.create = command.create;
  options.clean = command.clean;
  options.owners = !command.no_owner;
  options.privileges = !command.no_privileges;
  options.analyze = !command.no_analyze;
  options.jobs = command.jobs.value_or(options.jobs);
  options.programs = ProgramsIn(programs, environment);
  options.scratch_directory = environment.variable("TMPDIR").value_or("");
  return options;
}

// Where the configuration of the backup's source says that programs are; "" if it does not.
std::string ProgramsOf(const Setup& setup, const std::string& source) {
  if (!setup.configuration) return "";
  for (const config::SourceSettings& settings : setup.configuration->sources) {
    if (settings.name == source) return settings.logical.programs;
  }
  return "";
}

catalog::JobFigures FiguresOf(const restore::RestoreReport& report) {
  catalog::JobFigures figures;
  figures.bytes_read = report.text_bytes;
  figures.objects = report.tables + report.large_objects;
  figures.backup_id = report.plan.backup.Hex();
  figures.summary =
      fmt::format("restored {} with {} into database {}", Count(report.tables, "table"),
                  Count(report.rows, "row"), report.plan.target_database);
  return figures;
}

Error Incomplete(const restore::RestoreReport& report) {
  const size_t count = report.errors.size();
  return Err(ErrorCode::kPostgres, "the restore is not complete: {} failed, first: {}",
             count == 1 ? "1 statement" : fmt::format("{} statements", count),
             report.errors.front())
      .WithHint("what failed is listed above; what is in the target stays there");
}

Status Restore(const Setup& setup, OpenedRepository& opened, const restore::RestoreOptions& options,
               const BackupChoice& choice, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const auto session,
                       JobSession::Open(setup, context, HistoryNeed::kOptional));
  jobs::JobRequest request;
  request.source = choice.source;
  request.databases = {choice.database};
  request.kind = catalog::JobKind::kRestore;
  request.type = catalog::JobType::kLogical;
  request.exclusive = false;
  std::optional<restore::RestoreReport> done;
  const jobs::JobReport report =
      session->Run(request, [&](jobs::JobContext& job) -> Result<jobs::JobResult> {
        PGK_ASSIGN_OR_RETURN(
            done, restore::RunRestore(opened.repository(), options, job.progress, job.stop));
        jobs::JobResult result{.figures = FiguresOf(*done)};
        if (!done->complete()) result.error = Incomplete(*done);
        return result;
      });
  if (!report.id.empty()) context.console.document().Set("job", report.id);
  if (done) ShowRestoreReport(*done, context.console);
  return report.ToStatus();
}

}  // namespace

Status RunRestore(const RestoreCommand& command, const CommandContext& context) {
  PGK_TRY(RefusePhysical(command));
  const Environment& environment = context.environment;
  // Wrong words are told before anything is opened.
  PGK_TRY(OptionsOf(command, environment, ""));
  PGK_ASSIGN_OR_RETURN(const Setup setup, FindSetup(context.options, environment));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(setup.repository, environment, KeyNeed::kRequired));
  PGK_ASSIGN_OR_RETURN(const auto backups, repository::ListBackups(opened->context()));
  const Timestamp now = environment.clock->Now();
  PGK_ASSIGN_OR_RETURN(const BackupChoice choice,
                       ChooseBackup(opened->context(), backups, command.from, now));
  PGK_ASSIGN_OR_RETURN(restore::RestoreOptions options,
                       OptionsOf(command, environment, ProgramsOf(setup, choice.source)));
  options.backup = choice.id;
  options.source_database = choice.database;
  PGK_ASSIGN_OR_RETURN(const restore::RestorePlan plan,
                       restore::PlanRestore(opened->repository(), options, environment.stop));
  ShowPlan(plan, choice, now, context.console);
  context.console.document().Set("dry_run", command.dry_run);
  if (!plan.possible()) return plan.problems.front();
  if (command.dry_run) {
    context.console.Note("dry run: nothing was changed");
    return Ok();
  }
  return Restore(setup, *opened, options, choice, context);
}

}  // namespace pgkeep::cli
