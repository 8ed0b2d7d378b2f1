#include "testing/program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/check.h"
#include "base/unique_fd.h"

namespace pgkeep::testing {
namespace {

std::string_view NameOf(std::string_view entry) { return entry.substr(0, entry.find('=')); }

// The test's environment with `changes` in it.
std::vector<std::string> Environment(const std::vector<std::string>& changes) {
  std::vector<std::string> all = changes;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const bool changed = std::any_of(changes.begin(), changes.end(), [entry](const auto& change) {
      return NameOf(change) == NameOf(*entry);
    });
    if (!changed) all.emplace_back(*entry);
  }
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe MakePipe() {
  std::array<int, 2> ends{};
  PGK_CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0, "a pipe to a program");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Appends what both pipes bring until both have ended.
void ReadBoth(const UniqueFd& out, const UniqueFd& err, ProgramResult& result) {
  std::array<pollfd, 2> polled = {pollfd{.fd = out.get(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = err.get(), .events = POLLIN, .revents = 0}};
  const std::array<std::string*, 2> texts = {&result.out, &result.err};
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    if (::poll(polled.data(), polled.size(), -1) <= 0) continue;
    for (size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0) continue;
      std::array<char, 4096> buffer{};
      const ssize_t size = ::read(polled[i].fd, buffer.data(), buffer.size());
      if (size > 0) texts[i]->append(buffer.data(), static_cast<size_t>(size));
      if (size == 0) polled[i].fd = -1;
    }
  }
}

}  // namespace

ProgramResult RunProgram(const std::vector<std::string>& words,
                         const std::vector<std::string>& environment) {
  Pipe out = MakePipe();
  Pipe err = MakePipe();
  posix_spawn_file_actions_t actions;
  PGK_CHECK(::posix_spawn_file_actions_init(&actions) == 0);
  PGK_CHECK(::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) ==
            0);
  PGK_CHECK(::posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO) == 0);
  PGK_CHECK(::posix_spawn_file_actions_adddup2(&actions, err.write.get(), STDERR_FILENO) == 0);
  std::vector<std::string> arguments = words;
  std::vector<std::string> variables = Environment(environment);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, words[0].c_str(), &actions, nullptr,
                                    Pointers(arguments).data(), Pointers(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  PGK_CHECK(failed == 0, "the program can be started: " + words[0]);

  out.write = UniqueFd();
  err.write = UniqueFd();
  ProgramResult result;
  ReadBoth(out.read, err.read, result);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) PGK_CHECK(errno == EINTR, "the program can be waited for");
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace pgkeep::testing
