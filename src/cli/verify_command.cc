#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/endian.h"
#include "cli/backup_lookup.h"
#include "cli/commands.h"
#include "cli/job_session.h"
#include "cli/repository_access.h"
#include "cli/text_format.h"
#include "repository/backup_tree_walker.h"
#include "repository/key_ring.h"
#include "repository/object_names.h"
#include "repository/verify_data.h"
#include "repository/verify_structure.h"

namespace pgkeep::cli {
namespace {

using repository::BackupId;
using repository::ObjectName;
using repository::VerifyReport;

// Problems that are printed; the rest is counted. --json has them all.
constexpr size_t kMaxProblemsShown = 20;

// The backups to look at; empty means all. Structural verification works without keys, but naming
// backups by the beginning of their id does not.
Result<std::vector<BackupId>> ChooseBackups(const VerifyCommand& command,
                                            OpenedRepository& opened) {
  std::vector<BackupId> chosen;
  if (command.backups.empty()) return chosen;
  if (opened.keys() == nullptr) {
    return Err(ErrorCode::kConfig, "choosing backups needs a key")
        .WithHint("give one with --key-file, or verify all backups");
  }
  PGK_ASSIGN_OR_RETURN(const auto backups, repository::ListBackups(opened.context()));
  for (const std::string& selector : command.backups) {
    PGK_ASSIGN_OR_RETURN(const repository::BackupSummary* backup,
                         LookUpBackup(opened.context(), backups, selector));
    chosen.push_back(backup->id);
  }
  return chosen;
}

Status CheckMayReadData(const OpenedRepository& opened) {
  if (opened.context().keys != nullptr) {
    return opened.context().keys->RequireReadData("verifying data");
  }
  return Err(ErrorCode::kRefused, "verifying data needs a key that can read it")
      .WithHint("give the full key or the recovery kit with --key-file");
}

uint64_t RandomSeed(const Environment& environment) {
  Bytes bytes(4);
  environment.random->Fill(bytes);
  return LoadLe32(bytes.data());
}

// Whether losing the object loses something of single backups only.
bool BelongsToBackups(const std::optional<ObjectName::Kind>& kind) {
  using enum ObjectName::Kind;
  return kind == kSession || kind == kDataPack || kind == kMetaPack || kind == kManifest ||
         kind == kReferenceList;
}

std::optional<ObjectName::Kind> KindOf(const std::string& key) {
  const Result<ObjectName> name = ObjectName::Parse(key);
  return name.ok() ? std::optional(name->kind) : std::nullopt;
}

// How an object that belongs to no single backup is mended.
std::string HowToMend(const std::string& key) {
  const Result<ObjectName> name = ObjectName::Parse(key);
  if (!name.ok()) return "pgkeep has not put it there: find out what it is, and move it away";
  const std::string from_copy = "put it back from a copy of the repository";
  switch (name->kind) {
    case ObjectName::Kind::kConfig:
      return fmt::format("put a copy of {} in its place, if that one is whole",
                         repository::ConfigCopyKey(name->number));
    case ObjectName::Kind::kConfigCopy:
      return fmt::format("put a copy of {} in its place, if that one is whole",
                         repository::ConfigKey(name->number));
    case ObjectName::Kind::kDecision:
      return from_copy + ": without it the backup does not exist, and gc deletes nothing";
    case ObjectName::Kind::kExpiry:
      return from_copy + ": until then gc deletes nothing";
    case ObjectName::Kind::kPin:
    case ObjectName::Kind::kHeartbeat:
      return "if its backup is surely not running any more: pgkeep gc --abort-writer " +
             name->writer.Hex();
    default:
      return from_copy;
  }
}

Json ReportJson(const VerifyReport& report) {
  Json json = Json::MakeObject();
  json.Set("backups", report.backups);
  json.Set("objects", report.objects);
  json.Set("bytes_read", report.bytes);
  json.Set("nodes", report.nodes);
  json.Set("frames", report.frames);
  Json& problems = json.Set("problems", Json::MakeArray());
  for (const repository::VerifyProblem& problem : report.problems) {
    Json entry = Json::MakeObject();
    entry.Set("object", problem.key);
    entry.Set("code", CodeName(problem.error.code()));
    entry.Set("message", problem.error.ToString());
    if (!BelongsToBackups(KindOf(problem.key))) entry.Set("hint", HowToMend(problem.key));
    Json& backups = entry.Set("backups", Json::MakeArray());
    for (const BackupId& backup : problem.backups) backups.Add(backup.Hex());
    problems.Add(std::move(entry));
  }
  Json& orphans = json.Set("orphans", Json::MakeArray());
  for (const std::string& key : report.orphans) orphans.Add(key);
  json.Set("orphan_bytes", report.orphan_bytes);
  json.Set("truncated", report.truncated);
  return json;
}

void PrintProblems(const VerifyReport& report, Console& console) {
  for (size_t i = 0; i < report.problems.size() && i < kMaxProblemsShown; ++i) {
    const repository::VerifyProblem& problem = report.problems[i];
    const std::string text = problem.error.ToString();
    const bool named = text.starts_with(problem.key);
    const bool closed = problem.error.code() == ErrorCode::kWrongKey;
    console.Print(fmt::format("{}: {}{}", closed ? "not readable" : "damaged",
                              named ? "" : problem.key + ": ", text));
    if (!BelongsToBackups(KindOf(problem.key))) {
      console.Print("  " + HowToMend(problem.key));
      continue;
    }
    std::string needed;
    for (const BackupId& backup : problem.backups) {
      needed += (needed.empty() ? "" : ", ") + ShortId(backup);
    }
    console.Print(
        "  " + (needed.empty() ? "no live backup needs it" : "not whole because of it: " + needed));
  }
  if (report.problems.size() > kMaxProblemsShown) {
    console.Print(fmt::format("... and {} more; --json lists them",
                              report.problems.size() - kMaxProblemsShown));
  }
}

// Whether the keys are the only problem: they may be older than the last rotation.
bool OnlyKeysAreWrong(const VerifyReport& report) {
  return std::ranges::all_of(report.problems, [](const repository::VerifyProblem& problem) {
    return problem.error.code() == ErrorCode::kWrongKey;
  });
}

std::string_view Verdict(const VerifyReport& report) {
  if (report.problems.empty()) return "all well";
  return OnlyKeysAreWrong(report) ? "NOT ALL READABLE" : "DAMAGED";
}

// What the classes of the damaged objects allow.
std::string WhatNext(const VerifyReport& report) {
  bool packs = false;
  bool maps = false;
  for (const repository::VerifyProblem& problem : report.problems) {
    const auto kind = KindOf(problem.key);
    const bool pack = kind == ObjectName::Kind::kDataPack || kind == ObjectName::Kind::kMetaPack;
    packs = packs || pack;
    maps = maps || (!pack && BelongsToBackups(kind));
  }
  std::string next = "look for the cause (disk, kernel log) before anything else";
  if (packs) next += "; the next backup stores anew what is missing";
  if (maps) {
    next +=
        "; a backup without its session, manifest or reference list cannot be read: put the object "
        "back from a copy of the repository, or expire the backup";
  }
  return next;
}

// The problems were shown; the error says how it ended.
Status OutcomeOf(const VerifyReport& report) {
  if (report.problems.empty()) return Ok();
  if (OnlyKeysAreWrong(report)) {
    return Err(ErrorCode::kWrongKey, "this key does not open {}",
               Count(report.problems.size(), "object"))
        .WithHint("use the newest key file or recovery kit; see 'pgkeep key rotate --help'");
  }
  return Err(report.problems.front().error.code(), "{} damaged or missing",
             report.problems.size() == 1 ? "1 object is"
                                         : fmt::format("{} objects are", report.problems.size()))
      .WithHint(WhatNext(report));
}

// What was looked at, as far as it came.
struct Verification {
  bool has_key = false;
  std::vector<BackupId> chosen;  // empty: all
  std::optional<VerifyReport> structure;
  double percent = 100;
  uint64_t seed = 0;
  std::optional<VerifyReport> data;
};

std::string StructureText(const VerifyReport& report) {
  return fmt::format("structure of {}: {} and {}, {}", Count(report.backups, "backup"),
                     Count(report.objects, "object"), Count(report.nodes, "node"), Verdict(report));
}

std::string DataText(const Verification& verification) {
  const VerifyReport& report = *verification.data;
  const std::string sample =
      fmt::format(" ({}%, seed {})", verification.percent, verification.seed);
  return fmt::format("data{}: {} with {} read, {} opened and compared, {}",
                     verification.percent >= 100 ? "" : sample, Count(report.objects, "object"),
                     FormatBytes(report.bytes), Count(report.frames, "frame"), Verdict(report));
}

void ShowStructure(const Verification& verification, Console& console) {
  const VerifyReport& report = *verification.structure;
  console.document().Set("structure", ReportJson(report));
  PrintProblems(report, console);
  console.Print(StructureText(report));
  if (!verification.has_key) {
    console.Note("without a key only names, sizes, hashes and signatures were looked at");
  }
  if (!report.orphans.empty()) {
    // They may belong to what is damaged; then gc stops too.
    console.Note(
        fmt::format("{} with {} belong to no backup{}", Count(report.orphans.size(), "object"),
                    FormatBytes(report.orphan_bytes),
                    report.problems.empty() ? "; 'pgkeep gc' removes them" : " that can be read"));
  }
}

void ShowData(const Verification& verification, Console& console) {
  Json& json = console.document().Set("data", ReportJson(*verification.data));
  json.Set("percent", verification.percent);
  json.Set("seed", verification.seed);
  PrintProblems(*verification.data, console);
  console.Print(DataText(verification));
}

Result<VerifyReport> CheckStructure(OpenedRepository& opened, const std::vector<BackupId>& backups,
                                    Progress& progress) {
  repository::BackupTreeWalker walker(opened.context());
  repository::VerifyStructureOptions options;
  if (opened.keys() != nullptr) options.walker = &walker;
  options.backups = backups;
  options.progress = &progress;
  return repository::VerifyStructure(opened.context(), options);
}

Status LookAt(const VerifyCommand& command, const RepositoryLocation& location,
              const Environment& environment, Progress& progress, Verification& verification) {
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, environment, KeyNeed::kOptional));
  verification.has_key = opened->keys() != nullptr;
  if (command.data_percent) PGK_TRY(CheckMayReadData(*opened));
  PGK_ASSIGN_OR_RETURN(verification.chosen, ChooseBackups(command, *opened));
  PGK_ASSIGN_OR_RETURN(verification.structure,
                       CheckStructure(*opened, verification.chosen, progress));
  if (!command.data_percent) return OutcomeOf(*verification.structure);
  // Damage of the structure does not keep the data from being looked at.
  verification.percent = *command.data_percent;
  verification.seed = command.seed.value_or(RandomSeed(environment));
  PGK_ASSIGN_OR_RETURN(
      verification.data,
      repository::VerifyData(opened->context(), {.backups = verification.chosen,
                                                 .sample_percent = verification.percent,
                                                 .seed = verification.seed,
                                                 .open_frames = true,
                                                 .progress = &progress}));
  PGK_TRY(OutcomeOf(*verification.structure));
  return OutcomeOf(*verification.data);
}

// For the history. The packs that the data was read of were counted with the structure.
catalog::JobFigures FiguresOf(const Verification& verification) {
  catalog::JobFigures figures;
  figures.bytes_read = verification.structure->bytes;
  figures.objects = verification.structure->objects;
  figures.summary = StructureText(*verification.structure);
  if (verification.data) {
    figures.bytes_read += verification.data->bytes;
    figures.summary += "; " + DataText(verification);
  }
  if (verification.chosen.size() == 1) figures.backup_id = verification.chosen.front().Hex();
  return figures;
}

// Elsewhere damage leads here; here it must not lead in a circle.
Status OutOfTheCircle(Status looked) {
  if (looked.ok() || looked.error().hint().find("pgkeep verify") == std::string::npos) {
    return looked;
  }
  return std::move(looked).error().WithHint(
      "look for the cause (disk, kernel log), and put the object back from a copy of the "
      "repository");
}

}  // namespace

Status RunVerify(const VerifyCommand& command, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const Setup setup, FindSetup(context.options, context.environment));
  PGK_ASSIGN_OR_RETURN(const auto session,
                       JobSession::Open(setup, context, HistoryNeed::kOptional));
  const jobs::JobRequest request{
      .source = "", .kind = catalog::JobKind::kVerify, .exclusive = false};
  Verification verification;
  const jobs::JobReport report = session->Run(
      request,
      [&](jobs::JobContext& job) -> Result<jobs::JobResult> {
        Status looked = OutOfTheCircle(
            LookAt(command, setup.repository, context.environment, job.progress, verification));
        // What could not be looked at to its end has no verdict.
        const bool ended = verification.structure && (verification.data || !command.data_percent);
        if (!ended) return std::move(looked).error();
        jobs::JobResult result{.figures = FiguresOf(verification)};
        if (!looked.ok()) result.error = std::move(looked).error();
        return result;
      },
      PhaseLines::kNone);
  if (!report.id.empty()) context.console.document().Set("job", report.id);
  if (verification.structure) ShowStructure(verification, context.console);
  if (verification.data) ShowData(verification, context.console);
  return report.ToStatus();
}

}  // namespace pgkeep::cli
