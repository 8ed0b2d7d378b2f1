#include "backup/backup_test_kit.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"
#include "base/posix_file.h"
#include "logical/client_programs.h"
#include "logical/stream_format.h"
#include "repository/backup_reader.h"

namespace pgkeep::backup {

using postgres::Connection;
using postgres::ConnectionParams;
using testing::PostgresCluster;

void PhaseHook::OnPhase(BackupPhase phase, const std::string& /*database*/) {
  phases_.push_back(phase);
  if (fired_ || phase_ != phase) return;
  fired_ = true;
  action_();
}

void PhaseHook::OnProgress(const BackupProgress& progress) {
  progress_ = progress;
  waiters_.insert(waiters_.end(), progress.waiters.begin(), progress.waiters.end());
}

void PhaseHook::OnRestart(const std::string& /*database*/, int /*attempt*/, const Error& reason) {
  restarts_.push_back(reason.ToString());
}

Result<storage::ObjectInfo> HookStore::CreateIfAbsent(std::string_view key, ByteSpan bytes) {
  std::function<void()> action;
  if (key.starts_with("p/")) {
    const MutexLock lock(mutex_);
    action = std::exchange(action_, nullptr);
  }
  if (action) action();
  return inner().CreateIfAbsent(key, bytes);
}

LogicalBackupOptions OptionsFor(const std::vector<std::string>& databases) {
  LogicalBackupOptions options;
  options.source = "app";
  const auto params = ConnectionParams::Parse(PostgresCluster::Shared().Conninfo());
  PGK_CHECK(params.ok(), "the shared server has a connection string");
  options.params = *params;
  options.databases.include = databases;
  options.lock_timeout = std::chrono::seconds(60);
  options.programs = logical::DefaultProgramSearch(PosixFileSystem(), "/usr/bin");
  options.writer = repository::InlineOptions();
  return options;
}

Result<LogicalBackupResult> Vault::Run(const LogicalBackupOptions& options,
                                       BackupWatcher& watcher) {
  return RunLogicalBackup(*repository_, options, watcher, {});
}

LogicalBackupResult Vault::MustRun(const LogicalBackupOptions& options) {
  PhaseHook watcher;
  Result<LogicalBackupResult> result = Run(options, watcher);
  EXPECT_TRUE(result.ok()) << result.error().Describe();
  if (!result.ok()) return {};
  for (const DatabaseOutcome& database : result->databases) {
    EXPECT_FALSE(database.error) << database.error->Describe();
  }
  return *std::move(result);
}

repository::StreamEntry Vault::Entry(const repository::BackupId& id, const std::string& database,
                                     const std::string& stream) {
  const auto reader = repository::BackupReader::Open(*repository_, id);
  PGK_CHECK(reader.ok(), "the backup can be opened");
  Result<repository::StreamEntry> entry = (*reader)->FindStream(database, stream);
  PGK_CHECK(entry.ok(), "the stream is there");
  return *std::move(entry);
}

std::optional<std::string> Vault::Read(const repository::BackupId& id, const std::string& database,
                                       const std::string& stream) {
  const auto reader = repository::BackupReader::Open(*repository_, id);
  PGK_CHECK(reader.ok(), "the backup can be opened");
  const auto entry = (*reader)->FindStream(database, stream);
  if (!entry.ok()) return std::nullopt;
  const auto units = (*reader)->OpenStream(*entry);
  PGK_CHECK(units.ok(), "the stream can be opened");
  std::string text;
  const Status read = (*units)->ReadUnits(
      0, entry->units, [&text](const repository::UnitPart& part) -> Result<bool> {
        text.append(AsText(part.bytes));
        return true;
      });
  PGK_CHECK(read.ok(), read.error().Describe());
  return text;
}

std::optional<std::string> Vault::ReadTable(const repository::BackupId& id,
                                            const std::string& database, const std::string& schema,
                                            const std::string& table) {
  return Read(id, database, logical::TableStreamName(schema, table));
}

std::vector<repository::BackupSummary> Vault::Backups() {
  auto backups = repository::ListBackups(repository_->context());
  PGK_CHECK(backups.ok(), "backups can be listed");
  return *std::move(backups);
}

std::string PsqlCopy(const std::string& database, const std::string& what) {
  const testing::ProgramResult result = PostgresCluster::Shared().Run(
      "psql", {"-X", "-q", "-c", "SET timezone = 'UTC'", "-c", "COPY " + what + " TO STDOUT"},
      database);
  PGK_CHECK(result.status == 0, result.err);
  return result.out;
}

std::string Sql(const std::string& database, const std::string& sql) {
  return PostgresCluster::Shared().Sql(sql, database);
}

QueuedSql::QueuedSql(std::string database, std::string sql) : sql_(std::move(sql)) {
  const PostgresCluster& cluster = PostgresCluster::Shared();
  const auto params = ConnectionParams::Parse(cluster.Conninfo());
  auto connection = Connection::Open(params->WithDatabase(database));
  PGK_CHECK(connection.ok(), "the session for queued SQL");
  connection_ = *std::move(connection);
  const int pid = connection_->backend_pid();
  auto finished = std::make_shared<std::atomic<bool>>(false);
  thread_ = std::jthread([this, finished] {
    done_ = connection_->Execute(sql_);
    *finished = true;
  });
  const auto observer = Connection::Open(*params);
  PGK_CHECK(observer.ok(), "a session to look on");
  while (!*finished && !had_to_wait_) {
    const auto waits = QueryBool(**observer,
                                 "SELECT coalesce((SELECT wait_event_type = 'Lock' FROM "
                                 "pg_stat_activity WHERE pid = $1::int), false)",
                                 {std::to_string(pid)});
    PGK_CHECK(waits.ok(), "waiting can be seen");
    had_to_wait_ = *waits;
  }
}

QueuedSql::~QueuedSql() {
  thread_.join();
  EXPECT_TRUE(done_.ok()) << done_.error().Describe();
}

size_t Lines(std::string_view text) { return static_cast<size_t>(std::ranges::count(text, '\n')); }

}  // namespace pgkeep::backup
