#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/backup_lookup.h"
#include "cli/backup_text.h"
#include "cli/commands.h"
#include "cli/repository_access.h"
#include "cli/text_format.h"
#include "repository/garbage_collector.h"
#include "storage/directory_store.h"

namespace pgkeep::cli {
namespace {

using repository::GcReport;

Json ReportJson(const GcReport& report) {
  Json json = Json::MakeObject();
  json.Set("yielded", report.yielded ? Json(*report.yielded) : Json());
  Json& aborted = json.Set("aborted", Json::MakeArray());
  for (const repository::AbortedWriter& writer : report.aborted) {
    Json entry = Json::MakeObject();
    entry.Set("id", writer.writer.Hex());
    entry.Set("reason", writer.reason);
    aborted.Add(std::move(entry));
  }
  json.Set("live_backups", report.live_backups);
  json.Set("unfinished", report.undecided_writers);
  json.Set("packs", report.packs);
  json.Set("pack_bytes", report.pack_bytes);
  json.Set("candidates", report.candidates);
  json.Set("candidate_pack_bytes", report.candidate_pack_bytes);
  json.Set("plan", report.plan_key);
  json.Set("deferred", report.deferred);
  json.Set("deleted", report.deleted);
  json.Set("deleted_bytes", report.deleted_bytes);
  Json& failures = json.Set("failures", Json::MakeArray());
  for (const repository::GcFailure& failure : report.failures) {
    Json entry = Json::MakeObject();
    entry.Set("object", failure.key);
    entry.Set("message", failure.error.ToString());
    failures.Add(std::move(entry));
  }
  return json;
}

void PrintReport(const GcReport& report, bool dry_run, Console& console) {
  for (const repository::AbortedWriter& writer : report.aborted) {
    console.Print(fmt::format("{} {}: {}", dry_run ? "would give up" : "gave up",
                              ShortId(writer.writer), writer.reason));
  }
  if (report.yielded) {
    console.Print(fmt::format("nothing was deleted: another gc is at work ({})", *report.yielded));
    return;
  }
  console.Print(fmt::format("{} and {} unfinished; {} with {}",
                            Count(report.live_backups, "backup"), report.undecided_writers,
                            Count(report.packs, "pack"), FormatBytes(report.pack_bytes)));
  if (report.candidates == 0) {
    console.Print("nothing to delete");
    return;
  }
  console.Print(fmt::format("not needed: {} with {} in packs", Count(report.candidates, "object"),
                            FormatBytes(report.candidate_pack_bytes)));
  if (dry_run) {
    console.Note("dry run: nothing was changed");
    return;
  }
  if (report.deleted > 0) {
    console.Print(fmt::format("deleted {} with {}", Count(report.deleted, "object"),
                              FormatBytes(report.deleted_bytes)));
  }
  if (report.deferred > 0) {
    console.Note(fmt::format("{} planned in {}: the next 'pgkeep gc' looks again and deletes",
                             Count(report.deferred, "object"), report.plan_key));
  }
}

// What writers that died left half-written beside the objects; only directories have such.
Status SweepTemporaries(const RepositoryLocation& location, const Environment& environment,
                        Console& console) {
  if (location.url.kind != storage::StoreUrl::Kind::kDirectory) return Ok();
  PGK_ASSIGN_OR_RETURN(const storage::SweepReport swept,
                       storage::SweepTemporaries(*environment.files, {.path = location.url.path}));
  console.document().Set("temporaries_removed", swept.removed);
  if (swept.removed > 0) {
    console.Print(fmt::format("removed {} with {}", Count(swept.removed, "temporary file"),
                              FormatBytes(swept.removed_bytes)));
  }
  return Ok();
}

Status ShowUnfinished(const repository::RepositoryContext& repository, Console& console) {
  PGK_ASSIGN_OR_RETURN(const auto unfinished, ListUnfinished(repository));
  console.document().Set("unfinished", UnfinishedJson(unfinished));
  for (const UnfinishedBackup& backup : unfinished) console.Note(UnfinishedText(backup));
  if (!unfinished.empty()) {
    console.Note(
        "one without a sign of life for 24 hours is given up by gc; one that is surely dead can "
        "be given up now: 'pgkeep gc --abort-writer ID'");
  }
  return Ok();
}

}  // namespace

Status RunGc(const GcCommand& command, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, context.environment));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, context.environment, KeyNeed::kOptional));
  repository::GcOptions options;
  options.dry_run = command.dry_run;
  options.force = command.force;
  options.min_expiry_age = command.expired_for;
  if (!command.abort_writers.empty()) {
    PGK_ASSIGN_OR_RETURN(const auto unfinished, ListUnfinished(opened->context()));
    for (const std::string& selector : command.abort_writers) {
      PGK_ASSIGN_OR_RETURN(const repository::WriterId id, LookUpUnfinished(unfinished, selector));
      options.abort_writers.push_back(id);
    }
  }
  ChangeRight right;
  right.context = opened->context();
  if (!command.dry_run) {
    PGK_ASSIGN_OR_RETURN(right, AcquireChangeRight(*opened, context.environment, "gc"));
  }
  PGK_ASSIGN_OR_RETURN(const GcReport report, repository::CollectGarbage(right.context, options));
  context.console.document().Set("dry_run", command.dry_run);
  context.console.document().Set("gc", ReportJson(report));
  PrintReport(report, command.dry_run, context.console);
  for (const std::string& warning : report.warnings) context.console.Warn(warning);
  PGK_TRY(ShowUnfinished(right.context, context.console));
  if (!command.dry_run) {
    PGK_TRY(SweepTemporaries(location, context.environment, context.console));
  }
  return report.Outcome();
}

}  // namespace pgkeep::cli
