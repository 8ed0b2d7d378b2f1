#include "cli/program.h"

#include <boost/json.hpp>
#include <stop_token>
#include <string>

#include "cli/program_test_kit.h"
#include "cli/repository_access.h"
#include "repository/backup_writer.h"

namespace pgkeep::cli {
namespace {

class ProgramTest : public ProgramTestKit {
 protected:
  void Init() {
    const Outcome outcome = Run({"init", "--repository", directory_.Join("repository")});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
  }

  // A backup of nothing.
  void StoreBackup() {
    const auto location = FindRepository({}, environment_);
    ASSERT_TRUE(location.ok()) << location.error().ToString();
    const auto opened = OpenedRepository::Open(*location, environment_, KeyNeed::kRequired);
    ASSERT_TRUE(opened.ok()) << opened.error().ToString();
    repository::BackupSpec spec;
    spec.source = "app";
    const auto writer = repository::BackupWriter::Begin((*opened)->repository(), spec, {});
    ASSERT_TRUE(writer.ok()) << writer.error().ToString();
    const auto committed = (*writer)->Commit({});
    ASSERT_TRUE(committed.ok()) << committed.error().ToString();
  }
};

TEST_F(ProgramTest, EndsWith130WhenItIsInterrupted) {
  Init();
  StoreBackup();
  EXPECT_EQ(Run({"verify"}).status, 0);
  std::stop_source source;
  source.request_stop();
  environment_.stop = source.get_token();
  const Outcome outcome = Run({"verify", "--json"});
  EXPECT_EQ(outcome.status, 130);
  EXPECT_EQ(boost::json::parse(outcome.out).at("error").at("code").as_string(), "cancelled");
}

TEST_F(ProgramTest, MakesNoRepositoryWhenItIsInterruptedBefore) {
  std::stop_source source;
  source.request_stop();
  environment_.stop = source.get_token();
  const Outcome outcome = Run({"init", "--repository", directory_.Join("repository")});
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  for (const char* file : {"pgkeep.toml", "pgkeep.key", "pgkeep-recovery-kit.txt"}) {
    EXPECT_FALSE(PosixFileSystem().Stat(directory_.Join(file)).ok()) << file;
  }
  environment_.stop = {};
  Init();
}

TEST_F(ProgramTest, PrintsOneJsonDocumentWhateverHappens) {
  Init();
  for (const Words& words :
       {Words{"list", "--json"}, Words{"show", "ffff", "--json"}, Words{"--json", "no-command"},
        Words{"--json"}, Words{"verify", "--json", "--data", "100"}, Words{"key", "list", "--json"},
        Words{"gc", "--json"}, Words{"list", "--json", "--config", "/nowhere"}}) {
    const Outcome outcome = Run(words);
    boost::system::error_code error;
    const boost::json::value document = boost::json::parse(outcome.out, error);
    ASSERT_FALSE(error) << outcome.out;
    EXPECT_EQ(document.as_object().contains("error"), outcome.status != 0) << outcome.out;
    EXPECT_EQ(outcome.err, "");
  }
}

TEST_F(ProgramTest, ShowsErrorsInColourOnlyIfAskedFor) {
  EXPECT_EQ(Run({"no-command"}).err.substr(0, 8), "pgkeep: ");
  environment_.color = true;
  EXPECT_EQ(Run({"no-command"}).err.substr(0, 7), "\x1b[1;31m");
  EXPECT_EQ(Run({"no-command", "--no-color"}).err.substr(0, 8), "pgkeep: ");
}

TEST_F(ProgramTest, KeepsLocalStateWhereTheVariableSays) {
  EXPECT_EQ(StateDirectory(environment_), directory_.Join("state"));
  variables_.erase("PGKEEP_STATE_DIR");
  variables_["HOME"] = "/user";
  EXPECT_EQ(StateDirectory(environment_), "/user/.local/state/pgkeep");
  variables_["XDG_STATE_HOME"] = "/state";
  EXPECT_EQ(StateDirectory(environment_), "/state/pgkeep");
  environment_.root = true;
  EXPECT_EQ(StateDirectory(environment_), "/var/lib/pgkeep");
  environment_.root = false;
  variables_.clear();
  EXPECT_EQ(StateDirectory(environment_), "");
}

TEST_F(ProgramTest, RefusesToOverwriteAnyFileOfAnEarlierInit) {
  Init();
  for (const char* kept : {"pgkeep.toml", "pgkeep.key", "pgkeep-recovery-kit.txt"}) {
    const testing::TemporaryDirectory other;
    ASSERT_TRUE(
        WriteFileDurably(PosixFileSystem(), other.Join(kept), AsBytes("old"), 0600, false).ok());
    const Outcome outcome = Run(
        {"init", "--repository", other.Join("repository"), "--config", other.Join("pgkeep.toml")});
    EXPECT_EQ(outcome.status, 1) << kept;
    EXPECT_EQ(Read(other.Join(kept)), "old");
    EXPECT_FALSE(PosixFileSystem().Stat(other.Join("repository")).ok()) << kept;
  }
}

}  // namespace
}  // namespace pgkeep::cli
