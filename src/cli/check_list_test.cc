#include "cli/check_list.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "base/bytes.h"
#include "base/file_util.h"
#include "testing/temporary_directory.h"

namespace pgkeep::cli {
namespace {

CheckList Sample() {
  CheckList list;
  list.Begin("source app");
  list.Good("connection", "PostgreSQL 15");
  list.Warn("clock", "apart", "let both keep time by NTP");
  list.Begin("repository");
  list.Bad("access", Err(ErrorCode::kPermission, "not writable").WithHint("run it as bob"));
  return list;
}

std::string Show(const CheckList& list, bool quiet, bool json) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.Join("out");
  std::FILE* const file = std::fopen(path.c_str(), "w");
  Console console({.out = file, .err = file, .json = json, .quiet = quiet, .color = false});
  list.Show(quiet, console);
  EXPECT_EQ(console.Finish(Ok()), 0);
  std::fclose(file);
  return std::string(AsText(ReadWholeFile(PosixFileSystem(), path, 1 << 20).value()));
}

TEST(CheckList, GroupsLinesAndShowsWhatMendsThem) {
  EXPECT_EQ(Show(Sample(), false, false),
            "source app\n"
            "  ok    connection   PostgreSQL 15\n"
            "  warn  clock        apart\n"
            "        mend: let both keep time by NTP\n"
            "repository\n"
            "  FAIL  access       not writable\n"
            "        mend: run it as bob\n");
  EXPECT_EQ(Sample().Number(CheckState::kBad), 1U);
}

TEST(CheckList, LeavesOutWhatIsWellWhenQuiet) {
  EXPECT_EQ(Show(Sample(), true, false).find("PostgreSQL 15"), std::string::npos);
  EXPECT_NE(Show(Sample(), true, false).find("apart"), std::string::npos);
}

TEST(CheckList, ShowsEverythingAsJson) {
  const std::string json = Show(Sample(), true, true);
  EXPECT_NE(json.find("\"state\": \"good\""), std::string::npos);
  EXPECT_NE(json.find("\"mend\": \"run it as bob\""), std::string::npos);
}

}  // namespace
}  // namespace pgkeep::cli
