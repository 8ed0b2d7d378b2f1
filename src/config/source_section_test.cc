#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file_util.h"
#include "config/configuration.h"
#include "testing/temporary_directory.h"

namespace pgkeep::config {
namespace {

constexpr char kPath[] = "/srv/pgkeep/pgkeep.toml";
constexpr char kRepository[] =
    "[repository.main]\nurl = \"file:///srv/backups\"\nkey_file = \"pgkeep.key\"\n";

Result<Configuration> Parse(const std::string& text) {
  return ParseConfiguration(kRepository + text, kPath);
}

std::string ErrorOf(const std::string& text) {
  const auto parsed = Parse(text);
  return parsed.ok() ? "no error" : parsed.error().Describe();
}

TEST(SourceSection, HasDefaults) {
  const auto parsed = Parse("[source.app]\nconninfo = \"host=db user=pgkeep\"\n");
  ASSERT_TRUE(parsed.ok()) << parsed.error().Describe();
  ASSERT_EQ(parsed->sources.size(), 1U);
  const SourceSettings& source = parsed->sources.front();
  EXPECT_EQ(source.name, "app");
  EXPECT_EQ(source.conninfo.Get("host"), "db");
  EXPECT_EQ(source.databases, std::vector<std::string>{"*"});
  EXPECT_EQ(source.logical.jobs, 2U);
  EXPECT_FALSE(source.logical.parallel_read);
  EXPECT_EQ(parsed->catalog_url, "sqlite:///srv/pgkeep/pgkeep-catalog.db");
}

TEST(SourceSection, ReadsEverySetting) {
  const auto parsed = Parse(
      "[source.app]\nconninfo = \"service=app\"\ndatabases = [\"a\", \"b*\"]\n"
      "exclude_databases = [\"bad\"]\nrepositories = [\"main\"]\n"
      "[source.app.logical]\njobs = 8\nread = \"parallel\"\nschemas = [\"s\"]\n"
      "exclude_schemas = [\"x\"]\ntables = [\"t\"]\nexclude_tables = [\"y\"]\n"
      "exclude_table_data = [\"z\"]\nlock_timeout = \"500ms\"\nrole = \"r\"\nprograms = \"bin\"\n"
      "[catalog]\nurl = \"/var/history.db\"\n");
  ASSERT_TRUE(parsed.ok()) << parsed.error().Describe();
  const SourceSettings& source = parsed->sources.front();
  const LogicalSettings& logical = source.logical;
  EXPECT_EQ(source.databases, (std::vector<std::string>{"a", "b*"}));
  EXPECT_EQ(source.exclude_databases, std::vector<std::string>{"bad"});
  EXPECT_EQ(source.repositories, std::vector<std::string>{"main"});
  EXPECT_EQ(logical.jobs, 8U);
  EXPECT_TRUE(logical.parallel_read);
  EXPECT_EQ(logical.schemas, std::vector<std::string>{"s"});
  EXPECT_EQ(logical.exclude_schemas, std::vector<std::string>{"x"});
  EXPECT_EQ(logical.tables, std::vector<std::string>{"t"});
  EXPECT_EQ(logical.exclude_tables, std::vector<std::string>{"y"});
  EXPECT_EQ(logical.exclude_table_data, std::vector<std::string>{"z"});
  EXPECT_EQ(logical.lock_timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(logical.role, "r");
  EXPECT_EQ(logical.programs, "/srv/pgkeep/bin");
  EXPECT_EQ(parsed->catalog_url, "/var/history.db");
}

TEST(SourceSection, NamesTheNearestKey) {
  EXPECT_EQ(ErrorOf("[source.app]\nconinfo = \"host=db\"\n"),
            "/srv/pgkeep/pgkeep.toml:5:1: unknown key 'coninfo' in [source.app]\n"
            "hint: did you mean 'conninfo'?");
  EXPECT_EQ(ErrorOf("[source.app]\nconninfo = \"host=db\"\n[source.app.logical]\njob = 2\n"),
            "/srv/pgkeep/pgkeep.toml:7:1: unknown key 'job' in [source.app.logical]\n"
            "hint: did you mean 'jobs'?");
  EXPECT_EQ(ErrorOf("[catalog]\nulr = \"/x\"\n"),
            "/srv/pgkeep/pgkeep.toml:5:1: unknown key 'ulr' in [catalog]\n"
            "hint: did you mean 'url'?");
  EXPECT_EQ(
      ErrorOf("[source.app]\nconninfo = \"host=db\"\nrepositories = [\"mian\"]\n"),
      "/srv/pgkeep/pgkeep.toml:6:16: [source.app] names a repository 'mian' that is not here\n"
      "hint: did you mean 'main'?");
}

TEST(SourceSection, RefusesWrongValues) {
  const std::string source = "[source.app]\nconninfo = \"host=db\"\n";
  const std::string logical = source + "[source.app.logical]\n";
  for (const std::string& text :
       {std::string("[source.app]\n"), std::string("[source.\"\"]\nconninfo = \"host=a\"\n"),
        std::string("[source.\"-x\"]\nconninfo = \"host=a\"\n"), std::string("[source]\n"),
        source + "databases = []\n", source + "databases = \"a\"\n", source + "databases = [1]\n",
        source + "repositories = []\n", logical + "jobs = 0\n", logical + "jobs = 65\n",
        logical + "jobs = \"2\"\n", logical + "read = \"fast\"\n",
        logical + "lock_timeout = \"0s\"\n", logical + "lock_timeout = \"5\"\n",
        logical + "lock_timeout = 5\n", source + "logical = 5\n", std::string("catalog = 5\n")}) {
    const auto parsed = Parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code(), ErrorCode::kConfig) << text;
    EXPECT_FALSE(parsed.error().hint().empty()) << text;
  }
}

TEST(SourceSection, SaysWhatComesLater) {
  EXPECT_NE(ErrorOf("[source.app]\nconninfo = \"host=a\"\n[source.app.physical]\nslot = \"x\"\n")
                .find("has no [source.app.physical] yet"),
            std::string::npos);
  EXPECT_NE(ErrorOf("[source.app]\nconninfo = \"host=a\"\nlogical.schedule = \"0 2 * * *\"\n")
                .find("has no 'schedule' yet"),
            std::string::npos);
}

// A password shows in no message, even where the text cannot be read.
TEST(SourceSection, KeepsPasswordsOutOfMessages) {
  const std::string error = ErrorOf("[source.app]\nconninfo = \"host=a password=hush x\"\n");
  EXPECT_NE(error.find("connection string is not understood"), std::string::npos) << error;
  EXPECT_EQ(error.find("hush"), std::string::npos) << error;
}

TEST(SourceSection, RefusesAPasswordThatOthersCanRead) {
  const testing::TemporaryDirectory directory;
  const std::string text =
      std::string(kRepository) + "[source.app]\nconninfo = \"host=a password=hush\"\n";
  const std::string closed = directory.Join("closed.toml");
  const std::string open = directory.Join("open.toml");
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), closed, AsBytes(text), 0640, false).ok());
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), open, AsBytes(text), 0644, false).ok());
  EXPECT_TRUE(LoadConfiguration(PosixFileSystem(), closed).ok());
  const auto refused = LoadConfiguration(PosixFileSystem(), open);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_EQ(refused.error().Describe().find("hush"), std::string::npos);
}

TEST(SourceSection, ReadsBackWhatItFormats) {
  const RepositorySettings settings{"main", "file:///srv", "/k", ""};
  const std::vector<NewSource> sources = {{"app", "host=db user='a b' dbname=\"x"},
                                          {"odd name", "service=x"}};
  const auto text = FormatConfiguration(settings, sources, "sqlite:///srv/c.db");
  ASSERT_TRUE(text.ok()) << text.error().Describe();
  const auto parsed = ParseConfiguration(*text, kPath);
  ASSERT_TRUE(parsed.ok()) << parsed.error().Describe();
  ASSERT_EQ(parsed->sources.size(), 2U);
  EXPECT_EQ(parsed->sources[0].conninfo.Get("user"), "a b");
  EXPECT_EQ(parsed->sources[1].name, "odd name");
  EXPECT_EQ(parsed->catalog_url, "sqlite:///srv/c.db");
}

TEST(SourceSection, DoesNotFormatPasswordsAndNames) {
  const RepositorySettings settings{"main", "file:///srv", "/k", ""};
  for (const NewSource& source :
       {NewSource{"app", "host=a password=hush"}, NewSource{"app", "no conninfo"},
        NewSource{"-x", "host=a"}, NewSource{"a\nb", "host=a"}}) {
    const auto text = FormatConfiguration(settings, {&source, 1});
    ASSERT_FALSE(text.ok()) << source.name;
    EXPECT_EQ(text.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(text.error().Describe().find("hush"), std::string::npos);
  }
}

TEST(DefaultCatalogUrl, IsBesideTheConfigurationButNotBelowEtc) {
  EXPECT_EQ(DefaultCatalogUrl("/srv/a/pgkeep.toml"), "sqlite:///srv/a/pgkeep-catalog.db");
  EXPECT_EQ(DefaultCatalogUrl("/etc/pgkeep/pgkeep.toml"),
            "sqlite:///var/lib/pgkeep/pgkeep-catalog.db");
}

}  // namespace
}  // namespace pgkeep::config
