#include "restore_test_kit.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/file_util.h"
#include "base/posix_file.h"
#include "repository/backup_reader.h"
#include "repository/backup_writer.h"

namespace pgkeep::restore {

using testing::PostgresCluster;

namespace {

void MakeRoles() {
  Sql("postgres",
      "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'keeper') THEN "
      "CREATE ROLE keeper; CREATE ROLE \"reader; with \"\"quotes\"\"\"; END IF; END $$");
}

std::string Dump(const std::string& database, std::vector<std::string> arguments) {
  const testing::ProgramResult result =
      PostgresCluster::Shared().Run("pg_dump", arguments, database);
  PGK_CHECK(result.status == 0, result.err);
  return result.out;
}

}  // namespace

CopyDatabase::~CopyDatabase() {
  Sql("postgres", "DROP DATABASE IF EXISTS \"" + name_ + "\" WITH (FORCE)");
}

void MakeRichDatabase(const std::string& name) {
  MakeRoles();
  const auto bytes = ReadWholeFile(PosixFileSystem(), PGKEEP_RICH_SCHEMA, 1 << 20);
  PGK_CHECK(bytes.ok(), "the schema can be read");
  std::string sql;
  for (const std::string& line : LinesOf(AsText(*bytes))) {
    // An extension that has to be installed with the server.
    if (line.find("keeptest") != std::string::npos || line.find("shop.ext_") != std::string::npos) {
      continue;
    }
    sql += line + "\n";
  }
  const testing::TemporaryDirectory directory;
  const std::string path = directory.Join("rich.sql");
  PGK_CHECK(WriteFileDurably(PosixFileSystem(), path, AsBytes(sql), 0644, false).ok(), "written");
  const testing::ProgramResult result =
      PostgresCluster::Shared().Run("psql", {"-Xq", "-v", "ON_ERROR_STOP=1", "-f", path}, name);
  PGK_CHECK(result.status == 0, result.err);
}

Backed::Backed(const std::string& name, const std::string& sql, storage::ObjectStore* store,
               repository::InitOptions init)
    : vault_(store, init) {
  if (!sql.empty()) Sql(name, sql);
  result_ = vault_.MustRun(OptionsFor({name}));
}

RestoreOptions Into(const repository::BackupId& backup, const std::string& target,
                    const PostgresCluster& cluster) {
  RestoreOptions options;
  options.backup = backup;
  const auto params = postgres::ConnectionParams::Parse(cluster.Conninfo());
  PGK_CHECK(params.ok(), "the server has a connection string");
  options.target = params->WithDatabase(target);
  options.programs = logical::DefaultProgramSearch(PosixFileSystem(), "/usr/bin");
  return options;
}

Result<RestoreReport> Restore(Vault& vault, const RestoreOptions& options) {
  Progress progress;
  return RunRestore(vault.repository(), options, progress, {});
}

RestoreReport MustRestore(Vault& vault, const RestoreOptions& options) {
  Result<RestoreReport> report = Restore(vault, options);
  EXPECT_TRUE(report.ok()) << report.error().Describe();
  if (!report.ok()) return {};
  EXPECT_EQ(report->errors, std::vector<std::string>());
  EXPECT_TRUE(report->complete());
  EXPECT_TRUE(report->fingerprints_equal);
  return *std::move(report);
}

namespace {

// One stream with other bytes in it, everything else as it was.
Status CopyStream(repository::BackupReader& reader, const repository::StreamEntry& entry,
                  repository::SubtreeWriter& subtree,
                  const std::function<void(std::string& unit)>& change) {
  PGK_ASSIGN_OR_RETURN(const auto stream, reader.OpenStream(entry));
  repository::StreamSpec spec;
  spec.name = entry.name;
  spec.identity = entry.identity;
  spec.kind = entry.kind;
  spec.unit_size = entry.unit_size;
  PGK_ASSIGN_OR_RETURN(const auto writer, subtree.OpenStream(std::move(spec)));
  PGK_ASSIGN_OR_RETURN(const auto range, writer->OpenRange(0));
  std::string unit;
  PGK_TRY(stream->ReadUnits(0, entry.units, [&](const repository::UnitPart& part) -> Result<bool> {
    unit += AsText(part.bytes);
    if (!part.last()) return true;
    if (change && !unit.empty()) change(unit);
    PGK_TRY(range->Append(AsBytes(unit)));
    unit.clear();
    return true;
  }));
  PGK_TRY(range->Close());
  return writer->Finish(entry.attributes);
}

Result<repository::BackupId> CopyBackup(Vault& vault, const repository::BackupId& backup,
                                        const std::string& stream,
                                        const std::function<void(std::string& unit)>& change) {
  PGK_ASSIGN_OR_RETURN(const auto reader,
                       repository::BackupReader::Open(vault.repository(), backup));
  const repository::SubtreeEntry& database = reader->manifest().subtrees.front();
  repository::BackupSpec spec;
  spec.source = "forged";
  spec.kind = repository::BackupKind::kLogical;
  PGK_ASSIGN_OR_RETURN(
      const auto writer,
      repository::BackupWriter::Begin(vault.repository(), spec, repository::InlineOptions()));
  PGK_ASSIGN_OR_RETURN(const auto subtree,
                       writer->OpenSubtree({.name = database.name,
                                            .snapshot_time = database.snapshot_time,
                                            .attributes = database.attributes}));
  PGK_TRY(reader->WalkStreams(database.name, [&](const repository::StreamEntry& entry) {
    return CopyStream(*reader, entry, *subtree, entry.name == stream ? change : nullptr);
  }));
  PGK_TRY(subtree->Finish());
  repository::CommitOptions commit;
  commit.attributes = reader->manifest().attributes;
  PGK_ASSIGN_OR_RETURN(const auto receipt, writer->Commit(commit));
  return receipt.backup;
}

}  // namespace

repository::BackupId Forge(Vault& vault, const repository::BackupId& backup,
                           const std::string& stream,
                           const std::function<void(std::string& unit)>& change) {
  const auto forged = CopyBackup(vault, backup, stream, change);
  PGK_CHECK(forged.ok(), forged.error().Describe());
  return *forged;
}

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> SchemaOf(const std::string& database,
                                  const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"--schema-only"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<std::string> lines = LinesOf(Dump(database, all));
  // A random word against injected commands.
  std::erase_if(lines, [](const std::string& line) {
    return line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ");
  });
  return lines;
}

std::vector<std::string> DataOf(const std::string& database,
                                const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"--data-only"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<std::string> lines = LinesOf(Dump(database, all));
  std::erase_if(lines, [](const std::string& line) {
    return line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ");
  });
  std::ranges::sort(lines);
  return lines;
}

void ExpectCopy(const std::string& source, const std::string& copy) {
  const std::vector<std::string> schema = SchemaOf(source);
  EXPECT_GT(schema.size(), 20U);
  EXPECT_EQ(SchemaOf(copy), schema);
  EXPECT_EQ(DataOf(copy), DataOf(source));
}

void ReadHookStore::BeforeNextRead(std::function<void()> action) {
  const MutexLock lock(mutex_);
  action_ = std::move(action);
}

bool ReadHookStore::fired() const {
  const MutexLock lock(mutex_);
  return fired_;
}

Status ReadHookStore::GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  std::function<void()> action;
  if (key.starts_with("p/")) {
    const MutexLock lock(mutex_);
    action = std::exchange(action_, nullptr);
    if (action) fired_ = true;
  }
  if (action) action();
  return HookStore::GetRange(key, offset, out);
}

PhaseAction::PhaseAction(Progress& progress, std::string phase, std::function<void()> action) {
  progress.SetPhaseListener(
      [this, phase = std::move(phase), action = std::move(action)](std::string_view begun) {
        if (begun != phase || fired_) return;
        fired_ = true;
        action();
      });
}

}  // namespace pgkeep::restore
