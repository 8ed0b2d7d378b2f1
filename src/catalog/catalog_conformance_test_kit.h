// The tests that every back end of the catalog must pass.
//
// A test file registers a back end once, at namespace scope:
//
//   const bool registered = RegisterCatalogConformance("SqliteCatalogConforms", [] { ... });
//
// and gets one GoogleTest case per promise of catalog/catalog.h, each on a fresh, empty catalog.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"

namespace pgkeep::catalog {

// A fresh catalog and whatever must live as long as it does.
struct CatalogUnderTest {
  CatalogUnderTest() = default;
  CatalogUnderTest(CatalogUnderTest&&) = default;
  CatalogUnderTest& operator=(CatalogUnderTest&&) = default;
  // Closes the catalog before what it stands on.
  ~CatalogUnderTest();

  std::unique_ptr<Catalog> catalog;
  // Opens a second, independent handle, as another process would.
  std::function<std::unique_ptr<Catalog>()> open_another;
  std::shared_ptr<void> keep_alive;
};

// Makes an empty catalog; called once per test case.
using CatalogMaker = std::function<CatalogUnderTest()>;

// Registers all conformance cases under the name `suite`. Must run before main(): initialise a
// namespace-scope constant with it. Returns true.
bool RegisterCatalogConformance(const std::string& suite, CatalogMaker maker);

// One promise of the contract and the function that checks it with GoogleTest assertions.
struct CatalogCase {
  const char* name;
  void (*run)(CatalogUnderTest& under_test);
};

// The life of one job.
std::vector<CatalogCase> LifeCases();
// What workers, locks and leases keep apart.
std::vector<CatalogCase> LeaseCases();
// Lists, filters and pages.
std::vector<CatalogCase> ListCases();

// Second `seconds` of the tests' time.
Timestamp At(int64_t seconds);

// A job of source "app" with the id "job-<name>" that worker "worker-<name>" is going to run,
// queued at At(100) with a lease until At(130).
NewJob SampleJob(const std::string& name);

// Records a job and, unless it is to stay queued, starts it. Fails the test if that fails.
void Add(Catalog& catalog, const NewJob& job, bool start = true);

// Ends a job of SampleJob() at At(200), or as `outcome` says. Fails the test if that fails.
void Finish(Catalog& catalog, const NewJob& job, JobStatus status);
void Finish(Catalog& catalog, const NewJob& job, const JobOutcome& outcome);

// The record, which must be there.
JobRecord Find(Catalog& catalog, const NewJob& job);

// The ids of records, in order.
std::vector<std::string> Ids(const std::vector<JobRecord>& jobs);

}  // namespace pgkeep::catalog
