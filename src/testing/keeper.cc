#include "testing/keeper.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/check.h"

namespace pgkeep::testing {

Keeper::Keeper(std::string_view script, const std::vector<std::string>& words) {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  PGK_CHECK(::pipe2(to.data(), O_CLOEXEC) == 0 && ::pipe2(from.data(), O_CLOEXEC) == 0);
  to_ = UniqueFd(to[1]);
  from_ = UniqueFd(from[0]);
  const UniqueFd input(to[0]);
  const UniqueFd output(from[1]);

  std::vector<std::string> all = {"setsid", "--fork", "sh", "-c", std::string(script), "keeper"};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& word : all) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  PGK_CHECK(::posix_spawn_file_actions_init(&actions) == 0);
  PGK_CHECK(::posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO) == 0);
  PGK_CHECK(::posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO) == 0);
  PGK_CHECK(::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) ==
            0);
  pid_t pid = -1;
  PGK_CHECK(::posix_spawnp(&pid, "setsid", &actions, nullptr, arguments.data(), environ) == 0,
            "the keeper starts");
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  PGK_CHECK(::waitpid(pid, &status, 0) == pid && status == 0, "the keeper runs");
}

Keeper::~Keeper() {
  static_cast<void>(to_.Close());
  char character = 0;
  while (::read(from_.get(), &character, 1) == 1) {
  }
}

void Keeper::Tell(std::string_view line) {
  const std::string text = std::string(line) + '\n';
  const ssize_t written = ::write(to_.get(), text.data(), text.size());
  PGK_CHECK(written == static_cast<ssize_t>(text.size()), "the keeper listens");
}

std::string Keeper::AwaitAnswer() {
  std::string line;
  char character = 0;
  while (::read(from_.get(), &character, 1) == 1 && character != '\n') line += character;
  return line;
}

}  // namespace pgkeep::testing
