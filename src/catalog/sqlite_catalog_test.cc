#include "catalog/sqlite_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "base/file_util.h"
#include "catalog/catalog_conformance_test_kit.h"
#include "catalog/sqlite_connection.h"
#include "catalog/sqlite_fault_test_kit.h"
#include "testing/temporary_directory.h"

namespace pgkeep::catalog {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr uint32_t kNobody = 65534;

std::unique_ptr<Catalog> MustOpen(const std::string& path) {
  auto opened = OpenSqliteCatalog({.path = path, .busy_timeout = std::chrono::minutes(2)});
  PGK_CHECK(opened.ok(), "the catalog opens");
  return std::move(opened).value();
}

CatalogUnderTest MakeSqliteCatalog() {
  auto directory = std::make_shared<testing::TemporaryDirectory>();
  const std::string path = directory->Join("catalog.db");
  CatalogUnderTest made;
  made.catalog = MustOpen(path);
  made.open_another = [path] { return MustOpen(path); };
  made.keep_alive = directory;
  return made;
}

const bool kRegistered = RegisterCatalogConformance("SqliteCatalogConforms", MakeSqliteCatalog);

// Keeps the registration from being taken for an unused constant.
TEST(CatalogConformance, IsRegistered) { EXPECT_TRUE(kRegistered); }

class SqliteCatalogTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Catalog>> Open() const {
    return OpenSqliteCatalog({.path = path_, .busy_timeout = std::chrono::milliseconds(50)});
  }

  void Write(const std::string& text) const {
    const ByteSpan bytes = AsBytes(text);
    ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), path_, bytes, 0600, true).ok());
  }

  uint32_t Mode(const std::string& path) const { return PosixFileSystem().Stat(path)->mode; }

  const testing::TemporaryDirectory directory_;
  const std::string path_ = directory_.Join("catalog.db");
};

TEST_F(SqliteCatalogTest, LetsNobodyElseReadIt) {
  const mode_t before = umask(0);
  const auto catalog = MustOpen(path_);
  umask(before);
  Add(*catalog, SampleJob("a"));
  EXPECT_EQ(Mode(path_), 0600U);
  EXPECT_EQ(Mode(path_ + "-wal"), 0600U);
  EXPECT_EQ(Mode(path_ + "-shm"), 0600U);
}

TEST_F(SqliteCatalogTest, KeepsItsPromisesInTheFile) {
  MustOpen(path_);
  const auto connection = SqliteConnection::Open(path_, std::chrono::seconds(1)).value();
  const auto read = [&](const std::string& sql) {
    auto query = connection->Query("", sql).value();
    return query.Step().ok() ? query.Text(0) : "";
  };
  EXPECT_EQ(read("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(read("PRAGMA foreign_keys"), "1");
  EXPECT_EQ(read("PRAGMA synchronous"), "2");
  EXPECT_EQ(read("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                 "AND NOT strict AND name NOT LIKE 'sqlite_%'"),
            "0");
  const Status orphan =
      connection->Run("", "INSERT INTO backup_history_phase VALUES ('no job', 0, 'copy', 0, NULL)");
  ASSERT_FALSE(orphan.ok());
  EXPECT_THAT(orphan.error().message(), HasSubstr("FOREIGN KEY"));
}

TEST_F(SqliteCatalogTest, OpensAnEmptyFile) {
  Write("");
  EXPECT_TRUE(Open().ok());
}

TEST_F(SqliteCatalogTest, SaysThatTheDirectoryIsMissing) {
  const auto opened = OpenSqliteCatalog({.path = directory_.Join("none/catalog.db")});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(opened.error().message(), HasSubstr("none/catalog.db: its directory does not exist"));
  EXPECT_THAT(opened.error().hint(), HasSubstr("create the directory"));
}

TEST_F(SqliteCatalogTest, SaysThatADirectoryIsNoCatalog) {
  std::filesystem::create_directory(path_);
  const auto opened = Open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().code(), AnyOf(ErrorCode::kIo, ErrorCode::kPermission));
  EXPECT_THAT(opened.error().message(), HasSubstr(path_));
}

TEST_F(SqliteCatalogTest, SaysThatAFileIsNoDatabase) {
  Write(std::string(10'000, 'x'));
  const auto opened = Open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(opened.error().message(), HasSubstr("the file is not an SQLite database"));
  EXPECT_THAT(opened.error().hint(), HasSubstr("no backup is lost"));
  EXPECT_EQ(PosixFileSystem().Stat(path_)->size, 10'000U) << "it is left alone";
}

// Overwrites each page but the first in turn: what needs it says so, and nothing crashes.
TEST_F(SqliteCatalogTest, SaysThatTheFileIsDamaged) {
  {
    const auto catalog = MustOpen(path_);
    for (int i = 0; i < 30; ++i) {
      NewJob job = SampleJob(std::to_string(i));
      job.databases = {"app"};
      Add(*catalog, job);
      Finish(*catalog, job, JobStatus::kSucceeded);
    }
  }
  constexpr size_t kPage = 4096;
  const Bytes whole = ReadWholeFile(PosixFileSystem(), path_, 1 << 22).value();
  int noticed = 0;
  for (size_t at = kPage; at < whole.size(); at += kPage) {
    Bytes damaged = whole;
    std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(at), kPage, uint8_t{0xa5});
    ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), path_, damaged, 0600, true).ok());
    const auto opened = Open();
    const Status status = opened.ok() ? (*opened)->CheckIntegrity() : Status(opened.error());
    ASSERT_FALSE(status.ok()) << "page at " << at;
    EXPECT_EQ(status.error().code(), ErrorCode::kCorruption) << status.error().Describe();
    EXPECT_THAT(status.error().hint(), HasSubstr("no backup is lost"));
    if (!opened.ok()) continue;
    const auto jobs = (*opened)->ListJobs({});
    if (jobs.ok()) continue;
    EXPECT_EQ(jobs.error().code(), ErrorCode::kCorruption) << jobs.error().Describe();
    ++noticed;
  }
  EXPECT_GT(noticed, 0);
}

TEST_F(SqliteCatalogTest, SaysThatTheFileWasCutShort) {
  {
    const auto catalog = MustOpen(path_);
    for (int i = 0; i < 30; ++i) Add(*catalog, SampleJob(std::to_string(i)), false);
  }
  std::filesystem::resize_file(path_, 4096 * 3);
  const auto opened = Open();
  const auto status = opened.ok() ? (*opened)->CheckIntegrity() : Status(opened.error());
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kCorruption) << status.error().Describe();
}

TEST_F(SqliteCatalogTest, SaysThatAnotherProcessHoldsTheLock) {
  const auto catalog = Open().value();
  const auto other = SqliteConnection::Open(path_, std::chrono::seconds(1)).value();
  ASSERT_TRUE(other->RunScript("", "BEGIN IMMEDIATE").ok());
  const Status refused = catalog->CreateJob(SampleJob("a"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kBusy);
  EXPECT_THAT(refused.error().message(), AllOf(HasSubstr("recording a new job"),
                                               HasSubstr("another process keeps it locked")));
  EXPECT_TRUE(catalog->ListJobs({}).ok()) << "reading goes on";
  ASSERT_TRUE(other->RunScript("", "ROLLBACK").ok());
  EXPECT_TRUE(catalog->CreateJob(SampleJob("a")).ok());
}

TEST_F(SqliteCatalogTest, SaysThatItMayNotWrite) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become somebody without rights";
  MustOpen(path_);
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
  ASSERT_EQ(chmod(path_.c_str(), 0644), 0);
  const auto check = [&](const std::string& path) {
    return RunInChild([&] {
      if (setresuid(kNobody, kNobody, kNobody) != 0) return 2;
      auto opened = OpenSqliteCatalog({.path = path});
      const Status status =
          opened.ok() ? (*opened)->CreateJob(SampleJob("a")) : Status(opened.error());
      if (status.ok() || status.error().code() != ErrorCode::kPermission) return 3;
      return status.error().hint().empty() ? 4 : 0;
    });
  };
  EXPECT_EQ(WEXITSTATUS(check(path_)), 0) << "a file that only others may write";
  EXPECT_EQ(WEXITSTATUS(check(directory_.Join("new.db"))), 0) << "a directory likewise";
}

TEST_F(SqliteCatalogTest, BelongsToTheOwnerOfItsDirectoryWhenRootMakesIt) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(chown(directory_.path().c_str(), kNobody, kNobody), 0);
  const auto catalog = MustOpen(path_);
  Add(*catalog, SampleJob("of root"));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    EXPECT_EQ(PosixFileSystem().Stat(path_ + suffix)->owner, kNobody) << suffix;
  }
  const int status = RunInChild([&] {
    if (setresgid(kNobody, kNobody, kNobody) != 0 || setresuid(kNobody, kNobody, kNobody) != 0) {
      return 2;
    }
    return MustOpen(path_)->CreateJob(SampleJob("of the owner")).ok() ? 0 : 1;
  });
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// What an older pgkeep has recorded stays, without the figures that came later.
TEST_F(SqliteCatalogTest, ReadsTheRowsOfTheFirstSchema) {
  {
    // Its program knew no other columns, so this one can only open it there.
    ASSERT_TRUE(OpenSqliteCatalog({.path = path_, .migrations = SqliteMigrations().first(1)}).ok());
    const auto connection = SqliteConnection::Open(path_, std::chrono::seconds(1)).value();
    const Status inserted = connection->RunScript(
        "",
        "INSERT INTO backup_history (id, source, kind, type, \"trigger\", status, queued_us, "
        "finished_us, objects, host, version, exclusive, worker_id, worker_pid, "
        "worker_process) VALUES ('job-old', 'app', 'backup', 'logical', 'manual', 'succeeded', "
        "1, 2, 3, 'h', '0.1', 1, 'w', 4, 'p')");
    ASSERT_TRUE(inserted.ok()) << inserted.error().ToString();
  }
  const auto catalog = MustOpen(path_);
  const JobRecord job = catalog->FindJob("job-old").value();
  EXPECT_EQ(job.figures, (JobFigures{.objects = 3}));
  EXPECT_EQ(job.status, JobStatus::kSucceeded);
  EXPECT_TRUE(catalog->CheckIntegrity().ok());
}

// Fails every later write, from the n-th on, for every n until a job is recorded: the error says
// why, nothing of the job is there afterwards, and the catalog is whole.
TEST_F(SqliteCatalogTest, LeavesNothingWhenTheDiskIsFullOrBroken) {
  for (const auto& [fault, code] : {std::pair{SqliteFault::kNoSpace, ErrorCode::kOutOfSpace},
                                    std::pair{SqliteFault::kIoError, ErrorCode::kIo}}) {
    int faults = 0;
    for (int nth = 1;; ++nth) {
      ASSERT_LT(nth, 100) << "the job is recorded";
      const testing::TemporaryDirectory fresh;
      const std::string path = fresh.Join("catalog.db");
      Add(*MustOpen(path), SampleJob("old"));
      const int status = RunInChild([&, fault = fault, code = code] {
        const auto catalog = MustOpen(path);
        ArmSqliteFault(fault, nth, true);
        const Status created = catalog->CreateJob(SampleJob("new"));
        if (created.ok()) return 0;
        if (CountedSqliteCalls() < nth) return 2;
        return created.error().code() == code ? 1 : 3;
      });
      ASSERT_TRUE(WIFEXITED(status));
      ASSERT_LE(WEXITSTATUS(status), 1) << "call " << nth;
      const auto catalog = MustOpen(path);
      EXPECT_TRUE(catalog->CheckIntegrity().ok());
      EXPECT_TRUE(catalog->FindJob("job-old").ok());
      EXPECT_EQ(catalog->FindJob("job-new").ok(), WEXITSTATUS(status) == 0);
      if (WEXITSTATUS(status) == 0) break;
      ++faults;
    }
    EXPECT_GT(faults, 0);
  }
}

// Adds jobs until one fails; returns 0 if that was as expected and for lack of space, the catalog
// is whole, and it takes more when there is room again.
int FillUp(const std::string& path, ErrorCode expected, const std::function<void()>& make_room) {
  auto opened = OpenSqliteCatalog({.path = path});
  if (!opened.ok()) return 10;
  Catalog& catalog = **opened;
  int added = 0;
  for (Status status = Ok(); status.ok(); ++added) {
    if (added == 100'000) return 11;
    NewJob job = SampleJob(std::to_string(added));
    job.databases = {std::string(2000, 'd')};
    status = catalog.CreateJob(job);
    if (!status.ok() && status.error().code() != expected) return 12;
    if (!status.ok() && status.error().hint().find("free space") == std::string::npos) return 13;
  }
  if (added < 2) return 14;
  make_room();
  if (!catalog.CreateJob(SampleJob("later")).ok()) return 15;
  return catalog.CheckIntegrity().ok() ? 0 : 16;
}

TEST_F(SqliteCatalogTest, GoesOnAfterItsFileHadReachedALimit) {
  const int status = RunInChild([&] {
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {};
    getrlimit(RLIMIT_FSIZE, &limit);
    const struct rlimit before = limit;
    limit.rlim_cur = 300'000;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    return FillUp(path_, ErrorCode::kIo, [&] { setrlimit(RLIMIT_FSIZE, &before); });
  });
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(SqliteCatalogTest, GoesOnAfterAFullDisk) {
  if (mount("none", directory_.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "needs the right to mount a file system";
  }
  const std::string ballast = directory_.Join("ballast");
  const int status = RunInChild([&] {
    const Bytes bytes(400'000);
    if (!WriteFileDurably(PosixFileSystem(), ballast, bytes, 0600, false).ok()) return 1;
    return FillUp(path_, ErrorCode::kOutOfSpace, [&] { unlink(ballast.c_str()); });
  });
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(umount2(directory_.path().c_str(), MNT_DETACH), 0);
}

TEST_F(SqliteCatalogTest, DoesNotBelieveTimesThatNobodyRecorded) {
  {
    const auto catalog = MustOpen(path_);
    Add(*catalog, SampleJob("a"));
  }
  for (const char* time : {"-1", "9223372036854775807"}) {
    const auto connection = SqliteConnection::Open(path_, std::chrono::seconds(1)).value();
    ASSERT_TRUE(
        connection
            ->RunScript("", std::string("UPDATE backup_history SET lease_expires_us = ") + time)
            .ok());
    const auto found = MustOpen(path_)->FindJob("job-a");
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code(), ErrorCode::kCorruption);
  }
}

TEST_F(SqliteCatalogTest, DoesNotGuessAtUnknownWords) {
  Add(*MustOpen(path_), SampleJob("a"));
  const auto connection = SqliteConnection::Open(path_, std::chrono::seconds(1)).value();
  ASSERT_TRUE(connection->RunScript("", "UPDATE backup_history SET kind = 'dance'").ok());
  const auto found = MustOpen(path_)->FindJob("job-a");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(found.error().message(), HasSubstr("job job-a: 'dance' is no kind of job"));
}

}  // namespace
}  // namespace pgkeep::catalog
