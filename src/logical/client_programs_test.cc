#include "logical/client_programs.h"

#include <gtest/gtest.h>

#include <string>

#include "base/posix_file.h"
#include "testing/temporary_directory.h"

namespace pgkeep::logical {
namespace {

// A directory with a program that prints `output` when it is asked for its version.
class FakeProgram {
 public:
  // The name is the first word of the output.
  explicit FakeProgram(const std::string& output, const std::string& rest = "") {
    const std::string script = "#!/bin/sh\necho '" + output + "'\n" + rest;
    const std::string name = output.substr(0, output.find(' '));
    const auto file = PosixFileSystem().CreateNew(directory_.Join(name), 0755);
    EXPECT_TRUE(file.ok());
    EXPECT_TRUE((*file)->WriteAll(AsBytes(script)).ok());
  }
  const std::string& directory() const { return directory_.path(); }

 private:
  testing::TemporaryDirectory directory_;
};

ProgramSearch In(const std::vector<const FakeProgram*>& programs) {
  ProgramSearch search;
  for (const FakeProgram* program : programs) search.directories.push_back(program->directory());
  return search;
}

Result<ClientProgram> Find(const std::vector<const FakeProgram*>& programs, int version) {
  return FindProgram("pg_dump", version, In(programs), {});
}

TEST(ClientPrograms, ReadsVersions) {
  const auto packaged =
      ParseProgramVersion("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", "/p");
  ASSERT_TRUE(packaged.ok());
  EXPECT_EQ(packaged->major, 15);
  EXPECT_EQ(packaged->minor, 18);
  EXPECT_EQ(packaged->version, "15.18 (Debian 15.18-0+deb12u1)");
  const auto beta = ParseProgramVersion("pg_dump (PostgreSQL) 19beta2\n", "/p");
  ASSERT_TRUE(beta.ok());
  EXPECT_EQ(beta->major, 19);
  EXPECT_EQ(beta->minor, 0);
}

TEST(ClientPrograms, RefusesWhatIsNoVersion) {
  for (const char* output : {"", "pg_dump", "pg_dump (PostgreSQL) devel", "ls (coreutils) 9.1"}) {
    EXPECT_FALSE(ParseProgramVersion(output, "/p").ok()) << output;
  }
}

TEST(ClientPrograms, PrefersTheServersOwnVersionThenTheNextNewer) {
  const FakeProgram old("pg_dump (PostgreSQL) 13.4");
  const FakeProgram same("pg_dump (PostgreSQL) 15.2");
  const FakeProgram same_newer("pg_dump (PostgreSQL) 15.9");
  const FakeProgram next("pg_dump (PostgreSQL) 16.1");
  const FakeProgram newest("pg_dump (PostgreSQL) 18.0");
  const auto found = Find({&newest, &old, &same, &next, &same_newer}, 150'018);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->path, same_newer.directory() + "/pg_dump");
  const auto newer = Find({&old, &newest, &next}, 150'018);
  ASSERT_TRUE(newer.ok());
  EXPECT_EQ(newer->major, 16);
}

TEST(ClientPrograms, RefusesOlderOnesWithAHint) {
  const FakeProgram old("pg_dump (PostgreSQL) 13.4");
  const auto found = Find({&old}, 150'018);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code(), ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(
      found.error().message(),
      old.directory() +
          "/pg_dump is version 13, but the server is version 15: an older pg_dump cannot back "
          "up a newer server");
  EXPECT_NE(found.error().hint().find("postgresql-client-15"), std::string::npos);
}

TEST(ClientPrograms, RestoresByTheTargetsOwnVersionThenTheNextOlder) {
  const FakeProgram oldest("pg_restore (PostgreSQL) 13.23");
  const FakeProgram old("pg_restore (PostgreSQL) 15.2");
  const FakeProgram old_newer("pg_restore (PostgreSQL) 15.9");
  const FakeProgram newer("pg_restore (PostgreSQL) 17.1");
  const FakeProgram newest("pg_restore (PostgreSQL) 18.0");
  const auto find = [](const std::vector<const FakeProgram*>& programs, int version) {
    return FindRestoreProgram(version, In(programs), {});
  };
  EXPECT_EQ(find({&newest, &oldest, &newer, &old}, 170'010)->major, 17);
  const auto older = find({&newest, &oldest, &old, &newer, &old_newer}, 160'014);
  ASSERT_TRUE(older.ok());
  EXPECT_EQ(older->path, old_newer.directory() + "/pg_restore");
  EXPECT_EQ(find({&newest, &newer}, 160'014)->major, 17);
  const auto none = find({}, 160'014);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code(), ErrorCode::kNotFound);
}

TEST(ClientPrograms, SaysWhenThereIsNone) {
  const testing::TemporaryDirectory empty;
  ProgramSearch search;
  search.only_directory = empty.path();
  const auto found = FindProgram("pg_dump", 150'018, search, {});
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(found.error().message(), "there is no pg_dump in " + empty.path());
}

TEST(ClientPrograms, PassesOverThoseThatDoNotRun) {
  const FakeProgram broken("pg_dump (PostgreSQL) 15.9", "exit 1\n");
  const FakeProgram good("pg_dump (PostgreSQL) 15.1");
  const auto found = Find({&broken, &good}, 150'018);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->minor, 1);
}

TEST(ClientPrograms, FindsTheRealOne) {
  const auto found =
      FindProgram("pg_dump", 150'000, DefaultProgramSearch(PosixFileSystem(), "/usr/bin"), {});
  ASSERT_TRUE(found.ok()) << found.error().Describe();
  EXPECT_EQ(found->major, 15);
}

TEST(ClientPrograms, KeepsThePasswordOutOfTheArguments) {
  auto params = postgres::ConnectionParams::Parse("host=h user=u password='se cret' dbname=d");
  ASSERT_TRUE(params.ok());
  const ClientProgram program{.path = "/bin/pg_dump", .major = 15, .minor = 0, .version = "15.0"};
  const auto spec = MakeClientSpec(program, *params, {"--dbname=" + params->ToConninfo()});
  ASSERT_TRUE(spec.ok());
  for (const auto* words : {&spec->words, &spec->environment}) {
    for (const std::string& word : *words) {
      EXPECT_EQ(word.find("cret"), std::string::npos) << word;
      EXPECT_FALSE(word.starts_with("PG")) << word;
    }
  }
  ASSERT_EQ(spec->secret_environment.size(), 1U);
  EXPECT_EQ(AsText(spec->secret_environment[0].Expose()), "PGPASSWORD=se cret");
}

TEST(ClientPrograms, TellsTheFirstComplaint) {
  const ClientProgram program{.path = "/bin/pg_dump", .major = 15, .minor = 0, .version = "15.0"};
  const Error error = ProgramFailed(
      program, "reading the definitions", ChildEnd{.status = 1, .signal = 0},
      "pg_dump: warning: something\npg_dump: error: query failed: ERROR:  permission denied for "
      "table x\npg_dump: detail: Query was: LOCK\n");
  EXPECT_EQ(error.code(), ErrorCode::kChildFailed);
  EXPECT_EQ(error.message(),
            "reading the definitions: pg_dump 15 failed: query failed: ERROR:  permission denied "
            "for table x");
  EXPECT_EQ(ProgramFailed(program, "x", ChildEnd{.status = 0, .signal = 9}, "").message(),
            "x: pg_dump 15 failed: was ended by signal 9");
}

}  // namespace
}  // namespace pgkeep::logical
