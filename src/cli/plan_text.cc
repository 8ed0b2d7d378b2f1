#include "cli/plan_text.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "cli/backup_lookup.h"
#include "cli/text_format.h"
#include "cli/time_text.h"

namespace pgkeep::cli {
namespace {

using restore::RestorePlan;
using restore::RestoreReport;

// Lines of one kind that are printed; all of them are in the document.
constexpr size_t kLinesMax = 40;

void PrintField(Console& console, std::string_view name, std::string_view text) {
  if (!text.empty()) console.Print(fmt::format("  {:<9} {}", name, text));
}

void PrintLines(Console& console, std::string_view name, const std::vector<std::string>& lines) {
  for (size_t i = 0; i < lines.size() && i < kLinesMax; ++i) PrintField(console, name, lines[i]);
  if (lines.size() > kLinesMax) {
    PrintField(console, name,
               fmt::format("and {} more, which --json shows", lines.size() - kLinesMax));
  }
}

std::string TargetText(const RestorePlan& plan) {
  std::string state = "it is there and empty";
  if (plan.drops_database) {
    state = fmt::format("it is there with {} and WILL BE DROPPED first",
                        FormatBytes(plan.database_bytes));
  } else if (plan.creates_database) {
    state = "it will be made";
  } else if (!plan.database_exists) {
    state = "it is not there";
  } else if (!plan.database_empty) {
    state = fmt::format("it is there with {}", FormatBytes(plan.database_bytes));
  }
  return fmt::format("database {} on PostgreSQL {}, as role {}: {}", plan.target_database,
                     plan.target_server_version, plan.target_user, state);
}

std::string ContentText(const RestorePlan& plan) {
  std::string text = fmt::format("{} with {} ({} of text)", Count(plan.tables, "table"),
                                 Count(plan.rows, "row"), FormatBytes(plan.text_bytes));
  const auto add = [&text](uint64_t number, std::string_view noun) {
    if (number > 0) text += ", " + Count(number, noun);
  };
  add(plan.large_objects, "large object");
  add(plan.sequences, "sequence");
  add(plan.constraints, "constraint");
  add(plan.views, "view");
  add(plan.functions, "function");
  if (plan.indexes > 0) {
    text += fmt::format(", {} {}", plan.indexes, plan.indexes == 1 ? "index" : "indexes");
  }
  return text;
}

Json TextsJson(const std::vector<std::string>& texts) {
  Json list = Json::MakeArray();
  for (const std::string& text : texts) list.Add(text);
  return list;
}

Json ProblemsJson(const std::vector<Error>& problems) {
  Json list = Json::MakeArray();
  for (const Error& problem : problems) {
    Json json = Json::MakeObject();
    json.Set("code", CodeName(problem.code()));
    json.Set("message", problem.ToString());
    if (!problem.hint().empty()) json.Set("hint", problem.hint());
    list.Add(std::move(json));
  }
  return list;
}

Json PlanJson(const RestorePlan& plan, const BackupChoice& choice) {
  Json json = Json::MakeObject();
  json.Set("backup", plan.backup.Hex());
  json.Set("reason", choice.reason);
  json.Set("loss", choice.loss);
  json.Set("source", plan.source);
  json.Set("source_database", plan.source_database);
  json.Set("snapshot", FormatUtc(plan.snapshot_time));
  json.Set("source_server_version", plan.source_server_version);
  json.Set("target_database", plan.target_database);
  json.Set("target_server_version", plan.target_server_version);
  json.Set("target_user", plan.target_user);
  json.Set("database_exists", plan.database_exists);
  json.Set("database_empty", plan.database_empty);
  json.Set("drops_database", plan.drops_database);
  json.Set("creates_database", plan.creates_database);
  json.Set("database_bytes", plan.database_bytes);
  json.Set("free_bytes", plan.free_bytes ? Json(*plan.free_bytes) : Json());
  json.Set("tables", plan.tables);
  json.Set("rows", plan.rows);
  json.Set("bytes", plan.text_bytes);
  json.Set("large_objects", plan.large_objects);
  json.Set("sequences", plan.sequences);
  json.Set("indexes", plan.indexes);
  json.Set("constraints", plan.constraints);
  json.Set("views", plan.views);
  json.Set("functions", plan.functions);
  json.Set("missing_roles", TextsJson(plan.missing_roles));
  json.Set("missing_extensions", TextsJson(plan.missing_extensions));
  json.Set("missing_tablespaces", TextsJson(plan.missing_tablespaces));
  json.Set("missing_collations", TextsJson(plan.missing_collations));
  json.Set("left_out", TextsJson(plan.left_out));
  json.Set("needed", TextsJson(plan.needed));
  json.Set("warnings", TextsJson(plan.warnings));
  json.Set("problems", ProblemsJson(plan.problems));
  return json;
}

Json ReportJson(const RestoreReport& report) {
  Json json = Json::MakeObject();
  json.Set("complete", report.complete());
  json.Set("tables", report.tables);
  json.Set("rows", report.rows);
  json.Set("bytes", report.text_bytes);
  json.Set("large_objects", report.large_objects);
  json.Set("sequences", report.sequences);
  json.Set("fingerprints_equal", report.fingerprints_equal);
  json.Set("failed_tables", TextsJson(report.failed_tables));
  json.Set("not_compared", TextsJson(report.not_compared));
  json.Set("errors", TextsJson(report.errors));
  Json& phases = json.Set("phases", Json::MakeArray());
  for (const restore::PhaseTime& phase : report.phases) {
    Json entry = Json::MakeObject();
    entry.Set("name", phase.name);
    entry.Set("seconds", static_cast<double>(phase.duration.count()) / 1e6);
    phases.Add(std::move(entry));
  }
  return json;
}

}  // namespace

void ShowPlan(const RestorePlan& plan, const BackupChoice& choice, Timestamp now,
              Console& console) {
  console.document().Set("plan", PlanJson(plan, choice));
  console.Print(fmt::format("{} database {} of source {}",
                            plan.whole_database ? "restore" : "restore a part of",
                            plan.source_database, plan.source));
  PrintField(console, "from", fmt::format("backup {}, {}", ShortId(plan.backup), choice.reason));
  PrintField(console, "as of",
             fmt::format("{}, {} ago", ShowTime(plan.snapshot_time),
                         FormatDuration(now - plan.snapshot_time)));
  PrintField(console, "lost", choice.loss);
  PrintField(console, "into", TargetText(plan));
  PrintField(console, "what", ContentText(plan));
  PrintLines(console, "left out", plan.left_out);
  PrintLines(console, "needs", plan.needed);
  PrintLines(console, "note", plan.warnings);
  for (size_t i = 1; i < plan.problems.size(); ++i) {
    PrintField(console, "problem", plan.problems[i].ToString());
    if (!plan.problems[i].hint().empty()) {
      PrintField(console, "", "hint: " + plan.problems[i].hint());
    }
  }
}

void ShowRestoreReport(const RestoreReport& report, Console& console) {
  console.document().Set("restore", ReportJson(report));
  Duration whole{};
  std::string phases;
  for (const restore::PhaseTime& phase : report.phases) {
    whole += phase.duration;
    phases += fmt::format("{}{} {:.1f} s", phases.empty() ? "" : ", ", phase.name,
                          static_cast<double>(phase.duration.count()) / 1e6);
  }
  console.Print(fmt::format("restored {} with {} in {:.1f} s{}", Count(report.tables, "table"),
                            Count(report.rows, "row"), static_cast<double>(whole.count()) / 1e6,
                            report.fingerprints_equal
                                ? "; the rows sent for every table had the number and "
                                  "fingerprint of the backup, and the server stored as many"
                                : ""));
  console.Note("  " + phases);
  PrintLines(console, "failed", report.errors);
}

}  // namespace pgkeep::cli
