#include "config/configuration.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "base/bytes.h"
#include "base/file_util.h"
#include "testing/faulty_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep::config {
namespace {

constexpr char kPath[] = "/etc/pgkeep/pgkeep.toml";

// The message of the error that `text` gives.
std::string ErrorOf(const std::string& text) {
  const Result<Configuration> parsed = ParseConfiguration(text, kPath);
  if (parsed.ok()) return "no error";
  EXPECT_EQ(parsed.error().code(), ErrorCode::kConfig);
  return parsed.error().Describe();
}

TEST(Configuration, ReadsARepository) {
  const auto parsed = ParseConfiguration(
      "[repository.main]\nurl = \"file:///srv/backups\"\nkey_file = \"/etc/pgkeep/pgkeep.key\"\n",
      kPath);
  ASSERT_TRUE(parsed.ok()) << parsed.error().Describe();
  EXPECT_EQ(parsed->repository,
            (RepositorySettings{"main", "file:///srv/backups", "/etc/pgkeep/pgkeep.key", ""}));
}

TEST(Configuration, TakesRelativeFileNamesFromItsOwnDirectory) {
  const auto parsed = ParseConfiguration(
      "[repository.main]\nurl = \"/srv\"\nkey_file = \"pgkeep.key\"\npassphrase_file = \"p/w\"\n",
      kPath);
  ASSERT_TRUE(parsed.ok()) << parsed.error().Describe();
  EXPECT_EQ(parsed->repository.key_file, "/etc/pgkeep/pgkeep.key");
  EXPECT_EQ(parsed->repository.passphrase_file, "/etc/pgkeep/p/w");
}

TEST(Configuration, NamesPlaceAndNearestNameOfAnUnknownKey) {
  EXPECT_EQ(ErrorOf("[repository.main]\nurl = \"/srv\"\n  keyfile = \"k\"\n"),
            "/etc/pgkeep/pgkeep.toml:3:3: unknown key 'keyfile' in [repository.main]\n"
            "hint: did you mean 'key_file'?");
}

TEST(Configuration, ReportsTheFirstProblemOfTheFile) {
  // Sorted by name, 'aaa' would come before 'zzz'.
  EXPECT_TRUE(ErrorOf("[repository.main]\nurl = \"/s\"\nkey_file = \"k\"\nzzz = 1\naaa = 1\n")
                  .starts_with("/etc/pgkeep/pgkeep.toml:4:1: unknown key 'zzz'"));
}

TEST(Configuration, DoesNotCallAKeyMissingThatIsMisspelt) {
  EXPECT_TRUE(ErrorOf("[repository.main]\nulr = \"/s\"\n")
                  .starts_with("/etc/pgkeep/pgkeep.toml:2:1: unknown key 'ulr'"));
  EXPECT_TRUE(ErrorOf("[repository.main]\nkey_file = \"k\"\n")
                  .starts_with("/etc/pgkeep/pgkeep.toml:1:1: [repository.main] has no 'url'"));
}

TEST(Configuration, SaysWhichSectionsComeLater) {
  EXPECT_EQ(
      ErrorOf("[alerts]\nemail = \"\"\n"),
      "/etc/pgkeep/pgkeep.toml:1:2: this version of pgkeep has no [alerts] yet\n"
      "hint: remove it: only [repository.NAME], [source.NAME], [catalog] and [prices] are known");
}

TEST(Configuration, GuessesAMisspeltSection) {
  EXPECT_EQ(ErrorOf("[repositroy.main]\nurl = \"/srv\"\n"),
            "/etc/pgkeep/pgkeep.toml:1:2: unknown section or key 'repositroy'\n"
            "hint: did you mean 'repository'?");
}

TEST(Configuration, RefusesWhatIsMissingOrOfAWrongType) {
  EXPECT_TRUE(ErrorOf("").find("there is no section [repository.main]") != std::string::npos);
  EXPECT_TRUE(ErrorOf("[repository.main]\nurl = 5\nkey_file = \"k\"\n").find(":2:7: 'url' must") !=
              std::string::npos);
  EXPECT_TRUE(ErrorOf("[repository.main]\nurl = \"/srv\"\n").find("has no key") !=
              std::string::npos);
  EXPECT_TRUE(ErrorOf("repository = 5\n").find("must be a section") != std::string::npos);
  EXPECT_TRUE(ErrorOf("[repository]\nurl = \"/srv\"\n").find("outside a repository") !=
              std::string::npos);
  const std::string one = "url = \"/srv\"\nkey_file = \"k\"\n";
  EXPECT_TRUE(ErrorOf("[repository.a]\n" + one + "[repository.b]\n" + one)
                  .find("more than one repository") != std::string::npos);
}

TEST(Configuration, SaysWhereTheTextIsNoToml) {
  EXPECT_TRUE(ErrorOf("[repository.main\n").starts_with("/etc/pgkeep/pgkeep.toml:1:"));
}

// Each part of a dotted name is a table in a table: without a bound they end the stack.
TEST(Configuration, RefusesWhatIsNestedTooDeeply) {
  std::string dotted = "a";
  for (int i = 0; i < 50000; ++i) dotted += ".a";
  EXPECT_TRUE(ErrorOf(dotted + " = 1\n").find("more than") != std::string::npos);
  EXPECT_TRUE(ErrorOf("\n[" + dotted.substr(0, 20001) + "]\n")
                  .starts_with("/etc/pgkeep/pgkeep.toml:2:1: there are more than 2048 dots"));
  // As deep as it may be.
  EXPECT_TRUE(ErrorOf(dotted.substr(0, 4097) + " = 1\n").find("unknown section or key 'a'") !=
              std::string::npos);
  const std::string brackets(20000, '[');
  EXPECT_TRUE(ErrorOf("a = " + brackets).starts_with("/etc/pgkeep/pgkeep.toml:1:"));
}

TEST(Configuration, ReadsBackWhatItFormats) {
  const RepositorySettings settings{"main", "file:///a%20b", "/k \"quoted\"\\ \xc3\xa9\n", "/p"};
  const auto text = FormatConfiguration(settings);
  ASSERT_TRUE(text.ok()) << text.error().Describe();
  const auto parsed = ParseConfiguration(*text, kPath);
  ASSERT_TRUE(parsed.ok()) << parsed.error().Describe();
  EXPECT_EQ(parsed->repository, settings);
}

TEST(Configuration, DoesNotFormatWhatItCouldNotRead) {
  const RepositorySettings settings{"main", "file:///srv", "/k\xff", ""};
  ASSERT_FALSE(FormatConfiguration(settings).ok());
  EXPECT_EQ(FormatConfiguration(settings).error().code(), ErrorCode::kInvalidArgument);
}

TEST(Configuration, CallsAnUnreadableFileAConfigurationError) {
  const testing::TemporaryDirectory directory;
  const auto missing = LoadConfiguration(PosixFileSystem(), directory.Join("pgkeep.toml"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), ErrorCode::kConfig);

  EXPECT_NE(missing.error().hint().find("pgkeep init"), std::string::npos);

  const std::string pipe = directory.Join("pipe.toml");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto piped = LoadConfiguration(PosixFileSystem(), pipe);
  ASSERT_FALSE(piped.ok());
  EXPECT_NE(piped.error().message().find("not a regular file"), std::string::npos);

  testing::FaultyFileSystem locked(PosixFileSystem());
  locked.AddFault({.call = testing::FileCall::kOpenRead, .os_errno = EACCES});
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), directory.Join("a"), {}, 0600, false).ok());
  const auto refused = LoadConfiguration(locked, directory.Join("a"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(locked.fired(), 1U);
  EXPECT_EQ(refused.error().hint().find("pgkeep init"), std::string::npos);
  EXPECT_NE(refused.error().hint().find("owner"), std::string::npos);

  const std::string path = directory.Join("long.toml");
  const std::string comments(kMaxConfigurationBytes + 1, '#');
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), path, AsBytes(comments), 0600, false).ok());
  ASSERT_FALSE(LoadConfiguration(PosixFileSystem(), path).ok());
}

}  // namespace
}  // namespace pgkeep::config
