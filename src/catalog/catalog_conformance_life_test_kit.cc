// Conformance: the life of one job.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "catalog/catalog_conformance_test_kit.h"

namespace pgkeep::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Names that a server may have, and texts that must not be taken for SQL.
constexpr char kHostile[] = "x'); DROP TABLE backup_history; --\n\"\\ \xff\xc3 \xe2\x82\xac";

void KeepsAllOfAJob(CatalogUnderTest& under_test) {
  NewJob job = SampleJob("a");
  job.source = kHostile;
  job.databases = {"app", kHostile, ""};
  job.kind = JobKind::kRestore;
  job.type = JobType::kPhysical;
  job.trigger = JobTrigger::kSchedule;
  job.exclusive = false;
  job.version = "1.2.3";
  job.worker = {.id = "w", .host = kHostile, .pid = 1234567, .process = "b 3 4"};
  Add(*under_test.catalog, job, false);

  JobRecord expected;
  expected.id = job.id;
  expected.source = kHostile;
  expected.databases = {{.database = "app"}, {.database = kHostile}, {.database = ""}};
  expected.kind = JobKind::kRestore;
  expected.type = JobType::kPhysical;
  expected.trigger = JobTrigger::kSchedule;
  expected.exclusive = false;
  expected.status = JobStatus::kQueued;
  expected.queued = At(100);
  expected.version = "1.2.3";
  expected.worker = job.worker;
  expected.lease_expires = At(130);
  EXPECT_EQ(Find(*under_test.catalog, job), expected);

  ASSERT_TRUE(under_test.catalog->StartJob(job.id, "w", At(105), At(135)).ok());
  expected.status = JobStatus::kRunning;
  expected.started = At(105);
  expected.lease_expires = At(135);
  EXPECT_EQ(Find(*under_test.catalog, job), expected);

  const JobError error = {.code = "io", .text = kHostile, .hint = "look"};
  const JobOutcome outcome = {
      .status = JobStatus::kPartial,
      .finished = At(300) + Duration(7),
      .duration = Duration(195'000'001),
      .figures = {.bytes_read = 1,
                  .bytes_stored = uint64_t{1} << 40,
                  .bytes_new = std::numeric_limits<int64_t>::max(),
                  .bytes_deleted = 5,
                  .objects = 4,
                  .compression_ratio = 3.25,
                  .dedup_ratio = 0.1,
                  .start_lsn = "0/16B3748",
                  .stop_lsn = "1/0",
                  .backup_id = "0123abcd",
                  .summary = kHostile},
      .error = error,
      .databases = {{.database = kHostile, .status = JobStatus::kFailed, .error = error},
                    {.database = "app", .status = JobStatus::kSucceeded, .error = {}}}};
  Finish(*under_test.catalog, job, outcome);
  expected.status = JobStatus::kPartial;
  expected.finished = outcome.finished;
  expected.duration = outcome.duration;
  expected.figures = outcome.figures;
  expected.error = error;
  expected.databases = outcome.databases;
  expected.lease_expires = std::nullopt;
  EXPECT_EQ(Find(*under_test.catalog, job), expected);
  // Another handle sees the same.
  EXPECT_EQ(Find(*under_test.open_another(), job), expected);
}

void GivesTheDatabasesTheStateOfAJobThatSaysNothingOfThem(CatalogUnderTest& under_test) {
  NewJob job = SampleJob("a");
  job.databases = {"one", "two"};
  Add(*under_test.catalog, job);
  Finish(*under_test.catalog, job, JobStatus::kSucceeded);
  EXPECT_THAT(
      Find(*under_test.catalog, job).databases,
      ElementsAre(
          DatabaseOutcome{.database = "one", .status = JobStatus::kSucceeded, .error = {}},
          DatabaseOutcome{.database = "two", .status = JobStatus::kSucceeded, .error = {}}));
}

void RefusesATakenId(CatalogUnderTest& under_test) {
  const NewJob job = SampleJob("a");
  Add(*under_test.catalog, job);
  const Status again = under_test.catalog->CreateJob(job);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(Find(*under_test.catalog, job).status, JobStatus::kRunning);
}

void RecordsPhasesWithTheirTimes(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  const NewJob job = SampleJob("a");
  Add(catalog, job);
  ASSERT_TRUE(catalog.BeginPhase(job.id, job.worker.id, "schema", At(110)).ok());
  EXPECT_EQ(Find(catalog, job).phase, "schema");
  ASSERT_TRUE(catalog.BeginPhase(job.id, job.worker.id, "copy", At(120)).ok());
  EXPECT_THAT(
      catalog.ListPhases(job.id).value(),
      ElementsAre(JobPhase{"schema", At(110), At(120)}, JobPhase{"copy", At(120), std::nullopt}));
  Finish(catalog, job, JobStatus::kFailed);
  EXPECT_EQ(Find(catalog, job).phase, "copy");
  EXPECT_THAT(catalog.ListPhases(job.id).value(), ElementsAre(JobPhase{"schema", At(110), At(120)},
                                                              JobPhase{"copy", At(120), At(200)}));
  EXPECT_THAT(catalog.ListPhases("nothing").value(), ElementsAre());
}

void EndsAJobThatNeverBegan(CatalogUnderTest& under_test) {
  const NewJob job = SampleJob("a");
  Add(*under_test.catalog, job, false);
  Finish(*under_test.catalog, job, JobStatus::kCancelled);
  const JobRecord record = Find(*under_test.catalog, job);
  EXPECT_EQ(record.status, JobStatus::kCancelled);
  EXPECT_EQ(record.started, std::nullopt);
  EXPECT_EQ(record.finished, At(200));
}

void ChangesNothingThatHasEnded(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  const NewJob job = SampleJob("a");
  Add(catalog, job);
  Finish(catalog, job, JobStatus::kSucceeded);
  const JobRecord ended = Find(catalog, job);
  const std::string& worker = job.worker.id;
  const std::vector<Status> answers = {
      catalog.StartJob(job.id, worker, At(210), At(240)),
      catalog.RenewLease(job.id, worker, At(240)),
      catalog.BeginPhase(job.id, worker, "copy", At(210)),
      catalog.FinishJob(job.id, worker, {.status = JobStatus::kFailed, .finished = At(210)})};
  for (const Status& answer : answers) {
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code(), ErrorCode::kConflict);
    EXPECT_THAT(answer.error().message(), HasSubstr("is succeeded already"));
  }
  EXPECT_FALSE(catalog.InterruptJob(ended, {.code = "x", .text = "y"}, At(210)).value());
  EXPECT_EQ(Find(catalog, job), ended);
}

void RefusesAnEndThatIsNone(CatalogUnderTest& under_test) {
  const NewJob job = SampleJob("a");
  Add(*under_test.catalog, job);
  const Status answer = under_test.catalog->FinishJob(
      job.id, job.worker.id, {.status = JobStatus::kRunning, .finished = At(200)});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::kInvalidArgument);
}

void RecordsNothingOfAnEndThatDoesNotFit(CatalogUnderTest& under_test) {
  NewJob job = SampleJob("a");
  job.databases = {"app"};
  Add(*under_test.catalog, job);
  const JobRecord before = Find(*under_test.catalog, job);
  JobOutcome outcome = {.status = JobStatus::kSucceeded, .finished = At(200)};
  outcome.figures.bytes_read = std::numeric_limits<uint64_t>::max();
  const Status answer = under_test.catalog->FinishJob(job.id, job.worker.id, outcome);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Find(*under_test.catalog, job), before);
}

void MarksProvenBackups(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  const NewJob backup = SampleJob("backup");
  Add(catalog, backup);
  Finish(catalog, backup,
         {.status = JobStatus::kSucceeded, .finished = At(200), .figures = {.backup_id = "b1"}});
  NewJob restore = SampleJob("restore");
  restore.kind = JobKind::kRestore;
  Add(catalog, restore);
  Finish(catalog, restore,
         {.status = JobStatus::kSucceeded, .finished = At(300), .figures = {.backup_id = "b1"}});

  EXPECT_EQ(catalog.RecordProof("b1", At(400), "report-1").value(), 1U);
  EXPECT_EQ(Find(catalog, backup).proven_at, At(400));
  EXPECT_EQ(Find(catalog, backup).report_id, "report-1");
  EXPECT_EQ(Find(catalog, restore).proven_at, std::nullopt);
  EXPECT_EQ(catalog.RecordProof("b2", At(400), "report-2").value(), 0U);
  EXPECT_EQ(catalog.RecordProof("", At(400), "report-3").value(), 0U);
}

void SaysThatAJobIsNotThere(CatalogUnderTest& under_test) {
  const auto found = under_test.catalog->FindJob("nothing");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code(), ErrorCode::kNotFound);
}

void IsWhole(CatalogUnderTest& under_test) {
  Add(*under_test.catalog, SampleJob("a"));
  const Status whole = under_test.catalog->CheckIntegrity();
  EXPECT_TRUE(whole.ok()) << whole.error().Describe();
}

}  // namespace

std::vector<CatalogCase> LifeCases() {
  return {{"KeepsAllOfAJob", KeepsAllOfAJob},
          {"GivesTheDatabasesTheStateOfAJobThatSaysNothingOfThem",
           GivesTheDatabasesTheStateOfAJobThatSaysNothingOfThem},
          {"RefusesATakenId", RefusesATakenId},
          {"RecordsPhasesWithTheirTimes", RecordsPhasesWithTheirTimes},
          {"EndsAJobThatNeverBegan", EndsAJobThatNeverBegan},
          {"ChangesNothingThatHasEnded", ChangesNothingThatHasEnded},
          {"RefusesAnEndThatIsNone", RefusesAnEndThatIsNone},
          {"RecordsNothingOfAnEndThatDoesNotFit", RecordsNothingOfAnEndThatDoesNotFit},
          {"MarksProvenBackups", MarksProvenBackups},
          {"SaysThatAJobIsNotThere", SaysThatAJobIsNotThere},
          {"IsWhole", IsWhole}};
}

}  // namespace pgkeep::catalog
