#include "repository/expiry.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cli/backup_lookup.h"
#include "cli/commands.h"
#include "cli/job_session.h"
#include "cli/repository_access.h"
#include "cli/space_reserve.h"
#include "cli/text_format.h"
#include "repository/backup_list.h"

namespace pgkeep::cli {
namespace {

using repository::ExpiredBackup;

Json ExpiredJson(const std::vector<ExpiredBackup>& expired) {
  Json list = Json::MakeArray();
  for (const ExpiredBackup& backup : expired) {
    Json json = Json::MakeObject();
    json.Set("id", backup.id.Hex());
    json.Set("source", backup.source);
    json.Set("finished", backup.finished ? Json(FormatUtc(*backup.finished)) : Json());
    json.Set("already", backup.already);
    json.Set("explanation", backup.explanation);
    list.Add(std::move(json));
  }
  return list;
}

Result<std::vector<ExpiredBackup>> Expire(const ExpireCommand& command,
                                          const RepositoryLocation& location,
                                          const Environment& environment) {
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, environment, KeyNeed::kRequired));
  PGK_ASSIGN_OR_RETURN(const auto backups, repository::ListBackups(opened->context()));
  repository::ExpireOptions options;
  options.reason = command.reason;
  options.dry_run = command.dry_run;
  options.force = command.force;
  for (const std::string& selector : command.backups) {
    PGK_ASSIGN_OR_RETURN(const repository::BackupId id, LookUpBackupId(backups, selector));
    options.backups.push_back(id);
  }
  if (command.dry_run) return repository::ExpireBackups(opened->context(), options);
  return WithSpaceReserve(opened->store(), [&]() -> Result<std::vector<ExpiredBackup>> {
    PGK_ASSIGN_OR_RETURN(const ChangeRight right,
                         AcquireChangeRight(*opened, environment, "expire"));
    return repository::ExpireBackups(right.context, options);
  });
}

void Show(const std::vector<ExpiredBackup>& expired, bool dry_run, Console& console) {
  console.document().Set("dry_run", dry_run);
  console.document().Set("backups", ExpiredJson(expired));
  for (const ExpiredBackup& backup : expired) {
    console.Print(fmt::format("{}: {}", ShortId(backup.id), backup.explanation));
  }
  console.Note(dry_run ? "dry run: nothing was changed"
                       : "'pgkeep gc' frees what no other backup needs");
}

// For the history.
catalog::JobFigures FiguresOf(const std::vector<ExpiredBackup>& expired) {
  catalog::JobFigures figures;
  const auto before = std::ranges::count_if(expired, &ExpiredBackup::already);
  figures.objects = expired.size() - static_cast<size_t>(before);
  figures.summary = "expired " + Count(figures.objects, "backup");
  if (before > 0) {
    figures.summary += fmt::format(", {} had expired before", before);
  }
  if (expired.size() == 1) figures.backup_id = expired.front().id.Hex();
  return figures;
}

}  // namespace

Status RunExpire(const ExpireCommand& command, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const Setup setup, FindSetup(context.options, context.environment));
  if (command.dry_run) {
    PGK_ASSIGN_OR_RETURN(const auto would, Expire(command, setup.repository, context.environment));
    Show(would, true, context.console);
    return Ok();
  }
  PGK_ASSIGN_OR_RETURN(const auto session,
                       JobSession::Open(setup, context, HistoryNeed::kOptional));
  const jobs::JobRequest request{
      .source = "", .kind = catalog::JobKind::kExpire, .exclusive = false};
  std::vector<ExpiredBackup> expired;
  const jobs::JobReport report = session->Run(
      request,
      [&](jobs::JobContext& job) -> Result<jobs::JobResult> {
        job.progress.BeginPhase("expiring");
        PGK_ASSIGN_OR_RETURN(expired, Expire(command, setup.repository, context.environment));
        return jobs::JobResult{.figures = FiguresOf(expired)};
      },
      PhaseLines::kNone);
  if (!report.id.empty()) context.console.document().Set("job", report.id);
  if (report.error) return report.ToStatus();
  Show(expired, false, context.console);
  return Ok();
}

}  // namespace pgkeep::cli
