#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "backup/logical_backup.h"
#include "base/log.h"
#include "base/version.h"
#include "cli/backup_progress.h"
#include "cli/backup_report.h"
#include "cli/commands.h"
#include "cli/job_session.h"
#include "cli/repository_access.h"
#include "cli/source_access.h"
#include "repository/backup_reader.h"
#include "storage/store_util.h"

namespace pgkeep::cli {
namespace {

Status CheckType(const std::string& type) {
  if (type == "logical") return Ok();
  if (type == "physical") {
    return Err(ErrorCode::kUnsupported, "this version of pgkeep makes no physical backups")
        .WithHint("leave --type out: a logical backup holds the databases with all their rows");
  }
  return Err(ErrorCode::kInvalidArgument, "--type cannot be '{}'", type)
      .WithHint("'logical' is the only type of this version");
}

backup::LogicalBackupOptions OptionsOf(const BackupCommand& command,
                                       const config::SourceSettings& source,
                                       const Environment& environment) {
  backup::LogicalBackupOptions options;
  options.source = source.name;
  options.label = command.label;
  options.client_version = std::string(kVersion);
  options.host = environment.host;
  options.params = ParamsOf(source, environment);
  options.databases = SelectionOf(source);
  if (!command.databases.empty()) options.databases = {.include = command.databases, .exclude = {}};
  options.jobs = command.jobs.value_or(source.logical.jobs);
  options.mode = ReadModeOf(source.logical);
  options.lock_timeout = source.logical.lock_timeout;
  options.filter = FilterOf(source.logical);
  options.role = source.logical.role;
  options.programs = ProgramsIn(source.logical.programs, environment);
  options.incremental = !command.full;
  return options;
}

// The work of the job.
Result<BackupReport> MakeBackup(const Setup& setup, const backup::LogicalBackupOptions& options,
                                const Environment& environment, const jobs::JobContext& job) {
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(setup.repository, environment, KeyNeed::kRequired));
  PGK_TRY(storage::RequireOwnUser(opened->store()));
  BackupProgressWatcher watcher(job.progress);
  BackupReport report;
  report.source = options.source;
  PGK_ASSIGN_OR_RETURN(report.result,
                       backup::RunLogicalBackup(opened->repository(), options, watcher, job.stop));
  // The backup exists: what it takes is only for the report.
  const auto reader = repository::BackupReader::Open(opened->repository(), report.result.backup);
  if (!reader.ok()) {
    Log(LogLevel::kWarning, "backup", "the backup is stored, but its sizes are not known: {}",
        reader.error().ToString());
    return report;
  }
  report.manifest = (*reader)->manifest();
  report.packs = PackTotalsOf((*reader)->references(), report.result.backup);
  return report;
}

}  // namespace

Status RunBackup(const BackupCommand& command, const CommandContext& context) {
  PGK_TRY(CheckType(command.type));
  const Environment& environment = context.environment;
  PGK_ASSIGN_OR_RETURN(const Setup setup, FindSetup(context.options, environment));
  PGK_ASSIGN_OR_RETURN(const config::SourceSettings* source, FindSource(setup, command.source));
  backup::LogicalBackupOptions options = OptionsOf(command, *source, environment);
  // The way to a bucket is long: as many packs are on it as sessions read.
  if (setup.repository.url.kind == storage::StoreUrl::Kind::kS3) {
    options.writer.upload_threads = options.jobs;
  }
  PGK_ASSIGN_OR_RETURN(const auto session,
                       JobSession::Open(setup, context, HistoryNeed::kRequired));
  jobs::JobRequest request;
  request.source = source->name;
  request.databases = command.databases;
  request.kind = catalog::JobKind::kBackup;
  request.type = catalog::JobType::kLogical;
  std::optional<BackupReport> made;
  const jobs::JobReport report =
      session->Run(request, [&](jobs::JobContext& job) -> Result<jobs::JobResult> {
        PGK_ASSIGN_OR_RETURN(made, MakeBackup(setup, options, environment, job));
        return jobs::JobResult{.figures = FiguresOf(*made), .databases = OutcomesOf(*made)};
      });
  context.console.document().Set("job", report.id);
  if (made) ShowBackupReport(*made, context.console);
  return report.ToStatus();
}

}  // namespace pgkeep::cli
