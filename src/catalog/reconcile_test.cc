#include "catalog/reconcile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "catalog/catalog_conformance_test_kit.h"
#include "catalog/sqlite_catalog.h"
#include "testing/fake_clock.h"
#include "testing/temporary_directory.h"

namespace pgkeep::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Processes as a test wants them, by the id of their worker.
class ListedProcesses final : public ProcessTable {
 public:
  ProcessState Look(const Worker& worker) override {
    const auto found = states.find(worker.id);
    return found == states.end() ? ProcessState::kUnknown : found->second;
  }
  Worker Self(const std::string& id, const std::string& host) override {
    return {.id = id, .host = host, .pid = 1, .process = ""};
  }

  std::map<std::string, ProcessState> states;
};

class ReconcileTest : public ::testing::Test {
 protected:
  ReconcileTest() : catalog_(OpenSqliteCatalog({.path = directory_.Join("catalog.db")}).value()) {}

  std::vector<std::string> Reconcile() {
    const auto given_up = ReconcileJobs(*catalog_, clock_, processes_);
    if (!given_up.ok()) return {given_up.error().ToString()};
    return Ids(*given_up);
  }

  const testing::TemporaryDirectory directory_;
  const std::unique_ptr<Catalog> catalog_;
  testing::FakeClock clock_{At(110)};  // the lease of Add() ends at At(131)
  ListedProcesses processes_;
};

TEST_F(ReconcileTest, InterruptsTheJobsOfDeadProcessesAtOnce) {
  Add(*catalog_, SampleJob("dead"));
  NewJob queued = SampleJob("queued");
  Add(*catalog_, queued, false);
  NewJob alive = SampleJob("alive");
  alive.source = "sales";
  Add(*catalog_, alive);
  processes_.states = {{"worker-dead", ProcessState::kDead},
                       {"worker-queued", ProcessState::kDead},
                       {"worker-alive", ProcessState::kAlive}};
  EXPECT_THAT(Reconcile(), ElementsAre("job-dead", "job-queued"));
  const JobRecord record = Find(*catalog_, SampleJob("dead"));
  EXPECT_EQ(record.status, JobStatus::kInterrupted);
  EXPECT_EQ(record.finished, At(110));
  EXPECT_EQ(record.error->code, "unavailable");
  EXPECT_THAT(record.error->text, HasSubstr("process 42 on db1 ended without a word"));
  EXPECT_NE(record.error->hint, "");
  EXPECT_EQ(Find(*catalog_, alive).status, JobStatus::kRunning);
  EXPECT_THAT(Reconcile(), ElementsAre());
}

TEST_F(ReconcileTest, BelievesALeaseUntilItExpires) {
  const NewJob job = SampleJob("a");
  Add(*catalog_, job);
  clock_.SetNow(At(130));
  EXPECT_THAT(Reconcile(), ElementsAre());
  ASSERT_TRUE(catalog_->RenewLease(job.id, job.worker.id, At(160)).ok());
  clock_.SetNow(At(159));
  EXPECT_THAT(Reconcile(), ElementsAre());
  clock_.SetNow(At(160));
  EXPECT_THAT(Reconcile(), ElementsAre("job-a"));
  EXPECT_THAT(Find(*catalog_, job).error->text,
              HasSubstr("gave no sign of life until 2026-03-01T00:02:40Z"));
}

TEST_F(ReconcileTest, FreesTheLock) {
  Add(*catalog_, SampleJob("dead"));
  const NewJob next = SampleJob("next");
  Add(*catalog_, next, false);
  processes_.states = {{"worker-dead", ProcessState::kDead}};
  EXPECT_THAT(Reconcile(), ElementsAre("job-dead"));
  EXPECT_TRUE(catalog_->StartJob(next.id, next.worker.id, At(111), At(141)).ok());
}

TEST_F(ReconcileTest, FindsADeadWorkerWithinAMinute) {
  // A worker renews, dies at once, and is looked for every half lease.
  EXPECT_LE(kLease + kLease / 2, std::chrono::minutes(1));
  EXPECT_LE(2 * kLeaseRenewal, kLease) << "one renewal may fail";
}

}  // namespace
}  // namespace pgkeep::catalog
