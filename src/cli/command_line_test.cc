#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace pgkeep::cli {
namespace {

using Words = std::vector<std::string>;

Invocation Parse(const Words& words) {
  auto parsed = ParseCommandLine(words);
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().Describe());
  if (!parsed.ok() || !std::holds_alternative<Invocation>(*parsed)) return {};
  return std::get<Invocation>(*parsed);
}

std::string ErrorOf(const Words& words) {
  const auto parsed = ParseCommandLine(words);
  if (parsed.ok()) return "no error";
  EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
  return parsed.error().Describe();
}

std::string HelpOf(const Words& words) {
  const auto parsed = ParseCommandLine(words);
  if (!parsed.ok() || !std::holds_alternative<HelpText>(*parsed)) return "no help";
  return std::get<HelpText>(*parsed).text;
}

TEST(CommandLine, TakesGlobalOptionsBeforeAndAfterTheCommand) {
  for (const Words& words :
       {Words{"--json", "--config", "/c", "list"}, Words{"list", "--config", "/c", "--json"}}) {
    const Invocation line = Parse(words);
    EXPECT_EQ(line.global.config, "/c");
    EXPECT_TRUE(line.global.json);
    EXPECT_TRUE(std::holds_alternative<ListCommand>(line.command));
  }
}

TEST(CommandLine, ReadsEveryOptionOfCommandsForDatabases) {
  EXPECT_EQ(std::get<CheckCommand>(Parse({"check", "app"}).command).source, "app");
  EXPECT_EQ(std::get<CheckCommand>(Parse({"check"}).command).source, "");

  const auto backup = std::get<BackupCommand>(
      Parse({"backup", "app", "--database", "a", "--database", "b*", "--jobs", "7", "--label",
             "x y", "--full", "--type", "logical"})
          .command);
  EXPECT_EQ(backup.source, "app");
  EXPECT_EQ(backup.databases, (Words{"a", "b*"}));
  EXPECT_EQ(backup.jobs, 7U);
  EXPECT_EQ(backup.label, "x y");
  EXPECT_TRUE(backup.full);

  const auto restore =
      std::get<RestoreCommand>(Parse({"restore",    "--at",       "-2h",
                                      "--source",   "app",        "--source-database",
                                      "d",          "--database", "dbname=x",
                                      "--create",   "--clean",    "--table",
                                      "a.b",        "--table",    "c",
                                      "--schema",   "s",          "--into-schema",
                                      "i",          "--no-owner", "--no-privileges",
                                      "--map-role", "a=b",        "--no-analyze",
                                      "--jobs",     "3",          "--dry-run"})
                                   .command);
  EXPECT_EQ(restore.from.backup, "");
  EXPECT_EQ(restore.from.at, "-2h");
  EXPECT_EQ(restore.from.source, "app");
  EXPECT_EQ(restore.from.database, "d");
  EXPECT_EQ(restore.target, "dbname=x");
  EXPECT_EQ(restore.tables, (Words{"a.b", "c"}));
  EXPECT_EQ(restore.schemas, Words{"s"});
  EXPECT_EQ(restore.into_schema, "i");
  EXPECT_EQ(restore.map_roles, Words{"a=b"});
  EXPECT_EQ(restore.jobs, 3U);
  EXPECT_TRUE(restore.create && restore.clean && restore.no_owner && restore.no_privileges &&
              restore.no_analyze && restore.dry_run);

  const auto exported = std::get<ExportCommand>(
      Parse({"export", "latest", "--database", "d", "--output", "/o", "--format", "custom"})
          .command);
  EXPECT_EQ(exported.from.backup, "latest");
  EXPECT_EQ(exported.from.database, "d");
  EXPECT_EQ(exported.output, "/o");
  EXPECT_EQ(exported.format, "custom");

  const auto history =
      std::get<HistoryCommand>(Parse({"history", "app", "--limit", "5", "--kind", "backup",
                                      "--kind", "gc", "--status", "failed"})
                                   .command);
  EXPECT_EQ(history.source, "app");
  EXPECT_EQ(history.limit, 5U);
  EXPECT_EQ(history.kinds, (Words{"backup", "gc"}));
  EXPECT_EQ(history.statuses, Words{"failed"});

  EXPECT_TRUE(std::holds_alternative<ConfigCheckCommand>(Parse({"config", "check"}).command));
  EXPECT_TRUE(std::holds_alternative<ConfigShowCommand>(Parse({"config", "show"}).command));
}

TEST(CommandLine, RefusesNumbersOutOfRange) {
  for (const Words& words :
       {Words{"backup", "app", "--jobs", "0"}, Words{"backup", "app", "--jobs", "65"},
        Words{"restore", "latest", "--database", "dbname=x", "--jobs", "two"},
        Words{"history", "--limit", "0"}, Words{"history", "--limit", "1001"}}) {
    EXPECT_NE(ErrorOf(words).find("is no number of jobs"), std::string::npos) << words.back();
  }
}

TEST(CommandLine, KnowsOptionsOfPhysicalBackupsThatItDoesNotHave) {
  for (const char* option : {"--directory", "--target-lsn", "--tablespace-map"}) {
    const Invocation line = Parse({"restore", "latest", option, "x"});
    EXPECT_EQ(std::get<RestoreCommand>(line.command).physical_option, option);
  }
  EXPECT_EQ(
      std::get<RestoreCommand>(Parse({"restore", "latest", "--delta"}).command).physical_option,
      "--delta");
  EXPECT_EQ(HelpOf({"restore", "--help"}).find("--delta"), std::string::npos);
}

TEST(CommandLine, ReadsEveryOptionOfEveryCommand) {
  const Invocation init = Parse({"init", "--repository", "/r", "--split", "--attach", "--key-file",
                                 "/k", "--passphrase-file", "/p"});
  EXPECT_EQ(init.global.repository, "/r");
  EXPECT_EQ(init.global.key_file, "/k");
  EXPECT_EQ(init.global.passphrase_file, "/p");
  EXPECT_TRUE(std::get<InitCommand>(init.command).split);
  EXPECT_TRUE(std::get<InitCommand>(init.command).attach);

  EXPECT_EQ(
      std::get<InitCommand>(Parse({"init", "--source", "a=host=x", "--source", "b=host=y"}).command)
          .sources,
      (Words{"a=host=x", "b=host=y"}));

  EXPECT_EQ(std::get<ListCommand>(Parse({"list", "app"}).command).source, "app");
  EXPECT_EQ(std::get<ShowCommand>(Parse({"show", "latest"}).command).backup, "latest");

  EXPECT_FALSE(std::get<ShowCommand>(Parse({"show", "latest"}).command).tables);
  EXPECT_TRUE(std::get<ShowCommand>(Parse({"show", "latest", "--tables"}).command).tables);

  const auto verify = std::get<VerifyCommand>(
      Parse({"verify", "aaaa", "bbbb", "--data", "2.5", "--seed", "7"}).command);
  EXPECT_EQ(verify.backups, (Words{"aaaa", "bbbb"}));
  EXPECT_EQ(verify.data_percent, 2.5);
  EXPECT_EQ(verify.seed, 7U);

  const auto expire = std::get<ExpireCommand>(
      Parse({"expire", "--dry-run", "aaaa", "--force", "--reason", "old", "bbbb"}).command);
  EXPECT_EQ(expire.backups, (Words{"aaaa", "bbbb"}));
  EXPECT_TRUE(expire.dry_run);
  EXPECT_TRUE(expire.force);
  EXPECT_EQ(expire.reason, "old");

  const auto gc = std::get<GcCommand>(
      Parse({"gc", "--abort-writer", "aaaa", "--abort-writer", "bbbb", "--dry-run"}).command);
  EXPECT_EQ(gc.abort_writers, (Words{"aaaa", "bbbb"}));
  EXPECT_TRUE(gc.dry_run);
  EXPECT_FALSE(gc.force);
  EXPECT_EQ(gc.expired_for, Duration::zero());
  for (const auto& [text, duration] :
       {std::pair<const char*, Duration>{"90m", std::chrono::minutes(90)},
        {"12h", std::chrono::hours(12)},
        {"7d", std::chrono::days(7)}}) {
    EXPECT_EQ(std::get<GcCommand>(Parse({"gc", "--expired-for", text}).command).expired_for,
              duration);
  }

  EXPECT_TRUE(std::holds_alternative<KeyListCommand>(Parse({"key", "list"}).command));
  EXPECT_EQ(std::get<KeyRemoveCommand>(Parse({"key", "remove", "0c1d2e3f"}).command).slot,
            "0c1d2e3f");
  const auto rotate = std::get<KeyRotateCommand>(
      Parse({"key", "rotate", "--passphrase-file", "a", "--passphrase-file", "b"}).command);
  EXPECT_EQ(rotate.passphrase_files, (Words{"a", "b"}));
}

TEST(CommandLine, LeavesWhatWasNotGivenUnset) {
  const auto verify = std::get<VerifyCommand>(Parse({"verify"}).command);
  EXPECT_TRUE(verify.backups.empty());
  EXPECT_FALSE(verify.data_percent.has_value());
  EXPECT_FALSE(verify.seed.has_value());
  EXPECT_FALSE(std::get<ListCommand>(Parse({"list"}).command).source.has_value());
}

TEST(CommandLine, TellsThePassphraseOfANewSlotFromTheOneThatUnlocks) {
  const Invocation line =
      Parse({"--passphrase-file", "/old", "key", "add", "--passphrase-file", "/new"});
  EXPECT_EQ(line.global.passphrase_file, "/old");
  EXPECT_EQ(std::get<KeyAddCommand>(line.command).passphrase_file, "/new");
}

TEST(CommandLine, GuessesMisspeltCommandsAndOptions) {
  EXPECT_EQ(ErrorOf({"lsit"}), "unknown command 'lsit'\nhint: did you mean 'list'?");
  EXPECT_EQ(ErrorOf({"key", "rotat"}), "unknown command 'rotat'\nhint: did you mean 'rotate'?");
  EXPECT_EQ(ErrorOf({"verify", "--dta=5"}), "unknown option '--dta'\nhint: did you mean '--data'?");
  EXPECT_EQ(ErrorOf({"list", "--jason"}), "unknown option '--jason'\nhint: did you mean '--json'?");
  // What is missing as well must not hide the word that is wrong.
  EXPECT_EQ(ErrorOf({"show", "--jason"}), "unknown option '--jason'\nhint: did you mean '--json'?");
  EXPECT_EQ(ErrorOf({"xyzzyx"}),
            "unknown command 'xyzzyx'\nhint: 'pgkeep --help' shows what "
            "there is");
}

TEST(CommandLine, SaysWhatIsMissingOrTooMuch) {
  EXPECT_TRUE(ErrorOf({}).starts_with("there is no command"));
  EXPECT_TRUE(ErrorOf({"key"}).starts_with("there is no command\nhint: 'pgkeep key --help'"));
  EXPECT_EQ(ErrorOf({"list", "a", "b"}),
            "'b' is one word too many\nhint: 'pgkeep list --help' shows how it is used");
  EXPECT_TRUE(ErrorOf({"expire"}).find("BACKUP is required") == 0) << ErrorOf({"expire"});
  for (const char* wrong : {"101", "-1", "nan"}) {
    EXPECT_EQ(ErrorOf({"verify", std::string("--data=") + wrong}).find("--data"), 0U) << wrong;
  }
  EXPECT_TRUE(ErrorOf({"verify", "--seed", "x"}).find("--seed") != std::string::npos);
}

// verify --data "$PCT" without PCT must not look at nothing and find all well.
TEST(CommandLine, RefusesEmptyValues) {
  for (const char* name : {"--config", "--repository", "--key-file", "--passphrase-file"}) {
    const std::string expected = std::string(name) + " is empty\n";
    EXPECT_TRUE(ErrorOf({"list", name, ""}).starts_with(expected)) << ErrorOf({"list", name, ""});
    EXPECT_TRUE(ErrorOf({name, "", "gc"}).starts_with(expected)) << ErrorOf({name, "", "gc"});
  }
  for (const Words& words :
       {Words{"verify", "--data", ""}, Words{"verify", "--seed", ""}, Words{"verify", ""},
        Words{"verify", "aaaa", ""}, Words{"list", ""}, Words{"show", ""}, Words{"expire", ""},
        Words{"expire", "aaaa", "--reason", ""}, Words{"gc", "--abort-writer", ""},
        Words{"key", "add", "--passphrase-file", ""}, Words{"key", "remove", ""},
        Words{"key", "rotate", "--passphrase-file", ""}}) {
    EXPECT_TRUE(ErrorOf(words).find(" is empty\nhint: ") != std::string::npos) << ErrorOf(words);
  }
  EXPECT_NE(ErrorOf({"list", "--config="}), "no error");
  EXPECT_NE(ErrorOf({"verify", "--data="}), "no error");
}

TEST(CommandLine, ReadsNumbersStrictly) {
  for (const char* wrong : {"0x10", "1e1", "1 ", " 1", "+1", "-0", "1,5", "100.1", "inf", "5%"}) {
    EXPECT_EQ(
        ErrorOf({"verify", "--data", wrong}),
        std::string("--data ") + wrong + " is no percentage\nhint: give a number from 0 to 100");
  }
  for (const char* wrong : {"-1", "18446744073709551616", "0x10", "1.0", " 1", "1a"}) {
    EXPECT_TRUE(ErrorOf({"verify", "--seed", wrong})
                    .starts_with(std::string("--seed ") + wrong + " is no number\nhint: "))
        << ErrorOf({"verify", "--seed", wrong});
  }
  for (const char* wrong : {"7", "d", "-7d", "7 d", "1.5d", "7days", "99999999999d"}) {
    EXPECT_TRUE(ErrorOf({"gc", "--expired-for", wrong}).find(" is no duration\nhint: ") !=
                std::string::npos)
        << wrong;
  }
  const auto verify = std::get<VerifyCommand>(
      Parse({"verify", "--data", "100", "--seed", "18446744073709551615"}).command);
  EXPECT_EQ(verify.data_percent, 100);
  EXPECT_EQ(verify.seed, UINT64_MAX);
}

TEST(CommandLine, HelpOfEveryCommandHasTheOptionsOfAll) {
  for (const Words& words : {Words{"init", "--help"}, Words{"gc", "--help"}, Words{"key", "--help"},
                             Words{"key", "rotate", "--help"}}) {
    const std::string help = HelpOf(words);
    for (const char* name : {"--config FILE", "--repository URL", "--key-file FILE",
                             "--passphrase-file FILE", "--json", "--quiet", "--verbose"}) {
      EXPECT_NE(help.find(name), std::string::npos) << help;
    }
  }
  EXPECT_NE(HelpOf({"--help"}).find("PGKEEP_STATE_DIR"), std::string::npos);
}

TEST(CommandLine, HelpOfEveryCommandHasAnExampleOfIt) {
  const std::vector<Words> commands = {
      {"init"}, {"list"},        {"show"},       {"verify"},        {"expire"},       {"gc"},
      {"key"},  {"key", "list"}, {"key", "add"}, {"key", "remove"}, {"key", "rotate"}};
  for (Words words : commands) {
    std::string example = "  pgkeep";
    for (const std::string& word : words) example += " " + word;
    words.push_back("--help");
    const std::string help = HelpOf(words);
    EXPECT_NE(help.find(example), std::string::npos) << help;
  }
  EXPECT_NE(HelpOf({"--help"}).find("Examples:\n  pgkeep init"), std::string::npos);
}

TEST(CommandLine, ShowsTheVersion) { EXPECT_EQ(HelpOf({"--version"}).substr(0, 7), "pgkeep "); }

}  // namespace
}  // namespace pgkeep::cli
