#include "restore/backup_source.h"

#include <utility>
#include <vector>

#include "archive/convert.h"
#include "archive/sql_scanner.h"
#include "archive/toc_reader.h"
#include "base/check.h"
#include "repository/key_ring.h"

namespace pgkeep::restore {
namespace {

constexpr uint64_t kGlobalsBytesMax = uint64_t{64} << 20;

using logical::StreamKind;
using repository::StreamEntry;

bool IsKind(const StreamEntry& entry, StreamKind kind) {
  return entry.kind == static_cast<uint8_t>(kind);
}

Result<RowStream> Describe(const StreamEntry& entry) {
  RowStream rows{.entry = entry, .identity = {}, .attributes = {}};
  PGK_ASSIGN_OR_RETURN(rows.identity, logical::DecodeIdentity(entry.identity));
  PGK_ASSIGN_OR_RETURN(rows.attributes, logical::DecodeAttributes(entry.attributes));
  return rows;
}

// The names in a list such as `id, "odd name"`; nothing for another text.
std::optional<std::vector<std::string>> ParseColumns(const archive::OptionalText& list) {
  std::vector<std::string> columns;
  if (!list) return columns;
  archive::SqlScanner scanner(*list);
  do {
    std::optional<std::string> name = scanner.Name();
    if (!name) return std::nullopt;
    columns.push_back(*std::move(name));
  } while (scanner.Skip(", "));
  if (!scanner.rest().empty()) return std::nullopt;
  return columns;
}

}  // namespace

Result<std::unique_ptr<BackupSource>> BackupSource::Open(repository::Repository& repository,
                                                         const repository::BackupId& backup,
                                                         const std::string& database) {
  PGK_CHECK(repository.context().keys != nullptr, "a repository that is restored from has keys");
  PGK_TRY(repository.context().keys->RequireReadData("reading the rows of a backup"));
  auto source = std::unique_ptr<BackupSource>(new BackupSource());
  PGK_ASSIGN_OR_RETURN(source->reader_, repository::BackupReader::Open(repository, backup));
  if (source->manifest().kind != repository::BackupKind::kLogical) {
    return Err(ErrorCode::kInvalidArgument, "backup {} is not a logical backup", backup.Hex())
        .WithHint("choose a logical backup; 'pgkeep list' shows the type of each");
  }
  PGK_TRY(source->ChooseDatabase(database));
  PGK_TRY(source->reader_->WalkStreams(source->database_, [&](const StreamEntry& entry) -> Status {
    source->streams_.emplace(entry.name, entry);
    return Ok();
  }));
  PGK_TRY_CONTEXT("reading the table of contents", source->ReadContents());
  return source;
}

Status BackupSource::ChooseDatabase(const std::string& database) {
  const auto& subtrees = manifest().subtrees;
  std::string names;
  for (const repository::SubtreeEntry& subtree : subtrees) {
    if (!names.empty()) names += ", ";
    names += subtree.name;
  }
  if (database.empty() && subtrees.size() != 1) {
    return Err(ErrorCode::kInvalidArgument, "the backup has several databases: {}", names)
        .WithHint("say which one to take");
  }
  for (const repository::SubtreeEntry& subtree : subtrees) {
    if (!database.empty() && subtree.name != database) continue;
    database_ = subtree.name;
    snapshot_time_ = subtree.snapshot_time;
    PGK_ASSIGN_OR_RETURN(attributes_, logical::DecodeDatabase(subtree.attributes));
    hash_.emplace(attributes_.fingerprint_key);
    return Ok();
  }
  return Err(ErrorCode::kNotFound, "the backup has no database '{}', only: {}", database, names)
      .WithHint(
          "a database that failed in a partial backup is not in it; 'pgkeep show' lists them");
}

Status BackupSource::ReadContents() {
  const auto contents = streams_.find(logical::kContentsStream);
  if (contents == streams_.end() || !IsKind(contents->second, StreamKind::kContents)) {
    return Err(ErrorCode::kCorruption, "database '{}' has no table of contents", database_);
  }
  PGK_ASSIGN_OR_RETURN(const auto stream, reader_->OpenStream(contents->second));
  archive::TocReader toc;
  PGK_TRY(stream->ReadUnits(
      0, contents->second.units, [&toc](const repository::UnitPart& part) -> Result<bool> {
        if (toc.complete()) {
          return Error(ErrorCode::kCorruption, "something follows the table of contents");
        }
        PGK_TRY(toc.Feed(part.bytes));
        return true;
      }));
  PGK_ASSIGN_OR_RETURN(archive::Toc read, std::move(toc).Take());
  PGK_ASSIGN_OR_RETURN(toc_, archive::ConvertToVersion14(std::move(read)));
  return Ok();
}

Result<Bytes> BackupSource::Globals() const {
  const auto globals = streams_.find(logical::kGlobalsStream);
  if (globals == streams_.end()) {
    return Err(ErrorCode::kNotFound,
               "the backup has no roles: reading them had failed when it was made")
        .WithHint("take them from another backup; 'pgkeep list' shows which are complete");
  }
  if (!IsKind(globals->second, StreamKind::kGlobals)) {
    return Err(ErrorCode::kCorruption, "the roles of database '{}' are of another kind", database_);
  }
  if (globals->second.bytes > kGlobalsBytesMax) {
    return Err(ErrorCode::kLimitExceeded, "the roles have {} bytes", globals->second.bytes);
  }
  Bytes bytes(globals->second.bytes);
  PGK_ASSIGN_OR_RETURN(const auto stream, reader_->OpenStream(globals->second));
  PGK_TRY(stream->ReadAt(0, bytes));
  return bytes;
}

Result<RowStream> BackupSource::TableRows(const archive::TableData& table) const {
  const auto found = streams_.find(logical::TableStreamName(table.schema, table.name));
  if (found == streams_.end()) {
    return Err(ErrorCode::kCorruption, "the backup has no rows of table {}.{}", table.schema,
               table.name)
        .WithHint("run 'pgkeep verify' on the backup");
  }
  const StreamEntry& entry = found->second;
  if (!IsKind(entry, StreamKind::kTableByBlock) && !IsKind(entry, StreamKind::kTableBySize)) {
    return Err(ErrorCode::kUnsupportedVersion, "the rows of table {}.{} are of unknown kind {}",
               table.schema, table.name, entry.kind)
        .WithHint("use a newer version of pgkeep");
  }
  PGK_ASSIGN_OR_RETURN(RowStream rows, Describe(entry));
  if (ParseColumns(table.columns) != rows.identity.columns ||
      rows.identity.oid != table.table_oid) {
    return Err(ErrorCode::kCorruption,
               "the rows of table {}.{} are of another table than its definition", table.schema,
               table.name)
        .WithHint("run 'pgkeep verify' on the backup");
  }
  return rows;
}

Result<std::optional<RowStream>> BackupSource::LargeObjectRows() const {
  const auto found = streams_.find(logical::kLargeObjectsStream);
  if (found == streams_.end()) return std::optional<RowStream>();
  const StreamEntry& entry = found->second;
  if (!IsKind(entry, StreamKind::kLargeObjectsByBlock) &&
      !IsKind(entry, StreamKind::kLargeObjectsBySize)) {
    return Err(ErrorCode::kUnsupportedVersion, "the large objects are of unknown kind {}",
               entry.kind)
        .WithHint("use a newer version of pgkeep");
  }
  PGK_ASSIGN_OR_RETURN(RowStream rows, Describe(entry));
  return std::optional<RowStream>(std::move(rows));
}

}  // namespace pgkeep::restore
