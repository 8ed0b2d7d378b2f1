#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/backup_lookup.h"
#include "cli/backup_text.h"
#include "cli/commands.h"
#include "cli/job_session.h"
#include "cli/repository_access.h"
#include "cli/space_reserve.h"
#include "cli/text_format.h"
#include "repository/exclusive_lease.h"
#include "repository/garbage_collector.h"
#include "storage/directory_store.h"

namespace pgkeep::cli {
namespace {

using repository::GcReport;

// What a run did, as far as it came.
struct Collection {
  std::string broken_lease;
  std::optional<GcReport> report;
  std::vector<UnfinishedBackup> unfinished;
  std::optional<storage::SweepReport> swept;  // nothing with dry_run, and where there is no such
};

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

void PrintUnfinished(const std::vector<UnfinishedBackup>& unfinished, Console& console) {
  console.document().Set("unfinished", UnfinishedJson(unfinished));
  for (const UnfinishedBackup& backup : unfinished) console.Note(UnfinishedText(backup));
  if (!unfinished.empty()) {
    console.Note(
        "one without a sign of life for 24 hours is given up by gc; one that is surely dead can "
        "be given up now: 'pgkeep gc --abort-writer ID'");
  }
}

std::string SweptText(const storage::SweepReport& swept) {
  return fmt::format("removed {} with {}", Count(swept.removed, "temporary file"),
                     FormatBytes(swept.removed_bytes));
}

void Show(const Collection& done, bool dry_run, Console& console) {
  if (!done.broken_lease.empty()) {
    console.document().Set("broken_lease", done.broken_lease);
    console.Print("broke lease " + done.broken_lease);
  }
  if (!done.report) return;
  console.document().Set("dry_run", dry_run);
  console.document().Set("gc", ReportJson(*done.report));
  PrintReport(*done.report, dry_run, console);
  for (const std::string& warning : done.report->warnings) console.Warn(warning);
  PrintUnfinished(done.unfinished, console);
  if (!done.swept) return;
  console.document().Set("temporaries_removed", done.swept->removed);
  if (done.swept->removed > 0) console.Print(SweptText(*done.swept));
}

// For the history.
catalog::JobFigures FiguresOf(const Collection& done) {
  const GcReport& report = *done.report;
  catalog::JobFigures figures;
  figures.objects = report.deleted;
  figures.bytes_deleted = report.deleted_bytes;
  std::string& summary = figures.summary;
  const auto add = [&summary](const std::string& part) {
    summary += (summary.empty() ? "" : ", ") + part;
  };
  if (!report.aborted.empty()) {
    add("gave up " + Count(report.aborted.size(), "unfinished backup"));
  }
  if (report.deleted > 0) {
    add(fmt::format("deleted {} with {}", Count(report.deleted, "object"),
                    FormatBytes(report.deleted_bytes)));
  }
  if (report.deferred > 0) add("planned " + Count(report.deferred, "object") + " for the next gc");
  if (report.yielded) add("nothing was deleted: another gc is at work");
  if (!report.yielded && report.candidates == 0) add("nothing to delete");
  if (done.swept && done.swept->removed > 0) {
    figures.bytes_deleted += done.swept->removed_bytes;
    add(SweptText(*done.swept));
  }
  return figures;
}

// By order of the user, who says that the holder is dead.
Result<std::string> BreakLease(const std::string& name, bool dry_run,
                               const repository::RepositoryContext& repository) {
  const Result<repository::LeaseId> lease = repository::LeaseId::FromHex(name);
  if (!lease.ok()) {
    return Err(ErrorCode::kInvalidArgument, "'{}' names no lease", name)
        .WithHint("give the 32 digits that the message about the busy repository shows");
  }
  if (dry_run) {
    return Err(ErrorCode::kInvalidArgument, "--dry-run and --break-lease exclude each other")
        .WithHint("a dry run needs no lease");
  }
  PGK_TRY(repository::BreakExclusiveLease(repository, *lease));
  return lease->Hex();
}

Result<repository::GcOptions> OptionsOf(const GcCommand& command,
                                        const repository::RepositoryContext& repository) {
  repository::GcOptions options;
  options.dry_run = command.dry_run;
  options.force = command.force;
  options.min_expiry_age = command.expired_for;
  if (command.abort_writers.empty()) return options;
  PGK_ASSIGN_OR_RETURN(const auto unfinished, ListUnfinished(repository));
  for (const std::string& selector : command.abort_writers) {
    PGK_ASSIGN_OR_RETURN(const repository::WriterId id, LookUpUnfinished(unfinished, selector));
    options.abort_writers.push_back(id);
  }
  return options;
}

// What writers that died left half-written beside the objects; only directories have such.
Status SweepTemporaries(const RepositoryLocation& location, const Environment& environment,
                        Collection& done) {
  if (location.url.kind != storage::StoreUrl::Kind::kDirectory) return Ok();
  PGK_ASSIGN_OR_RETURN(done.swept,
                       storage::SweepTemporaries(*environment.files, {.path = location.url.path}));
  return Ok();
}

Status Collect(const GcCommand& command, const RepositoryLocation& location,
               const Environment& environment, Progress& progress, Collection& done) {
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, environment, KeyNeed::kOptional));
  PGK_ASSIGN_OR_RETURN(repository::GcOptions options, OptionsOf(command, opened->context()));
  options.progress = &progress;
  if (!command.break_lease.empty()) {
    PGK_ASSIGN_OR_RETURN(done.broken_lease,
                         BreakLease(command.break_lease, command.dry_run, opened->context()));
  }
  ChangeRight right;
  right.context = opened->context();
  if (!command.dry_run) {
    PGK_ASSIGN_OR_RETURN(right, WithSpaceReserve(opened->store(), [&] {
                           return AcquireChangeRight(*opened, environment, "gc");
                         }));
  }
  std::unique_ptr<storage::ObjectStore> overwritten_too;
  if (opened->store().features().has_versions) {
    PGK_ASSIGN_OR_RETURN(overwritten_too, OpenWithOverwrittenPacks(location.url, environment));
    options.overwritten_too = overwritten_too.get();
  }
  const auto collect = [&] { return repository::CollectGarbage(right.context, options); };
  PGK_ASSIGN_OR_RETURN(done.report,
                       command.dry_run ? collect() : WithSpaceReserve(opened->store(), collect));
  PGK_ASSIGN_OR_RETURN(done.unfinished, ListUnfinished(right.context));
  if (!command.dry_run) {
    progress.BeginPhase("sweeping");
    PGK_TRY(SweepTemporaries(location, environment, done));
    PGK_TRY(opened->store().KeepReserve());
  }
  return done.report->Outcome();
}

}  // namespace

Status RunGc(const GcCommand& command, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const Setup setup, FindSetup(context.options, context.environment));
  Collection done;
  if (command.dry_run) {
    Progress progress;
    Status outcome = Collect(command, setup.repository, context.environment, progress, done);
    Show(done, true, context.console);
    return outcome;
  }
  PGK_ASSIGN_OR_RETURN(const auto session,
                       JobSession::Open(setup, context, HistoryNeed::kOptional));
  const jobs::JobRequest request{.source = "", .kind = catalog::JobKind::kGc, .exclusive = false};
  const jobs::JobReport report = session->Run(
      request,
      [&](jobs::JobContext& job) -> Result<jobs::JobResult> {
        Status outcome =
            Collect(command, setup.repository, context.environment, job.progress, done);
        if (!done.report) return std::move(outcome).error();
        jobs::JobResult result{.figures = FiguresOf(done)};
        if (!outcome.ok()) result.error = std::move(outcome).error();
        return result;
      },
      PhaseLines::kNone);
  if (!report.id.empty()) context.console.document().Set("job", report.id);
  Show(done, false, context.console);
  return report.ToStatus();
}

}  // namespace pgkeep::cli
