// Conformance: lists, filters and pages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <random>
#include <set>
#include <tuple>

#include "catalog/catalog_conformance_test_kit.h"

namespace pgkeep::catalog {
namespace {

using ::testing::ElementsAre;

// One job with everything that lists look at.
struct Row {
  std::string name;
  int64_t queued = 100;
  std::string source = "app";
  JobKind kind = JobKind::kBackup;
  JobStatus status = JobStatus::kSucceeded;
};

void AddRow(Catalog& catalog, const Row& row) {
  NewJob job = SampleJob(row.name);
  job.source = row.source;
  job.kind = row.kind;
  job.queued = At(row.queued);
  job.exclusive = false;
  Add(catalog, job, row.status != JobStatus::kQueued);
  if (IsFinal(row.status)) Finish(catalog, job, row.status);
}

std::vector<std::string> ListIds(Catalog& catalog, const JobQuery& query) {
  const auto page = catalog.ListJobs(query);
  if (!page.ok()) return {page.error().ToString()};
  EXPECT_EQ(page->next_cursor, "");
  return Ids(page->jobs);
}

void FiltersBySourceKindStateAndTime(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  AddRow(catalog, {.name = "1", .queued = 100});
  AddRow(catalog, {.name = "2", .queued = 200, .source = "sales"});
  AddRow(catalog, {.name = "3", .queued = 300, .kind = JobKind::kVerify});
  AddRow(catalog, {.name = "4", .queued = 400, .status = JobStatus::kFailed});
  AddRow(catalog, {.name = "5", .queued = 500, .status = JobStatus::kRunning});

  EXPECT_THAT(ListIds(catalog, {}), ElementsAre("job-5", "job-4", "job-3", "job-2", "job-1"));
  EXPECT_THAT(ListIds(catalog, {.descending = false}),
              ElementsAre("job-1", "job-2", "job-3", "job-4", "job-5"));
  EXPECT_THAT(ListIds(catalog, {.filter = {.source = "sales"}}), ElementsAre("job-2"));
  EXPECT_THAT(ListIds(catalog, {.filter = {.source = ""}}), ElementsAre());
  EXPECT_THAT(ListIds(catalog, {.filter = {.kinds = {JobKind::kVerify, JobKind::kGc}}}),
              ElementsAre("job-3"));
  EXPECT_THAT(ListIds(catalog, {.filter = {.statuses = {JobStatus::kFailed, JobStatus::kRunning}}}),
              ElementsAre("job-5", "job-4"));
  EXPECT_THAT(ListIds(catalog, {.filter = {.since = At(200), .before = At(400)}}),
              ElementsAre("job-3", "job-2"));
  EXPECT_THAT(ListIds(catalog, {.filter = {.source = "app",
                                           .kinds = {JobKind::kBackup},
                                           .statuses = {JobStatus::kSucceeded},
                                           .since = At(0),
                                           .before = At(1000)}}),
              ElementsAre("job-1"));
}

void ListsWhatIsQueuedOrRuns(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  AddRow(catalog, {.name = "new", .queued = 300, .status = JobStatus::kQueued});
  AddRow(catalog, {.name = "old", .queued = 200, .status = JobStatus::kRunning});
  for (const JobStatus status : {JobStatus::kSucceeded, JobStatus::kFailed, JobStatus::kCancelled,
                                 JobStatus::kInterrupted, JobStatus::kPartial}) {
    AddRow(catalog, {.name = std::string(JobStatusName(status)), .status = status});
  }
  EXPECT_THAT(Ids(catalog.ListActiveJobs().value()), ElementsAre("job-old", "job-new"));
}

void FinishBackup(Catalog& catalog, const std::string& name, int64_t finished, JobStatus status,
                  std::vector<DatabaseOutcome> databases) {
  NewJob job = SampleJob(name);
  for (const DatabaseOutcome& outcome : databases) job.databases.push_back(outcome.database);
  Add(catalog, job);
  Finish(catalog, job,
         {.status = status,
          .finished = At(finished),
          .figures = {.backup_id = "backup-" + name},
          .databases = std::move(databases)});
}

void KnowsTheLastSuccessOfEachDatabase(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  const DatabaseOutcome one = {.database = "one", .status = JobStatus::kSucceeded, .error = {}};
  const DatabaseOutcome two = {.database = "two", .status = JobStatus::kSucceeded, .error = {}};
  DatabaseOutcome broken = two;
  broken.status = JobStatus::kFailed;
  FinishBackup(catalog, "1", 210, JobStatus::kSucceeded, {one, two});
  FinishBackup(catalog, "2", 220, JobStatus::kPartial, {one, broken});
  FinishBackup(catalog, "3", 230, JobStatus::kFailed, {one, two});
  FinishBackup(catalog, "4", 205, JobStatus::kSucceeded, {one, two});  // ended before the others
  NewJob whole = SampleJob("whole");
  whole.source = "cluster";
  Add(catalog, whole);
  Finish(catalog, whole, JobStatus::kSucceeded);
  AddRow(catalog, {.name = "test", .kind = JobKind::kTest});
  ASSERT_EQ(catalog.RecordProof("backup-1", At(500), "report").value(), 1U);

  LastSuccess first = {.source = "app",
                       .database = "one",
                       .job_id = "job-2",
                       .backup_id = "backup-2",
                       .finished = At(220)};
  LastSuccess second = {.source = "app",
                        .database = "two",
                        .job_id = "job-1",
                        .backup_id = "backup-1",
                        .finished = At(210),
                        .proven_at = At(500)};
  LastSuccess third = {.source = "cluster", .job_id = "job-whole", .finished = At(200)};
  EXPECT_THAT(catalog.ListLastSuccesses(JobKind::kBackup).value(),
              ElementsAre(first, second, third));
  EXPECT_THAT(catalog.ListLastSuccesses(JobKind::kGc).value(), ElementsAre());
}

// The slow model: what a list is sorted by.
std::tuple<int64_t, std::string> KeyOf(const JobRecord& job, JobSort sort) {
  switch (sort) {
    case JobSort::kQueued:
      return {job.queued.time_since_epoch().count(), job.id};
    case JobSort::kDuration:
      return {job.duration ? job.duration->count() : -1, job.id};
    case JobSort::kBytesRead:
      return {static_cast<int64_t>(job.figures.bytes_read), job.id};
    case JobSort::kBytesNew:
      break;
  }
  return {static_cast<int64_t>(job.figures.bytes_new), job.id};
}

bool Passes(const JobRecord& job, const JobFilter& filter) {
  const auto has = [](const auto& list, const auto& value) {
    return list.empty() || std::ranges::find(list, value) != list.end();
  };
  return (!filter.source || *filter.source == job.source) && has(filter.kinds, job.kind) &&
         has(filter.statuses, job.status) && (!filter.since || job.queued >= *filter.since) &&
         (!filter.before || job.queued < *filter.before);
}

// Few different values, so that there are many ties.
JobRecord AddRandomJob(Catalog& catalog, std::mt19937_64& random, int number) {
  const auto below = [&random](uint64_t limit) { return static_cast<int64_t>(random() % limit); };
  NewJob job = SampleJob(std::to_string(random() % 1'000'000) + "-" + std::to_string(number));
  job.source = below(2) == 0 ? "app" : "sales";
  job.kind = below(2) == 0 ? JobKind::kBackup : JobKind::kTest;
  job.queued = At(100 + below(4));
  job.exclusive = false;
  const bool ends = below(4) != 0;
  Add(catalog, job, ends || below(2) == 0);
  if (ends) {
    Finish(catalog, job,
           {.status = below(2) == 0 ? JobStatus::kSucceeded : JobStatus::kFailed,
            .finished = At(200),
            .duration = Duration(below(3)),
            .figures = {.bytes_read = static_cast<uint64_t>(below(3)),
                        .bytes_new = static_cast<uint64_t>(below(3))}});
  }
  return Find(catalog, job);
}

JobQuery RandomQuery(std::mt19937_64& random) {
  constexpr std::array kSorts = {JobSort::kQueued, JobSort::kDuration, JobSort::kBytesRead,
                                 JobSort::kBytesNew};
  JobQuery query;
  query.sort = kSorts.at(random() % kSorts.size());
  query.descending = random() % 2 == 0;
  query.limit = 1 + random() % 9;
  if (random() % 3 == 0) query.filter.source = "app";
  if (random() % 3 == 0) query.filter.kinds = {JobKind::kTest};
  if (random() % 3 == 0) query.filter.statuses = {JobStatus::kSucceeded, JobStatus::kQueued};
  if (random() % 3 == 0) query.filter.since = At(101);
  if (random() % 3 == 0) query.filter.before = At(103);
  return query;
}

// For random histories and queries: the pages, joined, are what sorting everything gives; and what
// is recorded between two pages neither hides nor repeats what was there before.
void PagesAreTheWholeList(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::vector<JobRecord> all;
  int number = 0;
  for (; number < 40; ++number) all.push_back(AddRandomJob(catalog, random, number));

  for (int round = 0; round < 40; ++round) {
    JobQuery query = RandomQuery(random);
    std::vector<JobRecord> expected;
    std::ranges::copy_if(all, std::back_inserter(expected),
                         [&](const JobRecord& job) { return Passes(job, query.filter); });
    std::ranges::sort(expected, [&](const JobRecord& a, const JobRecord& b) {
      return query.descending ? KeyOf(a, query.sort) > KeyOf(b, query.sort)
                              : KeyOf(a, query.sort) < KeyOf(b, query.sort);
    });
    const bool adds = round % 4 == 0;
    std::set<std::string> added;
    std::vector<JobRecord> listed;
    do {
      const auto page = catalog.ListJobs(query);
      ASSERT_TRUE(page.ok()) << page.error().Describe();
      ASSERT_LE(page->jobs.size(), query.limit);
      ASSERT_TRUE(page->next_cursor.empty() || page->jobs.size() == query.limit);
      for (const JobRecord& job : page->jobs) {
        if (!added.contains(job.id)) listed.push_back(job);
      }
      query.cursor = page->next_cursor;
      if (adds && added.size() < 3) {
        all.push_back(AddRandomJob(catalog, random, number++));
        added.insert(all.back().id);
      }
    } while (!query.cursor.empty());
    ASSERT_EQ(Ids(listed), Ids(expected));
    ASSERT_EQ(listed, expected);
  }
}

void RefusesPagesThatCannotBe(CatalogUnderTest& under_test) {
  Catalog& catalog = *under_test.catalog;
  for (int i = 0; i < 3; ++i) AddRow(catalog, {.name = std::to_string(i)});
  const std::string good = catalog.ListJobs({.limit = 1})->next_cursor;
  ASSERT_NE(good, "");
  std::vector<JobQuery> bad = {
      {.limit = 0}, {.limit = Catalog::kMaxPage + 1}, {.descending = false, .cursor = good}};
  bad.push_back({.sort = JobSort::kBytesNew, .cursor = good});
  for (const char* cursor : {"x", "0d", "0d.", "0d..", "0d.5", "0d.5.", "0d.x.job",
                             "0d.99999999999999999999.job", "0d.5 .job", "' OR 1=1 --"}) {
    bad.push_back({.cursor = cursor});
  }
  for (const JobQuery& query : bad) {
    const auto page = catalog.ListJobs(query);
    ASSERT_FALSE(page.ok()) << query.cursor << " " << query.limit;
    EXPECT_EQ(page.error().code(), ErrorCode::kInvalidArgument) << page.error().Describe();
  }
  EXPECT_TRUE(catalog.ListJobs({.cursor = good, .limit = Catalog::kMaxPage}).ok());
}

}  // namespace

std::vector<CatalogCase> ListCases() {
  return {{"FiltersBySourceKindStateAndTime", FiltersBySourceKindStateAndTime},
          {"ListsWhatIsQueuedOrRuns", ListsWhatIsQueuedOrRuns},
          {"KnowsTheLastSuccessOfEachDatabase", KnowsTheLastSuccessOfEachDatabase},
          {"PagesAreTheWholeList", PagesAreTheWholeList},
          {"RefusesPagesThatCannotBe", RefusesPagesThatCannotBe}};
}

}  // namespace pgkeep::catalog
