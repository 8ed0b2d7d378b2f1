#include "restore/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "archive/entry_kind.h"
#include "base/file.h"
#include "base/log.h"
#include "postgres/quote.h"
#include "postgres/session_settings.h"
#include "restore/analyze.h"
#include "restore/create_database.h"
#include "restore/definitions.h"
#include "restore/half_restored.h"
#include "restore/load_crew.h"
#include "restore/made_relations.h"
#include "restore/prepared_restore.h"
#include "restore/target_hold.h"

namespace pgkeep::restore {
namespace {

using archive::EntryKind;
using archive::KindOf;
using archive::TocEntry;
using postgres::Connection;

// For sessions that load: a crash in the middle costs the restore anyway. The last statement of all
// makes everything before it durable.
constexpr std::string_view kLoadSettings = "SET synchronous_commit = off";

// Tables below are not worth a second connection; see LoadCrew for the size of a part.
constexpr uint64_t kSharedBytesMin = uint64_t{32} << 20;

// How long sessions that are closed may need to be gone.
constexpr int kAttemptsMax = 50;
constexpr Duration kAttemptEvery = std::chrono::milliseconds(100);

std::string OneLine(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return text;
}

// One restore, from planning to the last statement.
class Run {
 public:
  Run(repository::Repository& repository, const RestoreOptions& options, Progress& progress,
      std::stop_token stop)
      : repository_(repository), options_(options), progress_(progress), stop_(std::move(stop)) {}

  Result<RestoreReport> Execute();

  // What a failure leaves behind, beside the failure.
  Error Explain(Error error) const;

 private:
  Status Prepare();
  Status HoldTarget();
  Status DefineTables();
  void LeaveOut(const MadeRelations& made);
  Status MakeDatabase();
  void Mark();
  void TakeMarkAway(Connection& connection);
  Status MakeSchema();
  Status Define(std::string_view section, unsigned jobs);
  Status LoadTables();
  Status SetSequences();
  Status LoadLargeObjects();
  Status Analyze();
  Status SetDatabase(Connection& connection);
  Status Finish();

  void Begin(std::string_view phase);
  void EndPhase();
  void AddError(const std::string& what, const Error& error) {
    report_.errors.push_back(OneLine(what + ": " + error.ToString()));
  }
  std::vector<LoadJob> TableJobs() const;
  Status MakeDoWithOneConnection();
  void Count(const TableLoad& table, const LoadOutcome& outcome);
  Result<std::unique_ptr<Connection>> Connect();
  const BackupSource& source() const { return *prepared_.source; }

  repository::Repository& repository_;
  const RestoreOptions& options_;
  Progress& progress_;
  const std::stop_token stop_;
  PreparedRestore prepared_;
  std::optional<TargetHold> hold_;
  bool made_database_ = false;
  bool marked_ = false;  // as half restored
  std::unique_ptr<DefinitionArchive> definitions_;
  RestoreReport report_;
  unsigned jobs_ = options_.jobs;
  bool large_objects_equal_ = true;
  std::optional<Duration> phase_began_;
};

void Run::EndPhase() {
  if (!phase_began_) return;
  report_.phases.back().duration = SystemClock().Monotonic() - *phase_began_;
  phase_began_.reset();
}

void Run::Begin(std::string_view phase) {
  EndPhase();
  report_.phases.push_back({.name = std::string(phase), .duration = {}});
  phase_began_ = SystemClock().Monotonic();
  progress_.BeginPhase(phase);
}

Status Run::Prepare() {
  Begin("planning");
  RestoreOptions pinned = options_;
  // Before anything is looked at. A database that is not there yet cannot be held; that it is
  // missing, or that it is there all the same, is what the plan finds.
  if (!options_.create && !options_.clean) {
    postgres::ConnectOptions connect;
    connect.stop = stop_;
    connect.connect_timeout = options_.connect_timeout;
    auto hold = TargetHold::Acquire(options_.target, connect);
    if (!hold.ok() && hold.error().code() != ErrorCode::kNotFound) return hold.error();
    if (hold.ok()) {
      hold_.emplace(*std::move(hold));
      pinned.target = hold_->connection().EffectiveParams();
    }
  }
  PGK_ASSIGN_OR_RETURN(prepared_, PrepareRestore(repository_, pinned, stop_));
  report_.plan = prepared_.plan;
  if (prepared_.plan.possible()) return Ok();
  Error first = prepared_.plan.problems.front();
  for (size_t i = 1; i < prepared_.plan.problems.size(); ++i) {
    first = std::move(first).Attach(prepared_.plan.problems[i]);
  }
  return first;
}

Result<std::unique_ptr<Connection>> Run::Connect() {
  postgres::ConnectOptions connect;
  connect.stop = stop_;
  PGK_ASSIGN_OR_RETURN(auto connection, Connection::Open(prepared_.target.params, connect));
  PGK_TRY(postgres::ApplyRestoreSettings(*connection, source().attributes().encoding));
  PGK_TRY(connection->Execute(kLoadSettings));
  return connection;
}

Status Run::MakeDatabase() {
  const RestorePlan& plan = prepared_.plan;
  if (!plan.creates_database) return Ok();
  std::string owner;
  for (const TocEntry& entry : prepared_.set.database_entries) {
    if (entry.kind == "DATABASE" && options_.owners) owner = entry.owner.value_or("");
  }
  PGK_ASSIGN_OR_RETURN(
      const std::string sql,
      CreateDatabaseSql(plan.target_database, source().attributes(), owner,
                        prepared_.set.database_tablespace, prepared_.target.server.version_num));
  postgres::ConnectOptions connect;
  connect.stop = stop_;
  PGK_TRY(RemakeDatabase(prepared_.target, plan.drops_database, sql, connect));
  made_database_ = true;
  return Ok();
}

// A database that was made here is held as soon as it can be; who was faster is found out.
Status Run::HoldTarget() {
  if (!hold_) {
    postgres::ConnectOptions connect;
    connect.stop = stop_;
    PGK_ASSIGN_OR_RETURN(TargetHold hold, TargetHold::Acquire(prepared_.target.params, connect));
    hold_.emplace(std::move(hold));
  }
  if (hold_->read_only_by_default()) {
    // For pg_restore, whose sessions cannot be told later.
    postgres::ConnectionParams& params = prepared_.target.params;
    PGK_TRY(params.Set("options", params.Get("options") + " -c default_transaction_read_only=off"));
  }
  PGK_TRY(postgres::ApplyRestoreSettings(hold_->connection(), source().attributes().encoding));
  Mark();
  return Ok();
}

// A database that somebody else has made keeps its comment, but for the mark that an earlier
// restore has left.
void Run::Mark() {
  const TargetDatabase& target = prepared_.target;
  marked_ = made_database_ || (prepared_.plan.whole_database && !target.half_restored.empty());
  if (!made_database_) return;
  const std::string mark = HalfRestoredMark(options_.backup, SystemClock().Now());
  const Status marked = hold_->connection().Execute(DatabaseCommentSql(target.name, mark));
  if (marked.ok()) return;
  // Its owner may be a role whose rights are not inherited.
  Log(LogLevel::kWarning, "restore", "database {} could not be marked as half restored: {}",
      target.name, marked.error().ToString());
  marked_ = false;
}

void Run::TakeMarkAway(Connection& connection) {
  if (!marked_) return;
  const Status taken = connection.Execute(DatabaseCommentSql(prepared_.target.name, ""));
  if (!taken.ok()) AddError("comment of the database", taken.error());
}

// Definitions up to the tables, and which of these are ours to fill.
Status Run::DefineTables() {
  PGK_ASSIGN_OR_RETURN(MadeRelations made, MadeRelations::Before(hold_->connection()));
  PGK_TRY(Define("pre-data", 1));
  PGK_TRY(made.After(hold_->connection(), prepared_.set, report_.errors));
  LeaveOut(made);
  return Ok();
}

// Rows go into tables that this restore has made, and into no others, whatever they are called.
void Run::LeaveOut(const MadeRelations& made) {
  std::unordered_set<int32_t> gone;
  for (const TableLoad& table : prepared_.set.tables) {
    const std::string why = made.WhyNotLoad(table);
    if (why.empty()) continue;
    gone.insert(table.dump_id);
    const std::string name = table.schema + "." + table.name;
    report_.failed_tables.push_back(name);
    report_.errors.push_back(
        OneLine(fmt::format("table {}: no rows were loaded into it: {}", name, why)));
  }
  std::erase_if(prepared_.set.tables,
                [&](const TableLoad& table) { return gone.contains(table.dump_id); });
  for (TableLoad& table : prepared_.set.tables) {
    std::erase_if(table.after, [&](int32_t id) { return gone.contains(id); });
  }
  std::erase_if(prepared_.set.sequences, [&](const archive::SequenceValue& sequence) {
    const std::string why = made.WhyNotSet(sequence);
    if (why.empty()) return false;
    report_.errors.push_back(OneLine(
        fmt::format("value of sequence {}.{}: not set: {}", sequence.schema, sequence.name, why)));
    return true;
  });
}

Status Run::MakeSchema() {
  if (options_.into_schema.empty()) return Ok();
  PGK_ASSIGN_OR_RETURN(const auto connection, Connect());
  return connection->Execute("CREATE SCHEMA IF NOT EXISTS " +
                             postgres::QuoteIdentifier(options_.into_schema));
}

Status Run::Define(std::string_view section, unsigned jobs) {
  const DefinitionRun run{.program = prepared_.program,
                          .params = prepared_.target.params,
                          .section = std::string(section),
                          .jobs = jobs,
                          .owners = options_.owners,
                          .privileges = options_.privileges};
  PGK_ASSIGN_OR_RETURN(std::vector<std::string> errors, RunDefinitions(run, *definitions_, stop_));
  std::ranges::move(errors, std::back_inserter(report_.errors));
  return Ok();
}

std::vector<LoadJob> Run::TableJobs() const {
  const std::vector<TableLoad>& tables = prepared_.set.tables;
  std::unordered_map<int32_t, size_t> places;
  for (size_t i = 0; i < tables.size(); ++i) places[tables[i].dump_id] = i;
  const bool saves_wal = prepared_.target.wal_level == "minimal";
  std::vector<LoadJob> jobs;
  jobs.reserve(tables.size());
  for (const TableLoad& table : tables) {
    LoadJob& job = jobs.emplace_back();
    job.name = table.schema + "." + table.name;
    job.rows = &table.rows;
    job.shared = options_.jobs > 1 && table.rows.entry.bytes >= kSharedBytesMin;
    for (const int32_t id : table.after) job.after.push_back(places.at(id));
    // Only a table that we made, and into which nobody else loads.
    const std::string own = postgres::QuoteQualified(table.schema, table.name);
    const bool made_here = table.made_here && !table.through_root;
    const std::string truncate = saves_wal && !job.shared && made_here ? own : "";
    job.open = [&table, truncate](Connection& connection) {
      return OpenTable(connection, table.copy_statement, truncate);
    };
  }
  return jobs;
}

void Run::Count(const TableLoad& table, const LoadOutcome& outcome) {
  const std::string name = table.schema + "." + table.name;
  for (const std::string& column : table.rows.attributes.generated_columns) {
    report_.not_compared.push_back(fmt::format("{}.{}", name, column));
  }
  if (outcome.complete) {
    ++report_.tables;
    report_.rows += outcome.stored;
    report_.text_bytes += outcome.bytes;
    return;
  }
  report_.failed_tables.push_back(name);
  for (const Error& error : outcome.errors) AddError("table " + name, error);
  if (outcome.stored > 0) {
    report_.errors.push_back(
        OneLine(fmt::format("table {} holds only a part of its rows: {}", name, outcome.stored)));
  }
}

Status Run::LoadTables() {
  Begin("data");
  uint64_t bytes = 0;
  for (const TableLoad& table : prepared_.set.tables) bytes += table.rows.entry.bytes;
  progress_.SetTotalBytes(bytes, false);
  progress_.SetTotalObjects(prepared_.set.tables.size());
  LoadCrew crew(source(), prepared_.target.params, std::string(kLoadSettings), TableJobs(),
                progress_);
  const unsigned workers = bytes == 0 ? 1 : options_.jobs;
  PGK_ASSIGN_OR_RETURN(const std::vector<LoadOutcome> outcomes, crew.Run(workers, stop_));
  if (crew.connections() < workers) PGK_TRY(MakeDoWithOneConnection());
  for (size_t i = 0; i < outcomes.size(); ++i) Count(prepared_.set.tables[i], outcomes[i]);
  return Ok();
}

// What the server did not have for us now, it will not have later. Sessions that we have closed may
// still take the places of the next.
Status Run::MakeDoWithOneConnection() {
  jobs_ = 1;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto connection = Connect();
    if (!connection.ok() && connection.error().code() != ErrorCode::kBusy) {
      return connection.error();
    }
    if (connection.ok()) {
      const std::string sql = fmt::format(
          "SELECT count(*) = 0 FROM pg_catalog.pg_stat_activity WHERE datname = "
          "pg_catalog.current_database() AND backend_type = 'client backend' AND pid NOT IN "
          "(pg_catalog.pg_backend_pid(), {})",
          hold_->connection().backend_pid());
      PGK_ASSIGN_OR_RETURN(const bool alone, QueryBool(**connection, sql));
      if (alone) return Ok();
    }
    PGK_TRY(SystemClock().SleepFor(kAttemptEvery, stop_));
  }
  return Ok();
}

Status Run::SetSequences() {
  Begin("sequences");
  progress_.SetTotalObjects(prepared_.set.sequences.size());
  if (prepared_.set.sequences.empty()) return Ok();
  PGK_ASSIGN_OR_RETURN(const auto connection, Connect());
  if (!prepared_.set.standard_strings) {
    PGK_TRY(connection->Execute("SET standard_conforming_strings = off"));
  }
  for (const archive::SequenceValue& sequence : prepared_.set.sequences) {
    const std::string name = sequence.schema + "." + sequence.name;
    progress_.SetObject(name);
    const Status set = connection->Execute(sequence.statement);
    if (set.ok()) {
      ++report_.sequences;
    } else {
      if (!connection->usable()) return set;
      AddError("value of sequence " + name, set.error());
    }
    progress_.AddObjects();
  }
  return Ok();
}

Status Run::LoadLargeObjects() {
  if (prepared_.set.large_objects.empty()) return Ok();
  Begin("large_objects");
  PGK_ASSIGN_OR_RETURN(const std::optional<RowStream> rows, source().LargeObjectRows());
  if (!rows) {
    return Err(ErrorCode::kCorruption, "the backup has no bytes of its {} large objects",
               prepared_.set.large_objects.size())
        .WithHint("run 'pgkeep verify' on the backup");
  }
  progress_.SetTotalBytes(rows->entry.bytes, false);
  LoadJob job;
  job.name = "large objects";
  job.rows = &*rows;
  job.open = OpenLargeObjects;
  job.shared = options_.jobs > 1 && rows->entry.bytes >= kSharedBytesMin;
  std::vector<LoadJob> jobs;
  jobs.push_back(std::move(job));
  LoadCrew crew(source(), prepared_.target.params, std::string(kLoadSettings), std::move(jobs),
                progress_);
  PGK_ASSIGN_OR_RETURN(const std::vector<LoadOutcome> outcomes, crew.Run(jobs_, stop_));
  for (const Error& error : outcomes[0].errors) AddError("large objects", error);
  if (!outcomes[0].complete) {
    large_objects_equal_ = false;
    return Ok();
  }
  report_.large_objects = prepared_.set.large_objects.size();
  report_.text_bytes += outcomes[0].bytes;
  return Ok();
}

// After everything else: the settings of a database may forbid new sessions to write.
Status Run::SetDatabase(Connection& connection) {
  for (const TocEntry& entry : prepared_.set.database_entries) {
    const EntryKind kind = KindOf(entry);
    if (kind == EntryKind::kAcl && !options_.privileges) continue;
    const std::string sql =
        DatabaseEntrySql(entry, prepared_.plan.target_database, prepared_.set.standard_strings);
    if (sql.empty()) continue;
    const Status set = connection.Execute(sql);
    if (set.ok()) continue;
    if (!connection.usable()) return set;
    AddError(ObjectText(entry), set.error());
  }
  return Ok();
}

Status Run::Analyze() {
  if (!options_.analyze) return Ok();
  Begin("analyze");
  TableNames names;
  for (const TableLoad& table : prepared_.set.tables) names.emplace(table.schema, table.name);
  for (const TocEntry& entry : prepared_.set.toc.entries) {
    const EntryKind kind = KindOf(entry);
    if (kind != EntryKind::kTable && kind != EntryKind::kMaterializedView) continue;
    names.emplace(entry.schema.value_or(""), entry.tag);
  }
  PGK_ASSIGN_OR_RETURN(std::vector<std::string> errors,
                       AnalyzeTables(prepared_.target.params, source().attributes().encoding, names,
                                     options_.jobs, progress_, stop_));
  for (std::string& error : errors) report_.errors.push_back(OneLine(std::move(error)));
  return Ok();
}

// Ends with a transaction that commits the usual way: it waits until all that was committed before
// is on disk.
Status Run::Finish() {
  PGK_ASSIGN_OR_RETURN(const auto connection, Connect());
  TakeMarkAway(*connection);
  if (prepared_.plan.creates_database) PGK_TRY(SetDatabase(*connection));
  return connection->Execute("SET synchronous_commit = local; SELECT pg_catalog.txid_current()");
}

Result<RestoreReport> Run::Execute() {
  PGK_TRY(Prepare());
  Begin("pre_data");
  PGK_ASSIGN_OR_RETURN(
      definitions_,
      DefinitionArchive::Write(PosixFileSystem(), options_.scratch_directory, prepared_.set.toc));
  PGK_TRY(MakeDatabase());
  PGK_TRY(HoldTarget());
  PGK_TRY(MakeSchema());
  PGK_TRY(DefineTables());
  PGK_TRY(LoadTables());
  PGK_TRY(SetSequences());
  PGK_TRY(LoadLargeObjects());
  Begin("post_data");
  PGK_TRY(Define("post-data", jobs_));
  PGK_TRY(Analyze());
  PGK_TRY(Finish());
  if (Status held = hold_->Check(); !held.ok()) AddError("the restore", held.error());
  EndPhase();
  report_.fingerprints_equal = report_.failed_tables.empty() && large_objects_equal_;
  return std::move(report_);
}

Error Run::Explain(Error error) const {
  if (!made_database_) return error;
  const std::string& name = prepared_.plan.target_database;
  std::string hint = error.hint();
  hint += fmt::format("{}run the restore again with --clean, which drops database '{}' first",
                      hint.empty() ? "" : "; then ", name);
  return std::move(error)
      .Attach(Err(ErrorCode::kRefused, "database '{}' is only half restored", name))
      .WithHint(std::move(hint));
}

}  // namespace

Result<RestoreReport> RunRestore(repository::Repository& repository, const RestoreOptions& options,
                                 Progress& progress, std::stop_token stop) {
  Run run(repository, options, progress, stop);
  Result<RestoreReport> report = run.Execute();
  if (report.ok()) return report;
  Error error = std::move(report).error();
  if (stop.stop_requested() && error.code() != ErrorCode::kCancelled) {
    error = Err(ErrorCode::kCancelled, "the restore was interrupted").Attach(std::move(error));
  }
  return run.Explain(std::move(error));
}

}  // namespace pgkeep::restore
