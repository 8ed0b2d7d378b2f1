// Exported archives are restored by stock pg_restore and psql, and the copies compared.
#include "restore/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file_util.h"
#include "restore_test_kit.h"
#include "testing/damage.h"
#include "testing/test_store.h"

namespace pgkeep::restore {
namespace {

using postgres::TestDatabase;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::PostgresCluster;

ExportOptions To(const repository::BackupId& backup, ExportFormat format, std::string output) {
  ExportOptions options;
  options.backup = backup;
  options.format = format;
  options.output = std::move(output);
  options.jobs = 3;
  options.programs = logical::DefaultProgramSearch(PosixFileSystem(), "/usr/bin");
  return options;
}

Result<ExportReport> Export(Vault& vault, const ExportOptions& options) {
  Progress progress;
  return ExportBackup(vault.repository(), options, PosixFileSystem(), progress, {});
}

// Runs a stock program that must succeed, pg_restore without a word.
void Stock(const std::string& program, const std::vector<std::string>& arguments,
           const std::string& database) {
  const testing::ProgramResult result = PostgresCluster::Shared().Run(program, arguments, database);
  EXPECT_EQ(result.status, 0) << result.err;
  if (program == "pg_restore") {
    EXPECT_EQ(result.err, "");
  }
}

TEST(Export, IsRestoredByStockTools) {
  const TestDatabase source("export");
  MakeRichDatabase("export");
  Backed backed("export", "");
  const testing::TemporaryDirectory directory;
  for (const ExportFormat format : {ExportFormat::kDirectory, ExportFormat::kCustom}) {
    const std::string output =
        directory.Join(format == ExportFormat::kDirectory ? "directory" : "custom");
    const auto report = Export(backed.vault(), To(backed.backup(), format, output));
    ASSERT_TRUE(report.ok()) << report.error().Describe();
    EXPECT_EQ(report->large_objects, 3U);
    EXPECT_EQ(report->tables, 20U);
    EXPECT_GT(report->output_bytes, 10'000U);
    EXPECT_LT(report->output_bytes, report->text_bytes) << "it is compressed";
    for (const char* jobs : {"1", "2", "4", "8"}) {
      const CopyDatabase copy("export_copy");
      Sql("postgres", "CREATE DATABASE export_copy");
      Stock("pg_restore", {"-e", "-d", "export_copy", "-j", jobs, output}, "postgres");
      ExpectCopy("export", copy.name());
    }
  }
}

TEST(Export, IsTheScriptOfAStockDump) {
  const TestDatabase source("script");
  MakeRichDatabase("script");
  Backed backed("script", "");
  const testing::TemporaryDirectory directory;
  const std::string output = directory.Join("script.sql");
  const auto report = Export(backed.vault(), To(backed.backup(), ExportFormat::kPlain, output));
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(*PosixFileSystem().ReadDirectory(directory.path()), ::testing::SizeIs(1));
  const CopyDatabase copy("script_copy");
  Sql("postgres", "CREATE DATABASE script_copy");
  Stock("psql", {"-Xq", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", output}, copy.name());
  ExpectCopy("script", copy.name());
}

TEST(Export, PutsLargeObjectsTogetherInOrder) {
  const TestDatabase source("export_lo");
  // Pages that are written anew move behind the others in their table.
  Backed backed("export_lo", R"(
    SELECT lo_from_bytea(60 + i, decode(repeat(md5(i::text), 500), 'hex'))
      FROM generate_series(1, 5) i;
    SELECT lo_put(61, 2048, 'changed'), lo_put(63, 0, 'changed too'), lo_put(62, 90000, 'far');
    SELECT lo_create(99); SELECT lo_create(98); SELECT lo_put(98, 5000, 'cut off');
    SELECT lo_truncate(lo_open(98, 393216), 4096);)");
  const testing::TemporaryDirectory directory;
  for (const ExportFormat format : {ExportFormat::kDirectory, ExportFormat::kCustom}) {
    const std::string output =
        directory.Join(format == ExportFormat::kDirectory ? "directory" : "custom");
    ExportOptions options = To(backed.backup(), format, output);
    options.compression = archive::Compression::kNone;
    const auto report = Export(backed.vault(), options);
    ASSERT_TRUE(report.ok()) << report.error().Describe();
    const CopyDatabase copy("export_lo_copy");
    Sql("postgres", "CREATE DATABASE export_lo_copy");
    Stock("pg_restore", {"-e", "-d", copy.name(), output}, "postgres");
    ExpectCopy("export_lo", copy.name());
    EXPECT_EQ(Sql(copy.name(), "SELECT length(lo_get(62)), length(lo_get(98))"), "90003|4096");
  }
}

TEST(Export, LeavesNothingUnderItsNameWhenItFails) {
  const TestDatabase source("export_fails");
  const auto place = testing::MakeTestStore(SystemClock());
  Backed backed(
      "export_fails",
      "CREATE TABLE bulk AS SELECT i, md5(i::text) AS noise FROM generate_series(1, 9000) i",
      place.get());
  for (const ExportFormat format :
       {ExportFormat::kDirectory, ExportFormat::kCustom, ExportFormat::kPlain}) {
    const testing::TemporaryDirectory directory;
    const ExportOptions options = To(backed.backup(), format, directory.Join("out"));
    const auto whole = place->Save();
    Progress progress;
    const PhaseAction damage(progress, "data", [&] {
      for (const std::string& key : place->Keys()) {
        if (!key.starts_with("p/")) continue;
        place->Tamper(key, [](Bytes& bytes) { testing::FlipBit(bytes, bytes.size() * 4); });
      }
    });
    const auto damaged =
        ExportBackup(backed.vault().repository(), options, PosixFileSystem(), progress, {});
    EXPECT_TRUE(damage.fired());
    ASSERT_FALSE(damaged.ok());
    EXPECT_EQ(damaged.error().code(), ErrorCode::kCorruption) << damaged.error().Describe();
    EXPECT_THAT(damaged.error().ToString(), HasSubstr("public.bulk"));
    EXPECT_THAT(*PosixFileSystem().ReadDirectory(directory.path()), IsEmpty());
    place->Restore(*whole);

    std::stop_source stop;
    const PhaseAction cancel(progress, "data", [&] { stop.request_stop(); });
    const auto cancelled = ExportBackup(backed.vault().repository(), options, PosixFileSystem(),
                                        progress, stop.get_token());
    ASSERT_FALSE(cancelled.ok());
    EXPECT_EQ(cancelled.error().code(), ErrorCode::kCancelled);
    EXPECT_THAT(*PosixFileSystem().ReadDirectory(directory.path()), IsEmpty());

    const auto done = Export(backed.vault(), options);
    ASSERT_TRUE(done.ok()) << done.error().Describe();
    EXPECT_EQ(done->rows, 9'000U);
    EXPECT_EQ(Export(backed.vault(), options).error().code(), ErrorCode::kAlreadyExists);
  }
}

}  // namespace
}  // namespace pgkeep::restore
