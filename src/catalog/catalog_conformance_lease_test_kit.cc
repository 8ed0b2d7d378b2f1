// Conformance: what workers, locks and leases keep apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/task_group.h"
#include "catalog/catalog_conformance_test_kit.h"

namespace pgkeep::catalog {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const JobError kGone = {.code = "unavailable", .text = "the process is gone", .hint = "look"};

Status Start(Catalog& catalog, const NewJob& job) {
  return catalog.StartJob(job.id, job.worker.id, At(102), At(132));
}

void LocksEachKindOfEachSource(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  const NewJob first = SampleJob("first");
  Add(catalog, first);

  const NewJob second = SampleJob("second");
  Add(catalog, second, false);
  const Status refused = Start(catalog, second);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kBusy);
  EXPECT_THAT(refused.error().message(),
              AllOf(HasSubstr("a backup of source app is running since 2026-03-01T00:01:41Z"),
                    HasSubstr("job job-first, process 42 on db1")));
  EXPECT_EQ(Find(catalog, second).status, JobStatus::kQueued);

  NewJob other_source = SampleJob("other-source");
  other_source.source = "sales";
  Add(catalog, other_source);
  NewJob other_kind = SampleJob("other-kind");
  other_kind.kind = JobKind::kExpire;
  Add(catalog, other_kind);
  NewJob shared = SampleJob("shared");
  shared.exclusive = false;
  Add(catalog, shared);

  Finish(catalog, first, JobStatus::kSucceeded);
  const Status accepted = Start(catalog, second);
  EXPECT_TRUE(accepted.ok()) << accepted.error().Describe();
}

void LetsOneOfManyThreadsStart(CatalogUnderTest& under_test) {
  constexpr int kThreads = 8;
  for (int i = 0; i < kThreads; ++i) {
    Add(*under_test.catalog, SampleJob(std::to_string(i)), false);
  }
  std::atomic<int> winners = 0;
  std::atomic<int> refused = 0;
  TaskGroup group;
  for (int i = 0; i < kThreads; ++i) {
    // Half of them through another handle.
    const std::shared_ptr<Catalog> own = i % 2 == 0 ? nullptr : under_test.open_another();
    group.Spawn("starter", [&, i, own](const std::stop_token&) {
      const Status started = Start(own ? *own : *under_test.catalog, SampleJob(std::to_string(i)));
      if (started.ok()) ++winners;
      if (!started.ok() && started.error().code() == ErrorCode::kBusy) ++refused;
      return Ok();
    });
  }
  ASSERT_TRUE(group.Wait().ok());
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(refused, kThreads - 1);
}

void ListensToTheOwnerOnly(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  const NewJob job = SampleJob("a");
  Add(catalog, job);
  const JobRecord before = Find(catalog, job);
  const JobOutcome end = {.status = JobStatus::kFailed, .finished = At(200)};
  const std::vector<Status> strangers = {catalog.StartJob(job.id, "stranger", At(110), At(140)),
                                         catalog.RenewLease(job.id, "stranger", At(140)),
                                         catalog.BeginPhase(job.id, "stranger", "copy", At(110)),
                                         catalog.FinishJob(job.id, "stranger", end)};
  for (const Status& answer : strangers) {
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code(), ErrorCode::kConflict);
  }
  EXPECT_EQ(Find(catalog, job), before);

  const std::string& worker = job.worker.id;
  const std::vector<Status> nowhere = {catalog.StartJob("nothing", worker, At(110), At(140)),
                                       catalog.RenewLease("nothing", worker, At(140)),
                                       catalog.BeginPhase("nothing", worker, "copy", At(110)),
                                       catalog.FinishJob("nothing", worker, end)};
  for (const Status& answer : nowhere) {
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code(), ErrorCode::kNotFound);
  }
}

void InterruptsWhatIsAsItWasSeen(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  const NewJob job = SampleJob("a");
  Add(catalog, job);
  ASSERT_TRUE(catalog.BeginPhase(job.id, job.worker.id, "copy", At(105)).ok());
  const JobRecord seen = Find(catalog, job);
  ASSERT_TRUE(catalog.RenewLease(job.id, job.worker.id, At(150)).ok());
  EXPECT_FALSE(catalog.InterruptJob(seen, kGone, At(140)).value()) << "it was renewed meanwhile";
  EXPECT_EQ(Find(catalog, job).status, JobStatus::kRunning);
  EXPECT_EQ(Find(catalog, job).lease_expires, At(150));

  EXPECT_TRUE(catalog.InterruptJob(Find(catalog, job), kGone, At(160)).value());
  const JobRecord record = Find(catalog, job);
  EXPECT_EQ(record.status, JobStatus::kInterrupted);
  EXPECT_EQ(record.finished, At(160));
  EXPECT_EQ(record.error, kGone);
  EXPECT_EQ(record.lease_expires, std::nullopt);
  EXPECT_EQ(record.phase, "copy");
  EXPECT_THAT(catalog.ListPhases(job.id).value(),
              ElementsAre(JobPhase{"copy", At(105), std::nullopt}));
  EXPECT_FALSE(catalog.InterruptJob(record, kGone, At(170)).value());
}

void InterruptsQueuedJobs(CatalogUnderTest& under_test) {
  const NewJob job = SampleJob("a");
  Add(*under_test.catalog, job, false);
  EXPECT_TRUE(
      under_test.catalog->InterruptJob(Find(*under_test.catalog, job), kGone, At(160)).value());
  EXPECT_EQ(Find(*under_test.catalog, job).status, JobStatus::kInterrupted);
}

void GivesAJobBackToAWorkerThatWasTakenForDead(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  const NewJob job = SampleJob("a");
  Add(catalog, job);
  const JobRecord running = Find(catalog, job);
  ASSERT_TRUE(catalog.InterruptJob(running, kGone, At(160)).value());
  ASSERT_TRUE(catalog.RenewLease(job.id, job.worker.id, At(190)).ok());
  JobRecord expected = running;
  expected.lease_expires = At(190);
  EXPECT_EQ(Find(catalog, job), expected);
}

void GivesNoJobBackWhoseLockIsTaken(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  const NewJob job = SampleJob("a");
  Add(catalog, job);
  ASSERT_TRUE(catalog.InterruptJob(Find(catalog, job), kGone, At(160)).value());
  Add(catalog, SampleJob("next"));
  const Status refused = catalog.RenewLease(job.id, job.worker.id, At(190));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kBusy);
  // But what it did counts.
  Finish(catalog, job, JobStatus::kSucceeded);
  EXPECT_EQ(Find(catalog, job).status, JobStatus::kSucceeded);
  EXPECT_EQ(Find(catalog, job).error, std::nullopt);
  EXPECT_EQ(Find(catalog, SampleJob("next")).status, JobStatus::kRunning);
}

}  // namespace

std::vector<CatalogCase> LeaseCases() {
  return {{"LocksEachKindOfEachSource", LocksEachKindOfEachSource},
          {"LetsOneOfManyThreadsStart", LetsOneOfManyThreadsStart},
          {"ListensToTheOwnerOnly", ListensToTheOwnerOnly},
          {"InterruptsWhatIsAsItWasSeen", InterruptsWhatIsAsItWasSeen},
          {"InterruptsQueuedJobs", InterruptsQueuedJobs},
          {"GivesAJobBackToAWorkerThatWasTakenForDead", GivesAJobBackToAWorkerThatWasTakenForDead},
          {"GivesNoJobBackWhoseLockIsTaken", GivesNoJobBackWhoseLockIsTaken}};
}

}  // namespace pgkeep::catalog
