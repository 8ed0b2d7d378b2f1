#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cli/backup_lookup.h"
#include "cli/backup_text.h"
#include "cli/commands.h"
#include "cli/repository_access.h"
#include "cli/text_format.h"

namespace pgkeep::cli {
namespace {

using repository::BackupSummary;

bool IsLogical(const BackupSummary& backup) {
  return backup.manifest.ok() && backup.manifest->kind == repository::BackupKind::kLogical;
}

// `databases`: whether there is a column for them.
std::vector<std::string> Row(const BackupSummary& backup, bool databases) {
  const std::string id = ShortId(backup.id);
  std::vector<std::string> row = {id, FormatUtc(backup.committed), "", "", "damaged", "", ""};
  std::string label;
  std::string names;
  if (backup.manifest.ok()) {
    const repository::Manifest& manifest = *backup.manifest;
    const BackupTotals totals = TotalsOf(manifest);
    row = {id,
           FormatUtc(manifest.finished),
           manifest.source,
           std::string(KindName(manifest.kind)),
           std::string(StateName(manifest.state)),
           FormatBytes(totals.bytes),
           FormatBytes(totals.stored_bytes)};
    label = manifest.label;
    names = DatabaseNames(manifest);
  }
  if (databases) row.push_back(std::move(names));
  row.push_back(std::move(label));
  return row;
}

void PrintTable(const std::vector<BackupSummary>& backups, Console& console) {
  using Align = Table::Align;
  const bool databases = std::ranges::any_of(backups, IsLogical);
  std::vector<Table::Column> columns = {{"BACKUP", Align::kLeft}, {"FINISHED", Align::kLeft},
                                        {"SOURCE", Align::kLeft}, {"KIND", Align::kLeft},
                                        {"STATE", Align::kLeft},  {"SIZE", Align::kRight},
                                        {"STORED", Align::kRight}};
  if (databases) columns.push_back({"DATABASES", Align::kLeft});
  columns.push_back({"LABEL", Align::kLeft});
  Table table(std::move(columns));
  for (const BackupSummary& backup : backups) table.AddRow(Row(backup, databases));
  if (table.empty()) {
    console.Print("no backups");
    return;
  }
  for (const std::string& line : table.Lines()) console.Print(line);
}

// The error for the backups that cannot be read, or success.
Status CheckReadable(const std::vector<BackupSummary>& backups) {
  size_t damaged = 0;
  const BackupSummary* first = nullptr;
  for (const BackupSummary& backup : backups) {
    if (backup.manifest.ok()) continue;
    ++damaged;
    if (first == nullptr) first = &backup;
  }
  if (first == nullptr) return Ok();
  return Error(first->manifest.error())
      .WithContext(fmt::format("{} of {} cannot be read, first {}", damaged,
                               Count(backups.size(), "backup"), first->id.Hex()));
}

}  // namespace

Status RunList(const ListCommand& command, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, context.environment));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, context.environment, KeyNeed::kRequired));
  PGK_ASSIGN_OR_RETURN(std::vector<BackupSummary> backups,
                       repository::ListBackups(opened->context()));
  if (command.source) {
    std::erase_if(backups, [&](const BackupSummary& backup) {
      return backup.manifest.ok() && backup.manifest->source != *command.source;
    });
  }
  PGK_ASSIGN_OR_RETURN(const std::vector<UnfinishedBackup> unfinished,
                       ListUnfinished(opened->context()));

  Json& list = context.console.document().Set("backups", Json::MakeArray());
  for (const BackupSummary& backup : backups) list.Add(BackupJson(backup));
  context.console.document().Set("unfinished", UnfinishedJson(unfinished));
  PrintTable(backups, context.console);
  for (const UnfinishedBackup& backup : unfinished) {
    context.console.Note(UnfinishedText(backup));
  }
  if (opened->keys_are_outdated()) context.console.Warn(std::string(kOutdatedKeysText));
  return CheckReadable(backups);
}

}  // namespace pgkeep::cli
