#include "backup/logical_backup.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "backup/definition_dump.h"
#include "base/log.h"
#include "crypto/siphash.h"
#include "logical/fingerprint.h"
#include "logical/stream_format.h"
#include "postgres/server_info.h"
#include "postgres/session_settings.h"
#include "repository/backup_reader.h"
#include "repository/clean_text.h"
#include "repository/key_ring.h"

namespace pgkeep::backup {
namespace {

using logical::RunAttributes;
using postgres::Connection;
using repository::BackupState;
using repository::BackupWriter;

// Of one database's reason in the manifest, which may have many of them.
constexpr size_t kReasonBytesMax = 500;

// One run, from the first connection to the commit.
class Run {
 public:
  Run(repository::Repository& repository, const LogicalBackupOptions& options,
      BackupWatcher& watcher)
      : repository_(repository), options_(options), watcher_(watcher) {}

  Result<LogicalBackupResult> Execute(std::stop_token stop);

 private:
  Status Look(std::stop_token stop);
  Status ReadGlobals(Connection& connection, const postgres::ServerInfo& server,
                     std::stop_token stop);
  Status BackUpAll(BackupWriter& writer, std::stop_token stop);
  Status BackUpOne(const ListedDatabase& database, const RunContext& context, std::stop_token stop);
  Status Commit(BackupWriter& writer);
  void ReadSizes();
  Bytes Attributes() const;

  repository::Repository& repository_;
  const LogicalBackupOptions& options_;
  BackupWatcher& watcher_;
  postgres::ConnectionParams params_;  // to this very server
  std::optional<uint64_t> system_identifier_;
  std::vector<ListedDatabase> databases_;
  Bytes globals_;
  LogicalBackupResult result_;
};

Status Run::ReadGlobals(Connection& connection, const postgres::ServerInfo& server,
                        std::stop_token stop) {
  watcher_.OnPhase(BackupPhase::kReadingGlobals, "");
  PGK_ASSIGN_OR_RETURN(
      result_.roles_with_passwords,
      QueryBool(connection,
                "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')"));
  PGK_ASSIGN_OR_RETURN(
      const logical::ClientProgram program,
      logical::FindProgram("pg_dumpall", server.version_num, options_.programs, stop));
  PGK_ASSIGN_OR_RETURN(
      globals_, DumpGlobals(program, params_, result_.roles_with_passwords, options_.lock_timeout,
                            options_.role, std::move(stop)));
  return Ok();
}

Status Run::Look(std::stop_token stop) {
  watcher_.OnPhase(BackupPhase::kStarting, "");
  postgres::ConnectOptions connect;
  connect.stop = stop;
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                       Connection::Open(options_.params, connect));
  params_ = connection->EffectiveParams();
  PGK_TRY(postgres::ApplyBackupSettings(*connection, options_.role));
  PGK_ASSIGN_OR_RETURN(const postgres::ServerInfo server, postgres::ReadServerInfo(*connection));
  system_identifier_ = server.system_identifier;
  PGK_ASSIGN_OR_RETURN(databases_, ListDatabases(*connection, options_.databases));
  // A pg_dump that does not fit is the same for every database: nothing has been done yet.
  PGK_TRY(logical::FindProgram("pg_dump", server.version_num, options_.programs, stop));
  const Status globals = ReadGlobals(*connection, server, stop);
  if (globals.ok()) return Ok();
  if (stop.stop_requested()) return globals;
  Log(LogLevel::kDebug, "backup", "the backup has no roles and tablespaces: {}",
      globals.error().Describe());
  result_.globals_error = globals.error();
  return Ok();
}

Status Run::BackUpOne(const ListedDatabase& database, const RunContext& context,
                      std::stop_token stop) {
  DatabaseOutcome& outcome = result_.databases.emplace_back();
  outcome.name = database.name;
  if (!database.available) {
    return Err(ErrorCode::kNotFound, "{}", database.reason)
        .WithHint("look at --database, or at 'databases' of the source in the configuration");
  }
  const DatabaseRequest request{.params = params_.WithDatabase(database.name),
                                .database = database.name,
                                .jobs = options_.jobs,
                                .mode = options_.mode,
                                .lock_timeout = options_.lock_timeout,
                                .filter = options_.filter,
                                .role = options_.role,
                                .programs = options_.programs};
  return BackUpDatabase(request, context, std::move(stop), outcome);
}

Status Run::BackUpAll(BackupWriter& writer, std::stop_token stop) {
  const SecretBytes key = logical::DeriveFingerprintKey(repository_.context().keys->meta_key());
  const crypto::SipHash128 hash(key.Expose());
  RunContext context{.writer = writer,
                     .watcher = watcher_,
                     .globals = globals_,
                     .roles_with_passwords = result_.roles_with_passwords,
                     .fingerprint_key = key.Expose(),
                     .hash = hash,
                     .database_number = 0,
                     .databases = databases_.size()};
  for (const ListedDatabase& database : databases_) {
    ++context.database_number;
    const Status done = BackUpOne(database, context, stop);
    if (done.ok()) continue;
    if (stop.stop_requested()) return Err(ErrorCode::kCancelled, "the backup was interrupted");
    Error error = Error(done.error()).WithContext("database " + database.name);
    // The caller shows what became of each.
    Log(LogLevel::kDebug, "backup", "{}", error.Describe());
    result_.databases.back().error = std::move(error);
    // If it was the repository that failed, the others would fail too.
    PGK_TRY(writer.CheckStatus());
  }
  if (stop.stop_requested()) return Err(ErrorCode::kCancelled, "the backup was interrupted");
  return Ok();
}

Bytes Run::Attributes() const {
  RunAttributes attributes{.system_identifier = system_identifier_, .missing = {}};
  size_t left = repository::kMaxManifestAttributesBytes / 2;
  for (const DatabaseOutcome& database : result_.databases) {
    if (!database.error) continue;
    std::string message = repository::CleanText(database.error->ToString());
    if (message.size() > kReasonBytesMax) message.resize(kReasonBytesMax);
    const size_t bytes = database.name.size() + message.size() + 64;
    if (bytes > left) break;
    left -= bytes;
    attributes.missing.push_back({.database = database.name,
                                  .error_code = std::string(CodeName(database.error->code())),
                                  .message = std::move(message)});
  }
  return logical::EncodeRun(attributes);
}

Status Run::Commit(BackupWriter& writer) {
  watcher_.OnPhase(BackupPhase::kCommitting, "");
  const bool partial = result_.globals_error.has_value() ||
                       std::ranges::any_of(result_.databases, [](const DatabaseOutcome& database) {
                         return database.error.has_value();
                       });
  result_.state = partial ? BackupState::kPartial : BackupState::kComplete;
  repository::CommitOptions commit;
  commit.state = result_.state;
  commit.attributes = Attributes();
  PGK_ASSIGN_OR_RETURN(const repository::CommitReceipt receipt, writer.Commit(std::move(commit)));
  result_.backup = receipt.backup;
  return Ok();
}

// The backup exists, whatever comes of this.
void Run::ReadSizes() {
  const auto reader = repository::BackupReader::Open(repository_, result_.backup);
  if (!reader.ok()) {
    Log(LogLevel::kWarning, "backup", "the backup is stored, but its sizes are not known: {}",
        reader.error().ToString());
    return;
  }
  for (const repository::SubtreeEntry& subtree : (*reader)->manifest().subtrees) {
    for (DatabaseOutcome& database : result_.databases) {
      if (database.name != subtree.name) continue;
      database.new_units = subtree.new_units;
      database.new_bytes = subtree.new_bytes;
      database.stored_bytes = subtree.stored_bytes;
    }
  }
}

Result<LogicalBackupResult> Run::Execute(std::stop_token stop) {
  PGK_TRY(Look(stop));
  repository::BackupSpec spec;
  spec.source = options_.source;
  spec.kind = repository::BackupKind::kLogical;
  spec.label = options_.label;
  spec.client_version = options_.client_version;
  spec.host = options_.host;
  for (const ListedDatabase& database : databases_) spec.subtrees.push_back(database.name);
  spec.incremental = options_.incremental;
  repository::WriterOptions writer_options = options_.writer;
  writer_options.deliver_threads = std::max(writer_options.deliver_threads, options_.jobs);
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<BackupWriter> writer,
                       BackupWriter::Begin(repository_, std::move(spec), writer_options));
  result_.incremental = !writer->bases().empty();
  Status done = BackUpAll(*writer, stop);
  const bool any = std::ranges::any_of(
      result_.databases, [](const DatabaseOutcome& database) { return !database.error; });
  if (done.ok() && !any) done = Error(*result_.databases.front().error);
  if (done.ok()) done = Commit(*writer);
  PGK_TRY(done);
  ReadSizes();
  return std::move(result_);
}

}  // namespace

Result<LogicalBackupResult> RunLogicalBackup(repository::Repository& repository,
                                             const LogicalBackupOptions& options,
                                             BackupWatcher& watcher, std::stop_token stop) {
  if (options.jobs == 0) return Err(ErrorCode::kInvalidArgument, "a backup needs at least one job");
  return Run(repository, options, watcher).Execute(std::move(stop));
}

}  // namespace pgkeep::backup
