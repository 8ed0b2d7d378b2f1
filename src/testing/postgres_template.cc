#include "testing/postgres_template.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/check.h"
#include "base/unique_fd.h"
#include "testing/program.h"
#include "testing/temporary_directory.h"

namespace pgkeep::testing {
namespace {

namespace fs = std::filesystem;

ServerUser FindServerUser() {
  if (::geteuid() != 0) return {.uid = ::geteuid(), .gid = ::getegid(), .prefix = {}};
  const passwd* found = ::getpwnam("postgres");
  if (found == nullptr) found = ::getpwnam("nobody");
  PGK_CHECK(found != nullptr, "there is a user 'postgres' or 'nobody' for the server");
  return {.uid = found->pw_uid,
          .gid = found->pw_gid,
          .prefix = {"setpriv", fmt::format("--reuid={}", found->pw_uid),
                     fmt::format("--regid={}", found->pw_gid), "--clear-groups", "--"}};
}

std::string FindPrograms() {
  const char* chosen = ::getenv("PGKEEP_TEST_PG_BIN");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  int newest = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/usr/lib/postgresql", error)) {
    if (fs::exists(entry.path() / "bin/postgres", error)) {
      newest = std::max(newest, ::atoi(entry.path().filename().c_str()));
    }
  }
  PGK_CHECK(newest > 0, "a PostgreSQL server is installed (scripts/bootstrap)");
  return fmt::format("/usr/lib/postgresql/{}/bin", newest);
}

// Runs a program that must succeed.
void MustRun(const std::vector<std::string>& words) {
  const ProgramResult result = RunProgram(words);
  if (result.status != 0) std::fprintf(stderr, "%s%s\n", result.out.c_str(), result.err.c_str());
  PGK_CHECK(result.status == 0, "the program succeeds: " + words[0]);
}

void MakeTemplate(const std::string& path) {
  const ServerUser& user = PostgresServerUser();
  // Made where that user may write, which need not be the build directory.
  const TemporaryDirectory directory;
  PGK_CHECK(::chown(directory.path().c_str(), user.uid, user.gid) == 0);
  std::vector<std::string> words = user.prefix;
  words.insert(words.end(), {PostgresPrograms() + "/initdb", "--pgdata=" + directory.Join("data"),
                             "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C",
                             "--no-sync"});
  MustRun(words);
  const std::string unfinished = path + ".new";
  MustRun({"rm", "-rf", unfinished});
  MustRun({"cp", "-a", directory.Join("data"), unfinished});
  PGK_CHECK(::rename(unfinished.c_str(), path.c_str()) == 0, "the template gets its name");
}

}  // namespace

const ServerUser& PostgresServerUser() {
  static const ServerUser user = FindServerUser();
  return user;
}

const std::string& PostgresPrograms() {
  static const std::string directory = FindPrograms();
  return directory;
}

std::string PostgresTemplate() {
  // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)" names the version to the letter.
  std::string name = RunProgram({PostgresPrograms() + "/postgres", "--version"}).out;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0 && c != '.'; },
      '-');
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  PGK_CHECK(!error, "the test knows where it is");
  const fs::path parent = self.parent_path() / "postgres-templates";
  fs::create_directories(parent, error);
  const fs::path path = parent / fmt::format("{}{}", name, PostgresServerUser().uid);

  const UniqueFd lock(::open((parent / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  PGK_CHECK(lock.valid() && ::flock(lock.get(), LOCK_EX) == 0, "the templates can be locked");
  if (!fs::exists(path, error)) MakeTemplate(path.string());
  return path.string();
}

}  // namespace pgkeep::testing
