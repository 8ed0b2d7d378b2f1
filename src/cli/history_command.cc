#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/job_session.h"
#include "cli/text_format.h"

namespace pgkeep::cli {
namespace {

using catalog::JobRecord;

constexpr size_t kResultColumns = 60;
constexpr size_t kShortBackup = 12;

Result<catalog::JobQuery> QueryOf(const HistoryCommand& command) {
  catalog::JobQuery query;
  if (!command.source.empty()) query.filter.source = command.source;
  for (const std::string& name : command.kinds) {
    PGK_ASSIGN_OR_RETURN(const catalog::JobKind kind, catalog::ParseJobKind(name));
    query.filter.kinds.push_back(kind);
  }
  for (const std::string& name : command.statuses) {
    PGK_ASSIGN_OR_RETURN(const catalog::JobStatus status, catalog::ParseJobStatus(name));
    query.filter.statuses.push_back(status);
  }
  query.limit = command.limit;
  return query;
}

Json TimeJson(const std::optional<Timestamp>& time) {
  return time ? Json(FormatUtc(*time)) : Json();
}

Json ErrorJson(const catalog::JobError& error) {
  Json json = Json::MakeObject();
  json.Set("code", error.code);
  json.Set("message", error.text);
  if (!error.hint.empty()) json.Set("hint", error.hint);
  return json;
}

Json JobJson(const JobRecord& job) {
  Json json = Json::MakeObject();
  json.Set("id", job.id);
  json.Set("source", job.source);
  json.Set("kind", JobKindName(job.kind));
  json.Set("type", JobTypeName(job.type));
  json.Set("trigger", JobTriggerName(job.trigger));
  json.Set("status", JobStatusName(job.status));
  json.Set("phase", job.phase);
  json.Set("queued", FormatUtc(job.queued));
  json.Set("started", TimeJson(job.started));
  json.Set("finished", TimeJson(job.finished));
  json.Set("seconds",
           job.duration ? Json(static_cast<double>(job.duration->count()) / 1e6) : Json());
  Json& databases = json.Set("databases", Json::MakeArray());
  for (const catalog::DatabaseOutcome& outcome : job.databases) {
    Json entry = Json::MakeObject();
    entry.Set("name", outcome.database);
    entry.Set("status", JobStatusName(outcome.status));
    if (outcome.error) entry.Set("error", ErrorJson(*outcome.error));
    databases.Add(std::move(entry));
  }
  const catalog::JobFigures& figures = job.figures;
  json.Set("bytes_read", figures.bytes_read);
  json.Set("bytes_stored", figures.bytes_stored);
  json.Set("bytes_new", figures.bytes_new);
  json.Set("bytes_deleted", figures.bytes_deleted);
  json.Set("objects", figures.objects);
  json.Set("compression_ratio",
           figures.compression_ratio ? Json(*figures.compression_ratio) : Json());
  json.Set("dedup_ratio", figures.dedup_ratio ? Json(*figures.dedup_ratio) : Json());
  json.Set("backup", figures.backup_id);
  json.Set("summary", figures.summary);
  json.Set("proven", TimeJson(job.proven_at));
  json.Set("error", job.error ? ErrorJson(*job.error) : Json());
  json.Set("host", job.worker.host);
  json.Set("process", job.worker.pid);
  json.Set("version", job.version);
  return json;
}

// Why it failed, or what it came to.
std::string ResultText(const JobRecord& job) {
  return FitWidth(Printable(job.error ? job.error->text : job.figures.summary), kResultColumns);
}

std::string BytesText(uint64_t bytes) { return bytes == 0 ? "" : FormatBytes(bytes); }

void PrintTable(const std::vector<JobRecord>& jobs, Console& console) {
  using Align = Table::Align;
  Table table({{"STARTED", Align::kLeft},
               {"SOURCE", Align::kLeft},
               {"KIND", Align::kLeft},
               {"STATUS", Align::kLeft},
               {"DURATION", Align::kRight},
               {"READ", Align::kRight},
               {"NEW", Align::kRight},
               {"BACKUP", Align::kLeft},
               {"RESULT", Align::kLeft}});
  for (const JobRecord& job : jobs) {
    table.AddRow({FormatUtc(job.started.value_or(job.queued)), Printable(job.source),
                  std::string(JobKindName(job.kind)), std::string(JobStatusName(job.status)),
                  job.duration ? FormatDuration(*job.duration) : "",
                  BytesText(job.figures.bytes_read), BytesText(job.figures.bytes_new),
                  job.figures.backup_id.substr(0, kShortBackup), ResultText(job)});
  }
  if (table.empty()) {
    console.Print("no jobs");
    return;
  }
  for (const std::string& line : table.Lines()) console.Print(line);
}

}  // namespace

Status RunHistory(const HistoryCommand& command, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const catalog::JobQuery query, QueryOf(command));
  PGK_ASSIGN_OR_RETURN(const Setup setup, FindSetup(context.options, context.environment));
  PGK_ASSIGN_OR_RETURN(const auto catalog, OpenHistory(setup, context.environment));
  PGK_TRY(jobs::JobRunner(RunnerOptions(*catalog, context.environment)).Reconcile());
  PGK_ASSIGN_OR_RETURN(const catalog::JobPage page, catalog->ListJobs(query));
  Json& list = context.console.document().Set("jobs", Json::MakeArray());
  for (const JobRecord& job : page.jobs) list.Add(JobJson(job));
  PrintTable(page.jobs, context.console);
  if (!page.next_cursor.empty()) {
    context.console.Note("there are older ones: --limit N shows more");
  }
  return Ok();
}

}  // namespace pgkeep::cli
