#include "jobs/job_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "catalog/sqlite_catalog.h"
#include "testing/seeded_random.h"
#include "testing/stepped_clock.h"
#include "testing/temporary_directory.h"

namespace pgkeep::jobs {
namespace {

using catalog::Catalog;
using catalog::JobOutcome;
using catalog::JobRecord;
using catalog::JobStatus;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Passes everything on, but for what a test makes fail.
class FaultyCatalog final : public Catalog {
 public:
  explicit FaultyCatalog(Catalog& inner) : inner_(inner) {}

  std::optional<Error> create_error;
  std::optional<Error> start_error;
  std::optional<Error> phase_error;
  std::optional<Error> finish_error;
  int finish_failures = 0;  // how often; for ever, if negative
  int finish_calls = 0;

  Status CreateJob(const catalog::NewJob& job) override {
    return create_error ? Status(*create_error) : inner_.CreateJob(job);
  }
  Status StartJob(const std::string& id, const std::string& worker, Timestamp now,
                  Timestamp lease) override {
    return start_error ? Status(*start_error) : inner_.StartJob(id, worker, now, lease);
  }
  Status RenewLease(const std::string& id, const std::string& worker, Timestamp lease) override {
    return inner_.RenewLease(id, worker, lease);
  }
  Status BeginPhase(const std::string& id, const std::string& worker, const std::string& phase,
                    Timestamp now) override {
    return phase_error ? Status(*phase_error) : inner_.BeginPhase(id, worker, phase, now);
  }
  Status FinishJob(const std::string& id, const std::string& worker,
                   const JobOutcome& outcome) override {
    ++finish_calls;
    if (finish_failures == 0) return inner_.FinishJob(id, worker, outcome);
    --finish_failures;
    return *finish_error;
  }
  Result<bool> InterruptJob(const JobRecord& seen, const catalog::JobError& why,
                            Timestamp now) override {
    return inner_.InterruptJob(seen, why, now);
  }
  Result<size_t> RecordProof(const std::string& backup, Timestamp at,
                             const std::string& report) override {
    return inner_.RecordProof(backup, at, report);
  }
  Result<JobRecord> FindJob(const std::string& id) override { return inner_.FindJob(id); }
  Result<std::vector<catalog::JobPhase>> ListPhases(const std::string& id) override {
    return inner_.ListPhases(id);
  }
  Result<catalog::JobPage> ListJobs(const catalog::JobQuery& query) override {
    return inner_.ListJobs(query);
  }
  Result<std::vector<JobRecord>> ListActiveJobs() override { return inner_.ListActiveJobs(); }
  Result<std::vector<catalog::LastSuccess>> ListLastSuccesses(catalog::JobKind kind) override {
    return inner_.ListLastSuccesses(kind);
  }
  Status CheckIntegrity() override { return inner_.CheckIntegrity(); }

 private:
  Catalog& inner_;
};

class JobRunnerTest : public ::testing::Test {
 protected:
  JobRunnerTest()
      : catalog_(catalog::OpenSqliteCatalog({.path = directory_.Join("catalog.db")}).value()),
        faulty_(*catalog_) {}

  JobRunner Runner(Clock& clock = SystemClock()) {
    return JobRunner({.catalog = &faulty_,
                      .clock = &clock,
                      .fill_random = [this](MutableByteSpan out) { random_.Fill(out); },
                      .host = "db1",
                      .version = "9.9"});
  }

  JobReport Run(const JobFunction& function, std::stop_token stop = {}) {
    return Runner().Run(request_, function, std::move(stop), progress_);
  }

  JobRecord Find(const JobReport& report) { return catalog_->FindJob(report.id).value(); }

  const testing::TemporaryDirectory directory_;
  const std::unique_ptr<Catalog> catalog_;
  FaultyCatalog faulty_;
  testing::SeededRandom random_{1};
  Progress progress_;
  JobRequest request_{.source = "app", .databases = {"one", "two"}};
};

TEST_F(JobRunnerTest, RecordsASuccess) {
  const JobReport report = Run([&](JobContext& context) -> Result<JobResult> {
    EXPECT_EQ(catalog_->FindJob(context.id)->status, JobStatus::kRunning);
    context.progress.BeginPhase("schema");
    context.progress.BeginPhase("copy");
    EXPECT_EQ(catalog_->FindJob(context.id)->phase, "copy");
    return JobResult{.figures = {.bytes_read = 5, .backup_id = "b"}};
  });
  EXPECT_EQ(report.status, JobStatus::kSucceeded);
  EXPECT_TRUE(report.ToStatus().ok());
  EXPECT_FALSE(report.record_error);
  const JobRecord record = Find(report);
  EXPECT_EQ(record.status, JobStatus::kSucceeded);
  EXPECT_EQ(record.figures.bytes_read, 5U);
  EXPECT_EQ(record.figures.backup_id, "b");
  EXPECT_EQ(record.worker.host, "db1");
  EXPECT_EQ(record.version, "9.9");
  EXPECT_EQ(record.error, std::nullopt);
  EXPECT_GE(record.duration.value(), Duration::zero());
  EXPECT_THAT(record.databases, SizeIs(2));
  const auto phases = catalog_->ListPhases(report.id).value();
  ASSERT_THAT(phases, SizeIs(2));
  EXPECT_EQ(phases[0].name, "schema");
  EXPECT_EQ(phases[0].finished, phases[1].started);
  EXPECT_EQ(phases[1].finished, record.finished);
}

TEST_F(JobRunnerTest, RecordsAFailureWithHowFarItCame) {
  const JobReport report = Run([](JobContext& context) -> Result<JobResult> {
    context.progress.BeginPhase("copy");
    context.progress.AddBytes(77);
    context.progress.AddObjects(2);
    return Err(ErrorCode::kPostgres, "table {} is gone", "a").WithHint("look");
  });
  EXPECT_EQ(report.status, JobStatus::kFailed);
  EXPECT_EQ(report.ToStatus().error().code(), ErrorCode::kPostgres);
  const JobRecord record = Find(report);
  EXPECT_EQ(record.status, JobStatus::kFailed);
  EXPECT_EQ(record.error,
            (catalog::JobError{.code = "postgres", .text = "table a is gone", .hint = "look"}));
  EXPECT_EQ(record.figures.bytes_read, 77U);
  EXPECT_EQ(record.figures.objects, 2U);
  EXPECT_EQ(record.phase, "copy");
}

TEST_F(JobRunnerTest, RecordsWhatIsThrown) {
  const std::vector<std::pair<JobFunction, std::string>> throwing = {
      {[](JobContext&) -> Result<JobResult> { throw std::runtime_error("bad weather"); },
       "unexpected exception: bad weather"},
      {[](JobContext&) -> Result<JobResult> { throw std::bad_alloc(); }, "out of memory"},
      {[](JobContext&) -> Result<JobResult> { throw 7; }, "unexpected exception"}};
  for (const auto& [function, text] : throwing) {
    const JobReport report = Run(function);
    EXPECT_EQ(report.status, JobStatus::kFailed);
    EXPECT_EQ(report.error->message(), text);
    EXPECT_EQ(Find(report).status, JobStatus::kFailed);
    EXPECT_EQ(Find(report).error->text, text);
  }
}

TEST_F(JobRunnerTest, RecordsACleanStop) {
  std::stop_source stop;
  const JobReport report = Run(
      [&](JobContext& context) -> Result<JobResult> {
        stop.request_stop();
        EXPECT_TRUE(context.stop.stop_requested());
        return Err(ErrorCode::kPostgres, "canceling statement due to user request");
      },
      stop.get_token());
  EXPECT_EQ(report.status, JobStatus::kCancelled);
  EXPECT_EQ(ExitStatus(report.error->code()), 130);
  EXPECT_THAT(Find(report).error->text,
              AllOf(HasSubstr("stopped on request"), HasSubstr("canceling statement due to user")));
}

TEST_F(JobRunnerTest, CountsASuccessThatTheStopCameTooLateFor) {
  std::stop_source stop;
  const JobReport report = Run(
      [&](JobContext&) -> Result<JobResult> {
        stop.request_stop();
        return JobResult{};
      },
      stop.get_token());
  EXPECT_EQ(report.status, JobStatus::kSucceeded);
}

TEST_F(JobRunnerTest, DoesNotBeginWhatIsStoppedAlready) {
  std::stop_source stop;
  stop.request_stop();
  bool called = false;
  const JobReport report = Run(
      [&](JobContext&) -> Result<JobResult> {
        called = true;
        return JobResult{};
      },
      stop.get_token());
  EXPECT_FALSE(called);
  EXPECT_EQ(report.status, JobStatus::kCancelled);
  EXPECT_EQ(Find(report).status, JobStatus::kCancelled);
}

TEST_F(JobRunnerTest, IsPartialWhenSomeDatabasesFailed) {
  const catalog::JobError why = {.code = "permission", .text = "no right to read a", .hint = ""};
  const JobReport report = Run([&](JobContext&) -> Result<JobResult> {
    return JobResult{
        .figures = {.backup_id = "b"},
        .databases = {{.database = "one", .status = JobStatus::kSucceeded, .error = {}},
                      {.database = "two", .status = JobStatus::kFailed, .error = why}}};
  });
  EXPECT_EQ(report.status, JobStatus::kPartial);
  EXPECT_EQ(report.error->message(), "1 of 2 databases failed: two");
  EXPECT_EQ(ExitStatus(report.error->code()), 4);
  const JobRecord record = Find(report);
  EXPECT_EQ(record.status, JobStatus::kPartial);
  EXPECT_EQ(record.databases[1].error, why);
  EXPECT_EQ(record.figures.backup_id, "b");
}

TEST_F(JobRunnerTest, RefusesASecondJobOfTheSameSourceAndKind) {
  const JobReport outer = Run([&](JobContext& context) -> Result<JobResult> {
    const auto unexpected = [](JobContext&) -> Result<JobResult> {
      return Err(ErrorCode::kInternal, "it ran");
    };
    Progress progress;
    const JobReport inner = Runner().Run(request_, unexpected, {}, progress);
    EXPECT_EQ(inner.error->code(), ErrorCode::kBusy);
    EXPECT_EQ(ExitStatus(inner.error->code()), 75);
    EXPECT_THAT(inner.error->message(),
                AllOf(HasSubstr("a backup of source app is running"), HasSubstr(context.id)));
    EXPECT_EQ(Find(inner).status, JobStatus::kFailed);
    EXPECT_EQ(Find(inner).error->code, "busy");

    JobRequest other = request_;
    other.kind = catalog::JobKind::kVerify;
    const auto succeed = [](JobContext&) -> Result<JobResult> { return JobResult{}; };
    EXPECT_EQ(Runner().Run(other, succeed, {}, progress).status, JobStatus::kSucceeded);
    return JobResult{};
  });
  EXPECT_EQ(outer.status, JobStatus::kSucceeded);
}

TEST_F(JobRunnerTest, RunsNothingThatCannotBeRecorded) {
  faulty_.create_error = Err(ErrorCode::kOutOfSpace, "no space");
  bool called = false;
  const JobReport report = Run([&](JobContext&) -> Result<JobResult> {
    called = true;
    return JobResult{};
  });
  EXPECT_FALSE(called);
  EXPECT_EQ(report.status, JobStatus::kFailed);
  EXPECT_EQ(report.ToStatus().error().code(), ErrorCode::kOutOfSpace);
}

TEST_F(JobRunnerTest, RunsWhatNeedsNoRecordAllTheSame) {
  request_.needs_record = false;
  request_.exclusive = false;
  const auto collect = [](JobContext& context) -> Result<JobResult> {
    context.progress.BeginPhase("deleting");
    return JobResult{.figures = {.objects = 3}};
  };
  faulty_.create_error = Err(ErrorCode::kOutOfSpace, "no space");
  const JobReport without_row = Run(collect);
  EXPECT_EQ(without_row.status, JobStatus::kSucceeded);
  EXPECT_EQ(without_row.result.figures.objects, 3U);
  EXPECT_EQ(without_row.id, "") << "the history knows no such job";
  EXPECT_EQ(without_row.record_error->code(), ErrorCode::kOutOfSpace);

  faulty_.create_error.reset();
  faulty_.start_error = Err(ErrorCode::kBusy, "locked");
  const JobReport not_started = Run(collect);
  EXPECT_EQ(not_started.status, JobStatus::kSucceeded);
  EXPECT_FALSE(not_started.record_error);
  EXPECT_EQ(Find(not_started).status, JobStatus::kSucceeded);
  EXPECT_EQ(Find(not_started).figures.objects, 3U);
  EXPECT_THAT(catalog_->ListPhases(not_started.id).value(), SizeIs(0));
}

TEST_F(JobRunnerTest, DoesNotRunBesideAnotherForWantOfARecord) {
  request_.needs_record = false;
  faulty_.start_error = Err(ErrorCode::kBusy, "a gc is running");
  bool called = false;
  const JobReport report = Run([&](JobContext&) -> Result<JobResult> {
    called = true;
    return JobResult{};
  });
  EXPECT_FALSE(called);
  EXPECT_EQ(report.ToStatus().error().code(), ErrorCode::kBusy);
}

TEST_F(JobRunnerTest, RecordsAFailureWithItsResult) {
  const JobReport report = Run([](JobContext& context) -> Result<JobResult> {
    context.progress.AddObjects(9);
    return JobResult{.figures = {.objects = 2, .summary = "2 objects, DAMAGED"},
                     .databases = {},
                     .error = Err(ErrorCode::kCorruption, "1 object is damaged")};
  });
  EXPECT_EQ(report.status, JobStatus::kFailed);
  EXPECT_EQ(report.ToStatus().error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(report.result.figures.objects, 2U);
  const JobRecord record = Find(report);
  EXPECT_EQ(record.status, JobStatus::kFailed);
  EXPECT_EQ(record.figures.objects, 2U);
  EXPECT_EQ(record.figures.summary, "2 objects, DAMAGED");
  EXPECT_EQ(record.error->text, "1 object is damaged");
}

TEST_F(JobRunnerTest, KeepsASuccessThatCannotBeRecorded) {
  faulty_.finish_error = Err(ErrorCode::kOutOfSpace, "no space");
  faulty_.finish_failures = -1;
  const JobReport report = Run(
      [](JobContext&) -> Result<JobResult> { return JobResult{.figures = {.backup_id = "b"}}; });
  EXPECT_EQ(report.status, JobStatus::kSucceeded);
  EXPECT_TRUE(report.ToStatus().ok());
  EXPECT_EQ(report.result.figures.backup_id, "b");
  EXPECT_EQ(report.record_error->code(), ErrorCode::kOutOfSpace);
  EXPECT_EQ(faulty_.finish_calls, 1) << "a full disk is not tried again";
  EXPECT_EQ(Find(report).status, JobStatus::kRunning) << "until its lease expires";
}

TEST_F(JobRunnerTest, TriesAgainToRecordTheEndWhenTheCatalogIsBusy) {
  faulty_.finish_error = Err(ErrorCode::kBusy, "locked");
  faulty_.finish_failures = 2;
  const JobReport report = Run([](JobContext&) -> Result<JobResult> { return JobResult{}; });
  EXPECT_FALSE(report.record_error);
  EXPECT_EQ(faulty_.finish_calls, 3);
  EXPECT_EQ(Find(report).status, JobStatus::kSucceeded);
}

TEST_F(JobRunnerTest, GoesOnWhenAPhaseCannotBeRecorded) {
  faulty_.phase_error = Err(ErrorCode::kIo, "broken");
  const JobReport report = Run([](JobContext& context) -> Result<JobResult> {
    context.progress.BeginPhase("copy");
    return JobResult{};
  });
  EXPECT_EQ(report.status, JobStatus::kSucceeded);
}

TEST_F(JobRunnerTest, RenewsTheLeaseWhileTheJobRuns) {
  testing::SteppedClock clock;
  const auto lease_of = [&](const std::string& id) {
    return catalog_->FindJob(id)->lease_expires.value();
  };
  const JobReport report = Runner(clock).Run(
      request_,
      [&](JobContext& context) -> Result<JobResult> {
        const Timestamp begun = clock.Now();
        EXPECT_EQ(lease_of(context.id), begun + catalog::kLease);
        clock.WaitUntilAsleep();
        for (int i = 1; i <= 3; ++i) {
          clock.Step();
          EXPECT_EQ(lease_of(context.id), begun + i * catalog::kLeaseRenewal + catalog::kLease);
        }
        return JobResult{};
      },
      {}, progress_);
  EXPECT_EQ(report.status, JobStatus::kSucceeded);
  EXPECT_EQ(Find(report).lease_expires, std::nullopt);
  EXPECT_EQ(Find(report).duration, 3 * catalog::kLeaseRenewal);
}

// A machine that slept: its jobs are taken for dead by another process, and are not.
TEST_F(JobRunnerTest, TakesItsRowBackFromAWrongReconciliation) {
  testing::SteppedClock clock;
  const JobReport report = Runner(clock).Run(
      request_,
      [&](JobContext& context) -> Result<JobResult> {
        clock.WaitUntilAsleep();
        clock.Advance(std::chrono::hours(1));
        EXPECT_THAT(Runner(clock).Reconcile().value(), SizeIs(1));
        EXPECT_EQ(catalog_->FindJob(context.id)->status, JobStatus::kInterrupted);
        clock.Step();
        EXPECT_EQ(catalog_->FindJob(context.id)->status, JobStatus::kRunning);
        EXPECT_THAT(Runner(clock).Reconcile().value(), SizeIs(0));
        clock.Advance(std::chrono::hours(1));
        EXPECT_THAT(Runner(clock).Reconcile().value(), SizeIs(1));
        return JobResult{};
      },
      {}, progress_);
  EXPECT_EQ(report.status, JobStatus::kSucceeded);
  EXPECT_FALSE(report.record_error);
  EXPECT_EQ(Find(report).status, JobStatus::kSucceeded);
  EXPECT_EQ(Find(report).error, std::nullopt);
}

TEST_F(JobRunnerTest, LeavesTheListenerOfAnEndedJobAlone) {
  const JobReport report = Run([](JobContext&) -> Result<JobResult> { return JobResult{}; });
  progress_.BeginPhase("later");
  EXPECT_THAT(catalog_->ListPhases(report.id).value(), ElementsAre());
}

TEST(RunUnrecorded, EndsAsARecordedJobWould) {
  Progress progress;
  const JobReport done = RunUnrecorded(
      [](JobContext& context) -> Result<JobResult> {
        context.progress.AddBytes(7);
        return JobResult{.figures = {.bytes_read = 7}};
      },
      {}, progress);
  EXPECT_EQ(done.status, JobStatus::kSucceeded);
  EXPECT_EQ(done.result.figures.bytes_read, 7U);
  EXPECT_EQ(done.id, "");

  const JobReport thrown =
      RunUnrecorded([](JobContext&) -> Result<JobResult> { throw std::bad_alloc(); }, {}, progress);
  EXPECT_EQ(thrown.status, JobStatus::kFailed);
  EXPECT_EQ(thrown.error->code(), ErrorCode::kLimitExceeded);

  std::stop_source source;
  const JobReport stopped = RunUnrecorded(
      [&source](JobContext&) -> Result<JobResult> {
        source.request_stop();
        return Error(ErrorCode::kIo, "a consequence");
      },
      source.get_token(), progress);
  EXPECT_EQ(stopped.status, JobStatus::kCancelled);
  EXPECT_EQ(stopped.error->code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace pgkeep::jobs
