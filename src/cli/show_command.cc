#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/backup_lookup.h"
#include "cli/backup_text.h"
#include "cli/commands.h"
#include "cli/repository_access.h"
#include "cli/text_format.h"
#include "repository/control_access.h"
#include "repository/reference_list.h"
#include "repository/stream_map.h"

namespace pgkeep::cli {
namespace {

using repository::Manifest;
using repository::SubtreeEntry;

// What the packs of one backup take in the store.
struct PackTotals {
  uint64_t packs = 0;
  uint64_t bytes = 0;
  uint64_t own_bytes = 0;  // in packs that this backup wrote
};

PackTotals PackTotalsOf(const repository::ReferenceList& references,
                        const repository::BackupId& backup) {
  PackTotals totals;
  for (const repository::PackEntry& entry : references.entries()) {
    ++totals.packs;
    totals.bytes += entry.size;
    if (entry.name.writer == backup) totals.own_bytes += entry.size;
  }
  return totals;
}

void PrintField(Console& console, std::string_view name, std::string_view value) {
  if (!value.empty()) console.Print(fmt::format("{:<10}  {}", name, value));
}

void PrintSubtrees(const Manifest& manifest, Console& console) {
  using Align = Table::Align;
  Table table({{"SUB-TREE", Align::kLeft},
               {"SNAPSHOT", Align::kLeft},
               {"STREAMS", Align::kRight},
               {"SIZE", Align::kRight},
               {"NEW", Align::kRight},
               {"STORED", Align::kRight}});
  for (const SubtreeEntry& subtree : manifest.subtrees) {
    table.AddRow({repository::PrintableName(subtree.name), FormatUtc(subtree.snapshot_time),
                  fmt::format("{}", subtree.streams), FormatBytes(subtree.bytes),
                  FormatBytes(subtree.new_bytes), FormatBytes(subtree.stored_bytes)});
  }
  if (table.empty()) return;
  console.Print("");
  for (const std::string& line : table.Lines()) console.Print(line);
}

void PrintBackup(const repository::BackupSummary& backup, const PackTotals& packs,
                 Console& console) {
  const Manifest& manifest = *backup.manifest;
  const BackupTotals totals = TotalsOf(manifest);
  PrintField(console, "backup", backup.id.Hex());
  PrintField(console, "source", manifest.source);
  PrintField(console, "label", manifest.label);
  PrintField(console, "kind", KindName(manifest.kind));
  PrintField(console, "state", StateName(manifest.state));
  PrintField(console, "started", FormatUtc(manifest.started));
  PrintField(console, "finished", FormatUtc(manifest.finished));
  PrintField(console, "committed", FormatUtc(backup.committed));
  PrintField(console, "host", manifest.host);
  PrintField(console, "written by",
             manifest.client_version.empty() ? "" : "pgkeep " + manifest.client_version);
  for (const repository::BackupId& base : manifest.bases) {
    PrintField(console, "base", base.Hex());
  }
  PrintField(console, "size",
             fmt::format("{} in {}", FormatBytes(totals.bytes), Count(totals.streams, "stream")));
  PrintField(console, "new",
             fmt::format("{} since its base, {} after compression", FormatBytes(totals.new_bytes),
                         FormatBytes(totals.stored_bytes)));
  PrintField(console, "needs",
             fmt::format("{} with {}, of which {} are its own", Count(packs.packs, "pack"),
                         FormatBytes(packs.bytes), FormatBytes(packs.own_bytes)));
  PrintSubtrees(manifest, console);
}

Json ShowJson(const repository::BackupSummary& backup, const PackTotals& packs) {
  const Manifest& manifest = *backup.manifest;
  Json json = BackupJson(backup);
  json.Set("host", manifest.host);
  json.Set("client_version", manifest.client_version);
  Json& bases = json.Set("bases", Json::MakeArray());
  for (const repository::BackupId& base : manifest.bases) bases.Add(base.Hex());
  json.Set("packs", packs.packs);
  json.Set("pack_bytes", packs.bytes);
  json.Set("own_pack_bytes", packs.own_bytes);
  Json& subtrees = json.Set("subtrees", Json::MakeArray());
  for (const SubtreeEntry& subtree : manifest.subtrees) {
    Json entry = Json::MakeObject();
    entry.Set("name", subtree.name);
    entry.Set("snapshot", FormatUtc(subtree.snapshot_time));
    entry.Set("streams", subtree.streams);
    entry.Set("units", subtree.units);
    entry.Set("bytes", subtree.bytes);
    entry.Set("new_units", subtree.new_units);
    entry.Set("new_bytes", subtree.new_bytes);
    entry.Set("stored_bytes", subtree.stored_bytes);
    subtrees.Add(std::move(entry));
  }
  return json;
}

}  // namespace

Status RunShow(const ShowCommand& command, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, context.environment));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, context.environment, KeyNeed::kRequired));
  PGK_ASSIGN_OR_RETURN(const std::vector<repository::BackupSummary> backups,
                       repository::ListBackups(opened->context()));
  PGK_ASSIGN_OR_RETURN(const repository::BackupSummary* backup,
                       LookUpBackup(opened->context(), backups, command.backup));
  if (!backup->manifest.ok()) {
    return Error(backup->manifest.error()).WithContext("backup " + backup->id.Hex());
  }
  const repository::ControlAccess control(opened->context());
  PGK_ASSIGN_OR_RETURN(const repository::ReferenceList references,
                       control.ReadReferenceList(backup->id, backup->reference_sha256));
  const PackTotals packs = PackTotalsOf(references, backup->id);
  context.console.document().Set("backup", ShowJson(*backup, packs));
  PrintBackup(*backup, packs, context.console);
  return Ok();
}

}  // namespace pgkeep::cli
