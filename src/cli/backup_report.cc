#include "cli/backup_report.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "cli/text_format.h"

namespace pgkeep::cli {
namespace {

// Tables and large objects that are in the backup.
uint64_t ObjectsOf(const backup::LogicalBackupResult& result) {
  uint64_t objects = 0;
  for (const backup::DatabaseOutcome& database : result.databases) {
    if (!database.error) objects += database.tables.size() + database.large_objects;
  }
  return objects;
}

// What a database takes before compression, with its definitions; what its rows take, where the
// manifest could not be read again.
uint64_t SizeOf(const backup::DatabaseOutcome& database, const repository::Manifest& manifest) {
  for (const repository::SubtreeEntry& subtree : manifest.subtrees) {
    if (subtree.name == database.name) return subtree.bytes;
  }
  return database.text_bytes;
}

std::string GlobalsName() { return "roles and tablespaces"; }

Json ErrorJson(const Error& error) {
  Json json = Json::MakeObject();
  json.Set("code", CodeName(error.code()));
  json.Set("message", error.ToString());
  if (!error.hint().empty()) json.Set("hint", error.hint());
  return json;
}

Json DatabaseJson(const backup::DatabaseOutcome& database, const repository::Manifest& manifest) {
  Json json = Json::MakeObject();
  json.Set("name", database.name);
  if (database.error) {
    json.Set("error", ErrorJson(*database.error));
    return json;
  }
  json.Set("snapshot", FormatUtc(database.snapshot_time));
  json.Set("tables", uint64_t{database.tables.size()});
  json.Set("rows", database.rows);
  json.Set("large_objects", database.large_objects);
  json.Set("bytes", SizeOf(database, manifest));
  json.Set("new_bytes", database.new_bytes);
  json.Set("stored_bytes", database.stored_bytes);
  return json;
}

Json ReportJson(const BackupReport& report) {
  const backup::LogicalBackupResult& result = report.result;
  Json json = Json::MakeObject();
  json.Set("id", result.backup.Hex());
  json.Set("source", report.source);
  json.Set("state", StateName(result.state));
  json.Set("incremental", result.incremental);
  json.Set("roles_with_passwords", result.roles_with_passwords);
  if (result.globals_error) json.Set("globals_error", ErrorJson(*result.globals_error));
  const BackupTotals totals = TotalsOf(report.manifest);
  json.Set("bytes", totals.bytes);
  json.Set("new_bytes", totals.new_bytes);
  json.Set("stored_bytes", totals.stored_bytes);
  json.Set("pack_bytes", report.packs.bytes);
  json.Set("own_pack_bytes", report.packs.own_bytes);
  Json& databases = json.Set("databases", Json::MakeArray());
  for (const backup::DatabaseOutcome& database : result.databases) {
    databases.Add(DatabaseJson(database, report.manifest));
  }
  return json;
}

void PrintDatabases(const BackupReport& report, Console& console) {
  using Align = Table::Align;
  Table table({{"  DATABASE", Align::kLeft},
               {"SNAPSHOT", Align::kLeft},
               {"TABLES", Align::kRight},
               {"ROWS", Align::kRight},
               {"SIZE", Align::kRight},
               {"NEW", Align::kRight},
               {"STORED", Align::kRight}});
  for (const backup::DatabaseOutcome& database : report.result.databases) {
    if (database.error) continue;
    table.AddRow({"  " + Printable(database.name), FormatUtc(database.snapshot_time),
                  fmt::format("{}", database.tables.size()), fmt::format("{}", database.rows),
                  FormatBytes(SizeOf(database, report.manifest)), FormatBytes(database.new_bytes),
                  FormatBytes(database.stored_bytes)});
  }
  for (const std::string& line : table.Lines()) console.Note(line);
}

std::string PercentText(uint64_t part, uint64_t whole) {
  if (whole == 0) return "";
  return fmt::format(" ({:.1f} %)", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

void PrintMissing(const Error& error, Console& console) {
  console.Print("  not in this backup: " + error.ToString());
  if (!error.hint().empty()) console.Print("    hint: " + error.hint());
}

}  // namespace

void ShowBackupReport(const BackupReport& report, Console& console) {
  const backup::LogicalBackupResult& result = report.result;
  console.document().Set("backup", ReportJson(report));
  console.Print("backup " + result.backup.Hex());
  PrintDatabases(report, console);
  const BackupTotals totals = TotalsOf(report.manifest);
  if (result.incremental) {
    console.Note(
        fmt::format("  compared with the backup before: {} of {}{} stored, {} after "
                    "compression",
                    FormatBytes(totals.new_bytes), FormatBytes(totals.bytes),
                    PercentText(totals.new_bytes, totals.bytes), FormatBytes(totals.stored_bytes)));
  } else {
    console.Note(fmt::format("  compared with nothing: all of {} was stored, {} after compression",
                             FormatBytes(totals.bytes), FormatBytes(totals.stored_bytes)));
  }
  for (const backup::DatabaseOutcome& database : result.databases) {
    if (database.error) PrintMissing(*database.error, console);
  }
  if (result.globals_error) {
    PrintMissing(Error(*result.globals_error).WithContext(GlobalsName()), console);
  } else if (!result.roles_with_passwords) {
    console.Note("  roles are stored without passwords: the server shows these to superusers only");
  }
}

catalog::JobFigures FiguresOf(const BackupReport& report) {
  const BackupTotals totals = TotalsOf(report.manifest);
  catalog::JobFigures figures;
  figures.bytes_read = totals.bytes;
  figures.bytes_stored = report.packs.bytes;
  figures.bytes_new = report.packs.own_bytes;
  figures.objects = ObjectsOf(report.result);
  if (totals.stored_bytes > 0) {
    figures.compression_ratio =
        static_cast<double>(totals.new_bytes) / static_cast<double>(totals.stored_bytes);
  }
  if (totals.new_bytes > 0) {
    figures.dedup_ratio = static_cast<double>(totals.bytes) / static_cast<double>(totals.new_bytes);
  }
  figures.backup_id = report.result.backup.Hex();
  return figures;
}

std::vector<catalog::DatabaseOutcome> OutcomesOf(const BackupReport& report) {
  std::vector<catalog::DatabaseOutcome> outcomes;
  const auto add = [&outcomes](const std::string& name, const std::optional<Error>& error) {
    catalog::DatabaseOutcome& outcome = outcomes.emplace_back();
    outcome.database = name;
    outcome.status = error ? catalog::JobStatus::kFailed : catalog::JobStatus::kSucceeded;
    if (error) outcome.error = catalog::ToJobError(*error);
  };
  for (const backup::DatabaseOutcome& database : report.result.databases) {
    add(database.name, database.error);
  }
  if (report.result.globals_error) add(GlobalsName(), report.result.globals_error);
  return outcomes;
}

}  // namespace pgkeep::cli
