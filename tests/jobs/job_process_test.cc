// Jobs whose process is stopped or killed, seen from another process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "catalog/sqlite_catalog.h"
#include "crypto/random.h"
#include "jobs/job_runner.h"
#include "testing/temporary_directory.h"
#include "tests/storage/child_process.h"

namespace pgkeep::jobs {
namespace {

using catalog::JobStatus;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class JobProcessTest : public ::testing::Test {
 protected:
  JobProcessTest()
      : path_(directory_.Join("catalog.db")),
        catalog_(catalog::OpenSqliteCatalog({.path = path_}).value()),
        runner_({.catalog = catalog_.get(),
                 .fill_random = crypto::RandomBytes,
                 .host = "test",
                 .version = "test"}) {}

  ChildProcess Start(const std::string& how) const {
    return ChildProcess({SiblingProgram("job_process"), path_, how});
  }

  // Waits for the beginning of a phase and returns the id of the job.
  static std::string WaitFor(ChildProcess& child, const std::string& phase) {
    const std::string line = child.Receive();
    EXPECT_THAT(line, ::testing::StartsWith(phase + " "));
    return line.substr(line.find(' ') + 1);
  }

  // Runs a job of the same source and kind here.
  JobReport RunHere() {
    Progress progress;
    return runner_.Run(
        {.source = "app"}, [](JobContext&) -> Result<JobResult> { return JobResult{}; }, {},
        progress);
  }

  JobStatus StatusOf(const std::string& id) { return catalog_->FindJob(id)->status; }

  const testing::TemporaryDirectory directory_;
  const std::string path_;
  const std::unique_ptr<catalog::Catalog> catalog_;
  JobRunner runner_;
};

TEST_F(JobProcessTest, AKilledJobIsFoundInterruptedByTheNextStart) {
  for (const std::string phase : {"schema", "copy"}) {
    ChildProcess child = Start("clean");
    std::string id = WaitFor(child, "schema");
    if (phase == "copy") {
      child.Send("go on");
      id = WaitFor(child, "copy");
    }
    EXPECT_EQ(StatusOf(id), JobStatus::kRunning);
    child.Kill();
    EXPECT_EQ(RunHere().status, JobStatus::kSucceeded) << "without waiting for the lease";
    const auto record = catalog_->FindJob(id).value();
    EXPECT_EQ(record.status, JobStatus::kInterrupted);
    EXPECT_EQ(record.phase, phase);
    EXPECT_THAT(record.error->text, HasSubstr("ended without a word"));
  }
}

TEST_F(JobProcessTest, TwoProcessesDoNotRunTheSameJob) {
  ChildProcess child = Start("clean");
  const std::string id = WaitFor(child, "schema");
  EXPECT_THAT(runner_.Reconcile().value(), SizeIs(0)) << "it lives";
  const JobReport refused = RunHere();
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code(), ErrorCode::kBusy);
  EXPECT_THAT(refused.error->message(), HasSubstr("job " + id + ", process "));
  EXPECT_EQ(StatusOf(id), JobStatus::kRunning);
}

TEST_F(JobProcessTest, TheFirstSignalStopsCleanly) {
  for (const int signal : {SIGINT, SIGTERM}) {
    ChildProcess child = Start("clean");
    const std::string id = WaitFor(child, "schema");
    child.Send("go on");
    WaitFor(child, "copy");
    child.Signal(signal);
    const int status = child.Wait();
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 130);
    EXPECT_EQ(StatusOf(id), JobStatus::kCancelled);
  }
}

TEST_F(JobProcessTest, TheSecondSignalEndsTheProcessAtOnce) {
  ChildProcess child = Start("stubborn");
  const std::string id = WaitFor(child, "schema");
  child.Send("go on");
  WaitFor(child, "copy");
  child.Signal(SIGINT);
  EXPECT_EQ(child.Receive(), "stopping");
  child.Signal(SIGINT);
  const int status = child.Wait();
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_EQ(StatusOf(id), JobStatus::kRunning);
  EXPECT_THAT(runner_.Reconcile().value(), SizeIs(1));
  EXPECT_EQ(StatusOf(id), JobStatus::kInterrupted);
}

}  // namespace
}  // namespace pgkeep::jobs
