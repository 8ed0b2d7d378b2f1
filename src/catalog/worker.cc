#include "catalog/worker.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>

#include "base/file_util.h"

namespace pgkeep::catalog {
namespace {

constexpr uint64_t kProcFileMax = 4096;
constexpr int kStateField = 3;   // of /proc/<pid>/stat, proc(5)
constexpr int kStartField = 22;  // in clock ticks since the boot

std::string ReadText(const std::string& path) {
  const auto bytes = ReadWholeFile(PosixFileSystem(), path, kProcFileMax);
  if (!bytes.ok()) return "";
  std::string text(bytes->begin(), bytes->end());
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

struct ProcessStat {
  char state;
  std::string start;
};

// The second field is the program's name in parentheses and may hold anything, so the others are
// counted from its last one.
std::optional<ProcessStat> ReadStat(int64_t pid) {
  const std::string text = ReadText(fmt::format("/proc/{}/stat", pid));
  const size_t name_end = text.rfind(") ");
  if (name_end == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(text).substr(name_end + 2);
  ProcessStat stat{.state = rest.empty() ? '?' : rest.front(), .start = {}};
  for (int field = kStateField; field < kStartField; ++field) {
    const size_t space = rest.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(space + 1);
  }
  stat.start = rest.substr(0, rest.find(' '));
  return stat;
}

// Where pids mean what they mean here: this boot of this kernel, this pid name space. Empty if it
// cannot be told.
std::string Place() {
  const std::string boot = ReadText("/proc/sys/kernel/random/boot_id");
  const auto space = PosixFileSystem().Stat("/proc/self/ns/pid");
  if (boot.empty() || !space.ok()) return "";
  return fmt::format("{} {}", boot, space->inode);
}

class RealProcessTable final : public ProcessTable {
 public:
  ProcessState Look(const Worker& worker) override {
    const size_t cut = worker.process.rfind(' ');
    if (cut == std::string::npos || worker.process.substr(0, cut) != Place()) {
      return ProcessState::kUnknown;
    }
    if (worker.pid <= 0 || worker.pid != static_cast<pid_t>(worker.pid)) {
      return ProcessState::kUnknown;
    }
    // Asked first, since /proc may hide the processes of other users.
    if (kill(static_cast<pid_t>(worker.pid), 0) != 0 && errno == ESRCH) return ProcessState::kDead;
    const std::optional<ProcessStat> stat = ReadStat(worker.pid);
    if (!stat) return ProcessState::kUnknown;
    const bool ended = stat->state == 'Z' || stat->state == 'X';
    const bool same = worker.process.substr(cut + 1) == stat->start;
    return ended || !same ? ProcessState::kDead : ProcessState::kAlive;
  }

  Worker Self(const std::string& id, const std::string& host) override {
    const pid_t pid = getpid();
    const std::string place = Place();
    const std::optional<ProcessStat> stat = ReadStat(pid);
    Worker worker{.id = id, .host = host, .pid = pid, .process = {}};
    if (!place.empty() && stat) worker.process = fmt::format("{} {}", place, stat->start);
    return worker;
  }
};

}  // namespace

ProcessTable& SystemProcesses() {
  static RealProcessTable table;
  return table;
}

}  // namespace pgkeep::catalog
