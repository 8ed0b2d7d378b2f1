#include "logical/client_programs.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "base/file_util.h"

namespace pgkeep::logical {
namespace {

constexpr size_t kVersionOutputMax = 4096;
constexpr size_t kComplaintMax = 500;

// /usr/lib/postgresql/15/bin for Debian, /usr/pgsql-15/bin for Red Hat.
constexpr std::string_view kDebianRoot = "/usr/lib/postgresql";
constexpr std::string_view kRedHatRoot = "/usr";
constexpr std::string_view kRedHatPrefix = "pgsql-";

std::optional<int> TakeNumber(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    if (part.starts_with('/')) parts.emplace_back(part);  // relative ones are a trap
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

void AddPackaged(FileSystem& files, std::string_view root, std::string_view prefix,
                 std::vector<std::string>& directories) {
  const Result<std::vector<DirectoryEntry>> entries = files.ReadDirectory(std::string(root));
  if (!entries.ok()) return;
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.name.starts_with(prefix)) continue;
    directories.push_back(fmt::format("{}/{}/bin", root, entry.name));
  }
}

Result<ClientProgram> Examine(const std::string& path, std::stop_token stop) {
  ChildSpec spec;
  spec.words = {path, "--version"};
  spec.environment = {"LC_ALL=C"};
  PGK_ASSIGN_OR_RETURN(const ChildOutput output,
                       RunChild(std::move(spec), kVersionOutputMax, std::move(stop)));
  if (!output.end.success()) {
    return Err(ErrorCode::kChildFailed, "{} --version {}", path, output.end.Describe());
  }
  return ParseProgramVersion(AsText(output.out), path);
}

// Of one version the newest release.
bool IsNewer(const ClientProgram& left, const ClientProgram& right) {
  return std::pair(left.major, left.minor) > std::pair(right.major, right.minor);
}

// What there is for a server of one major version.
struct Candidates {
  std::optional<ClientProgram> same;   // of the server's own version
  std::optional<ClientProgram> newer;  // the nearest
  std::optional<ClientProgram> older;  // the nearest
};

void Consider(ClientProgram program, int wanted, Candidates& candidates) {
  if (program.major == wanted) {
    if (!candidates.same || IsNewer(program, *candidates.same)) {
      candidates.same = std::move(program);
    }
  } else if (program.major < wanted) {
    if (!candidates.older || IsNewer(program, *candidates.older)) {
      candidates.older = std::move(program);
    }
  } else if (!candidates.newer || program.major < candidates.newer->major ||
             (program.major == candidates.newer->major && IsNewer(program, *candidates.newer))) {
    candidates.newer = std::move(program);
  }
}

Result<Candidates> FindAll(std::string_view name, int wanted, const ProgramSearch& search,
                           const std::stop_token& stop) {
  const std::vector<std::string> directories =
      search.only_directory.empty() ? search.directories
                                    : std::vector<std::string>{search.only_directory};
  Candidates candidates;
  for (const std::string& directory : directories) {
    if (stop.stop_requested()) return Err(ErrorCode::kCancelled, "looking for {}", name);
    Result<ClientProgram> found = Examine(JoinPath(directory, name), stop);
    if (found.ok()) Consider(*std::move(found), wanted, candidates);
  }
  return candidates;
}

std::string InstallHint(int wanted) {
  return fmt::format(
      "install the package postgresql-client-{} (or newer), or name the directory of its programs "
      "in the configuration: programs = \"...\" below [source.NAME.logical]",
      wanted);
}

Error NoProgram(std::string_view name, const ProgramSearch& search, int wanted) {
  return Err(ErrorCode::kNotFound, "there is no {} in {}", name,
             search.only_directory.empty() ? "$PATH or where packages put it"
                                           : search.only_directory)
      .WithHint(InstallHint(wanted));
}

// The first line of `text` that says what went wrong.
std::string_view Complaint(std::string_view text) {
  for (const std::string_view mark : {"error: ", "fatal: ", "FATAL: "}) {
    const size_t begin = text.find(mark);
    if (begin == std::string_view::npos) continue;
    text = text.substr(begin + mark.size());
    break;
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace

ProgramSearch DefaultProgramSearch(FileSystem& files, std::string_view path) {
  ProgramSearch search;
  // First, since on Debian the pg_dump in $PATH is a script that chooses a version by itself.
  AddPackaged(files, kDebianRoot, "", search.directories);
  AddPackaged(files, kRedHatRoot, kRedHatPrefix, search.directories);
  std::ranges::move(Split(path, ':'), std::back_inserter(search.directories));
  return search;
}

Result<ClientProgram> ParseProgramVersion(std::string_view output, std::string path) {
  constexpr std::string_view kMark = "(PostgreSQL) ";
  const std::string_view line = output.substr(0, output.find('\n'));
  const size_t mark = line.find(kMark);
  const auto refuse = [&path] {
    return Err(ErrorCode::kProtocol, "{} does not say its version as PostgreSQL's programs do",
               path);
  };
  if (mark == std::string_view::npos) return refuse();
  std::string_view rest = line.substr(mark + kMark.size());
  ClientProgram program{
      .path = std::move(path), .major = 0, .minor = 0, .version = std::string(rest)};
  const std::optional<int> major = TakeNumber(rest);
  if (!major) return Err(ErrorCode::kProtocol, "{} has no version number", program.path);
  program.major = *major;
  // A version before its release has no dot: "17beta1", "18devel".
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    program.minor = TakeNumber(rest).value_or(0);
  }
  return program;
}

Result<ClientProgram> FindProgram(std::string_view name, int server_version_num,
                                  const ProgramSearch& search, std::stop_token stop) {
  const int wanted = server_version_num / 10000;
  PGK_ASSIGN_OR_RETURN(Candidates found, FindAll(name, wanted, search, stop));
  if (found.same) return *std::move(found.same);
  if (found.newer) return *std::move(found.newer);
  if (!found.older) return NoProgram(name, search, wanted);
  return Err(ErrorCode::kUnsupportedVersion,
             "{} is version {}, but the server is version {}: an older {} cannot back up a newer "
             "server",
             found.older->path, found.older->major, wanted, name)
      .WithHint(InstallHint(wanted));
}

Result<ClientProgram> FindRestoreProgram(int server_version_num, const ProgramSearch& search,
                                         std::stop_token stop) {
  constexpr std::string_view kName = "pg_restore";
  const int wanted = server_version_num / 10000;
  PGK_ASSIGN_OR_RETURN(Candidates found, FindAll(kName, wanted, search, stop));
  if (found.same) return *std::move(found.same);
  if (found.older) return *std::move(found.older);
  if (found.newer) return *std::move(found.newer);
  return NoProgram(kName, search, wanted);
}

Result<ChildSpec> MakeClientSpec(const ClientProgram& program,
                                 const postgres::ConnectionParams& params,
                                 std::vector<std::string> arguments) {
  ChildSpec spec;
  spec.words.push_back(program.path);
  std::ranges::move(arguments, std::back_inserter(spec.words));
  spec.environment = EnvironmentWithout({"PG", "LC_", "LANG"});
  spec.environment.emplace_back("LC_ALL=C");
  for (const auto& [keyword, value] : params.secrets()) {
    if (keyword != "password") {
      return Err(ErrorCode::kUnsupported, "{} cannot be given to {} without showing it to others",
                 keyword, FileName(program.path))
          .WithHint("use a client key that needs no password, readable by pgkeep's user only");
    }
    constexpr std::string_view kName = "PGPASSWORD=";
    SecretBytes& secret = spec.secret_environment.emplace_back(kName.size() + value.size());
    std::ranges::copy(AsBytes(kName), secret.ExposeMutable().begin());
    std::ranges::copy(value.Expose(), secret.ExposeMutable().begin() + kName.size());
  }
  return spec;
}

Error ProgramFailed(const ClientProgram& program, std::string_view what, const ChildEnd& end,
                    std::string_view errors) {
  const std::string name = FileName(program.path);
  std::string complaint(Complaint(errors).substr(0, kComplaintMax));
  if (complaint.empty()) complaint = end.Describe();
  return Err(ErrorCode::kChildFailed, "{}: {} {} failed: {}", what, name, program.major, complaint);
}

}  // namespace pgkeep::logical
