#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/backup_lookup.h"
#include "cli/backup_text.h"
#include "cli/commands.h"
#include "cli/repository_access.h"
#include "cli/text_format.h"
#include "logical/stream_format.h"
#include "postgres/quote.h"
#include "repository/backup_reader.h"
#include "repository/control_access.h"
#include "repository/reference_list.h"
#include "repository/stream_map.h"

namespace pgkeep::cli {
namespace {

using repository::Manifest;
using repository::SubtreeEntry;

void PrintField(Console& console, std::string_view name, std::string_view value) {
  if (!value.empty()) console.Print(fmt::format("{:<10}  {}", name, value));
}

void PrintTable(const Table& table, Console& console) {
  if (table.empty()) return;
  console.Print("");
  for (const std::string& line : table.Lines()) console.Print(line);
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
  PrintTable(table, console);
}

// The sub-trees of a logical backup. Attributes that cannot be read leave their columns empty.
void PrintDatabases(const Manifest& manifest, Console& console) {
  using Align = Table::Align;
  Table table({{"DATABASE", Align::kLeft},
               {"SNAPSHOT", Align::kLeft},
               {"SERVER", Align::kLeft},
               {"ENCODING", Align::kLeft},
               {"TABLES", Align::kRight},
               {"ROWS", Align::kRight},
               {"LARGE OBJECTS", Align::kRight},
               {"SIZE", Align::kRight},
               {"NEW", Align::kRight},
               {"STORED", Align::kRight}});
  for (const SubtreeEntry& subtree : manifest.subtrees) {
    const auto database = logical::DecodeDatabase(subtree.attributes);
    const bool known = database.ok();
    table.AddRow({repository::PrintableName(subtree.name), FormatUtc(subtree.snapshot_time),
                  known ? database->server_version : "", known ? database->encoding : "",
                  known ? fmt::format("{}", database->tables) : "",
                  known ? fmt::format("{}", database->rows) : "",
                  known ? fmt::format("{}", database->large_objects) : "",
                  FormatBytes(subtree.bytes), FormatBytes(subtree.new_bytes),
                  FormatBytes(subtree.stored_bytes)});
  }
  PrintTable(table, console);
  for (const logical::RunAttributes::Missing& missing : MissingDatabases(manifest)) {
    console.Print("not in it: " + missing.message);
  }
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
  if (manifest.kind == repository::BackupKind::kLogical) {
    PrintDatabases(manifest, console);
  } else {
    PrintSubtrees(manifest, console);
  }
}

// One table, as its stream tells.
struct StoredTable {
  std::string database;
  std::string name;
  uint64_t rows = 0;
  uint64_t bytes = 0;
};

Result<std::vector<StoredTable>> ListTables(repository::Repository& repository,
                                            const repository::BackupId& backup) {
  PGK_ASSIGN_OR_RETURN(const auto reader, repository::BackupReader::Open(repository, backup));
  std::vector<StoredTable> tables;
  for (const SubtreeEntry& subtree : reader->manifest().subtrees) {
    PGK_TRY(reader->WalkStreams(subtree.name, [&](const repository::StreamEntry& stream) -> Status {
      const auto name = logical::ParseTableStreamName(stream.name);
      if (!name) return Ok();
      PGK_ASSIGN_OR_RETURN(const logical::RowsAttributes attributes,
                           logical::DecodeAttributes(stream.attributes));
      tables.push_back({subtree.name, postgres::QuoteQualified(name->schema, name->name),
                        attributes.fingerprint.rows, stream.bytes});
      return Ok();
    }));
  }
  return tables;
}

void ShowTables(const std::vector<StoredTable>& tables, Console& console) {
  using Align = Table::Align;
  Table table({{"DATABASE", Align::kLeft},
               {"TABLE", Align::kLeft},
               {"ROWS", Align::kRight},
               {"SIZE", Align::kRight}});
  Json& list = console.document().Set("tables", Json::MakeArray());
  for (const StoredTable& stored : tables) {
    table.AddRow({Printable(stored.database), Printable(stored.name),
                  fmt::format("{}", stored.rows), FormatBytes(stored.bytes)});
    Json json = Json::MakeObject();
    json.Set("database", stored.database);
    json.Set("name", stored.name);
    json.Set("rows", stored.rows);
    json.Set("bytes", stored.bytes);
    list.Add(std::move(json));
  }
  PrintTable(table, console);
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
  if (!command.tables) return Ok();
  if (backup->manifest->kind != repository::BackupKind::kLogical) {
    return Err(ErrorCode::kInvalidArgument, "only logical backups have tables")
        .WithHint("leave --tables out");
  }
  PGK_ASSIGN_OR_RETURN(const std::vector<StoredTable> tables,
                       ListTables(opened->repository(), backup->id));
  ShowTables(tables, context.console);
  return Ok();
}

}  // namespace pgkeep::cli
