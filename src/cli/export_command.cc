#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "base/shell_word.h"
#include "cli/backup_choice.h"
#include "cli/backup_lookup.h"
#include "cli/bucket_check.h"
#include "cli/commands.h"
#include "cli/export_upload.h"
#include "cli/job_session.h"
#include "cli/repository_access.h"
#include "cli/source_access.h"
#include "cli/text_format.h"
#include "cli/time_text.h"
#include "restore/export.h"

namespace pgkeep::cli {
namespace {

Result<restore::ExportFormat> ParseFormat(const std::string& text) {
  if (text == "directory") return restore::ExportFormat::kDirectory;
  if (text == "custom") return restore::ExportFormat::kCustom;
  if (text == "plain") return restore::ExportFormat::kPlain;
  if (text == "globals") return restore::ExportFormat::kGlobals;
  return Err(ErrorCode::kInvalidArgument, "--format cannot be '{}'", text)
      .WithHint("the formats are directory, custom, plain and globals");
}

// What was written where, in one sentence.
std::string Summary(const restore::ExportReport& report, const restore::ExportOptions& options) {
  const bool globals = options.format == restore::ExportFormat::kGlobals;
  const std::string what =
      globals ? "roles and tablespaces"
              : Count(report.tables, "table") + " with " + Count(report.rows, "row");
  return fmt::format("exported {} to {} ({})", what, options.output,
                     FormatBytes(report.output_bytes));
}

catalog::JobFigures FiguresOf(const restore::ExportReport& report,
                              const restore::ExportOptions& options, const BackupChoice& choice) {
  catalog::JobFigures figures;
  figures.bytes_read = report.text_bytes;
  figures.objects = report.tables + report.large_objects;
  figures.backup_id = choice.id.Hex();
  figures.summary = Summary(report, options);
  return figures;
}

void Show(const restore::ExportReport& report, const restore::ExportOptions& options,
          const BackupChoice& choice, bool uploaded, Console& console) {
  Json& json = console.document().Set("export", Json::MakeObject());
  json.Set("backup", choice.id.Hex());
  json.Set("reason", choice.reason);
  json.Set("source", choice.source);
  json.Set("database", choice.database);
  json.Set("snapshot", FormatUtc(choice.snapshot_time));
  json.Set("output", options.output);
  json.Set("tables", report.tables);
  json.Set("rows", report.rows);
  json.Set("large_objects", report.large_objects);
  json.Set("bytes", report.text_bytes);
  json.Set("output_bytes", report.output_bytes);
  console.Print(Summary(report, options));
  console.Note(fmt::format("  from backup {} as of {}, {}", ShortId(choice.id),
                           ShowTime(choice.snapshot_time), choice.reason));
  if (!choice.loss.empty()) console.Note("  " + choice.loss);
  if (uploaded) {
    console.Warn(
        "the export is in the repository as it is, not encrypted: whoever may read the "
        "store may read it");
    return;
  }
  const std::string word = ShellWord(options.output);
  if (options.format == restore::ExportFormat::kGlobals) {
    console.Note("  it may hold passwords; read it, then: psql -X -d postgres -f " + word);
  } else if (options.format == restore::ExportFormat::kPlain) {
    console.Note("  to restore it: psql -X -v ON_ERROR_STOP=1 -d NEW -f " + word);
  } else {
    console.Note("  to restore it: pg_restore --exit-on-error -d NEW " + word);
  }
}

}  // namespace

Status RunExport(const ExportCommand& command, const CommandContext& context) {
  const Environment& environment = context.environment;
  restore::ExportOptions options;
  PGK_ASSIGN_OR_RETURN(options.format, ParseFormat(command.format));
  PGK_ASSIGN_OR_RETURN(const Setup setup, FindSetup(context.options, environment));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(setup.repository, environment, KeyNeed::kRequired));
  PGK_ASSIGN_OR_RETURN(const auto backups, repository::ListBackups(opened->context()));
  PGK_ASSIGN_OR_RETURN(
      const BackupChoice choice,
      ChooseBackup(opened->context(), backups, command.from, environment.clock->Now()));
  options.backup = choice.id;
  options.database = choice.database;
  std::optional<ExportUpload> upload;
  if (command.to_repository) {
    PGK_ASSIGN_OR_RETURN(ExportUpload begun, ExportUpload::Begin(environment));
    upload.emplace(std::move(begun));
  }
  options.output = upload ? upload->output() : AbsolutePath(environment, command.output);
  options.jobs = command.jobs.value_or(options.jobs);
  options.programs = ProgramsIn("", environment);
  PGK_ASSIGN_OR_RETURN(const auto session,
                       JobSession::Open(setup, context, HistoryNeed::kOptional));
  jobs::JobRequest request;
  request.source = choice.source;
  request.databases = {choice.database};
  request.kind = catalog::JobKind::kExport;
  request.exclusive = false;
  std::optional<restore::ExportReport> done;
  const jobs::JobReport report =
      session->Run(request, [&](jobs::JobContext& job) -> Result<jobs::JobResult> {
        PGK_ASSIGN_OR_RETURN(const restore::ExportReport written,
                             restore::ExportBackup(opened->repository(), options,
                                                   *environment.files, job.progress, job.stop));
        if (upload) {
          PGK_TRY(upload->Store(opened->store()));
          options.output = opened->store().Url() + "/" + upload->key();
        }
        done = written;
        return jobs::JobResult{.figures = FiguresOf(*done, options, choice)};
      });
  if (!report.id.empty()) context.console.document().Set("job", report.id);
  if (done) Show(*done, options, choice, upload.has_value(), context.console);
  if (done && upload) {
    const auto warning = WarningOfExports(setup.repository.url, environment);
    if (warning) context.console.Warn(*warning);
  }
  return report.ToStatus();
}

}  // namespace pgkeep::cli
