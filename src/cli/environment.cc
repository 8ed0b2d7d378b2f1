#include "cli/environment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "base/file_util.h"

namespace pgkeep::cli {
namespace {

constexpr char kRootStateDirectory[] = "/var/lib/pgkeep";

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown host";
  return name.data();
}

}  // namespace

Environment RealEnvironment() {
  Environment environment;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
  std::error_code error;
  const std::filesystem::path directory = std::filesystem::current_path(error);
  environment.current_directory = directory.empty() ? std::string("/") : directory.string();
  environment.host = HostName();
  environment.process = getpid();
  environment.root = geteuid() == 0;
  environment.terminal =
      isatty(STDERR_FILENO) == 1 && environment.variable("TERM").value_or("dumb") != "dumb";
  environment.color = environment.terminal && !environment.variable("NO_COLOR");
  return environment;
}

std::string StateDirectory(const Environment& environment) {
  if (const auto directory = environment.variable("PGKEEP_STATE_DIR")) {
    return AbsolutePath(environment, *directory);
  }
  if (environment.root) return kRootStateDirectory;
  if (const auto state = environment.variable("XDG_STATE_HOME")) return JoinPath(*state, "pgkeep");
  if (const auto home = environment.variable("HOME")) return JoinPath(*home, ".local/state/pgkeep");
  return "";
}

std::string AbsolutePath(const Environment& environment, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  std::string rest = path;
  while (rest.starts_with("./")) rest.erase(0, 2);
  return JoinPath(environment.current_directory, rest);
}

std::string HolderName(const Environment& environment, const std::string& work) {
  return fmt::format("{} on {}, process {}", work, environment.host, environment.process);
}

}  // namespace pgkeep::cli
