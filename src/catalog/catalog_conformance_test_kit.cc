#include "catalog/catalog_conformance_test_kit.h"

#include <gtest/gtest.h>

#include <utility>

#include "base/check.h"

namespace pgkeep::catalog {
namespace {

class ConformanceTest : public ::testing::Test {
 public:
  ConformanceTest(CatalogCase catalog_case, CatalogMaker maker)
      : case_(catalog_case), maker_(std::move(maker)) {}

 private:
  void TestBody() override {
    CatalogUnderTest under_test = maker_();
    ASSERT_NE(under_test.catalog, nullptr);
    case_.run(under_test);
  }

  const CatalogCase case_;
  const CatalogMaker maker_;
};

}  // namespace

CatalogUnderTest::~CatalogUnderTest() { catalog.reset(); }

bool RegisterCatalogConformance(const std::string& suite, CatalogMaker maker) {
  PGK_CHECK(maker != nullptr, "there is a way to make the catalog");
  for (const auto& cases : {LifeCases(), LeaseCases(), ListCases()}) {
    for (const CatalogCase& catalog_case : cases) {
      ::testing::RegisterTest(
          suite.c_str(), catalog_case.name, nullptr, nullptr, __FILE__, __LINE__,
          [catalog_case, maker]() -> ::testing::Test* {
            // GoogleTest takes ownership of a plain pointer.
            return std::make_unique<ConformanceTest>(catalog_case, maker).release();
          });
    }
  }
  return true;
}

Timestamp At(int64_t seconds) {
  return std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + std::chrono::seconds(seconds);
}

NewJob SampleJob(const std::string& name) {
  return {.id = "job-" + name,
          .source = "app",
          .databases = {},
          .kind = JobKind::kBackup,
          .type = JobType::kLogical,
          .trigger = JobTrigger::kManual,
          .exclusive = true,
          .version = "0.1.0",
          .worker = {.id = "worker-" + name, .host = "db1", .pid = 42, .process = "boot 1 2"},
          .queued = At(100),
          .lease_expires = At(130)};
}

void Add(Catalog& catalog, const NewJob& job, bool start) {
  const Status created = catalog.CreateJob(job);
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  if (!start) return;
  const Status started = catalog.StartJob(job.id, job.worker.id, At(101), At(131));
  ASSERT_TRUE(started.ok()) << started.error().Describe();
}

void Finish(Catalog& catalog, const NewJob& job, JobStatus status) {
  Finish(catalog, job, JobOutcome{.status = status, .finished = At(200)});
}

void Finish(Catalog& catalog, const NewJob& job, const JobOutcome& outcome) {
  const Status finished = catalog.FinishJob(job.id, job.worker.id, outcome);
  ASSERT_TRUE(finished.ok()) << finished.error().Describe();
}

JobRecord Find(Catalog& catalog, const NewJob& job) {
  auto found = catalog.FindJob(job.id);
  PGK_CHECK(found.ok(), "the job is in the history");
  return std::move(found).value();
}

std::vector<std::string> Ids(const std::vector<JobRecord>& jobs) {
  std::vector<std::string> ids;
  for (const JobRecord& job : jobs) ids.push_back(job.id);
  return ids;
}

}  // namespace pgkeep::catalog
