#include "config/configuration.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/file_util.h"
#include "config/nearest_name.h"

namespace pgkeep::config {
namespace {

constexpr std::array<std::string_view, 1> kSections = {"repository"};
constexpr std::array<std::string_view, 5> kLaterSections = {"source", "catalog", "alerts", "server",
                                                            "limits"};
constexpr std::array<std::string_view, 3> kRepositoryKeys = {"url", "key_file", "passphrase_file"};
constexpr std::array<std::string_view, 7> kLaterRepositoryKeys = {
    "endpoint", "region", "addressing", "ca_file", "storage_class", "accelerate", "credentials"};

// More than any file needs that names a repository and explains itself.
constexpr size_t kMaxDots = 2048;

constexpr char kKeysHint[] = "give it 'key_file' or 'passphrase_file'";

bool Contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// "did you mean ...?" or, where nothing is near, the list of what is known.
std::string KnownNamesHint(std::string_view word, std::span<const std::string_view> known) {
  if (const auto nearest = NearestName(word, known)) {
    return fmt::format("did you mean '{}'?", *nearest);
  }
  std::string list;
  for (const std::string_view name : known) list += (list.empty() ? "" : ", ") + std::string(name);
  return "known here: " + list;
}

// Walks a parsed file and collects everything that is wrong with it: a table of toml++ is sorted by
// name, and the user reads from the top.
class Checker {
 public:
  explicit Checker(std::string path) : path_(std::move(path)) {}

  Result<Configuration> Check(const toml::table& root) {
    Configuration configuration;
    const toml::node* repositories = nullptr;
    for (const auto& [key, node] : root) {
      if (key.str() == "repository") {
        repositories = &node;
      } else {
        RejectSection(key);
      }
    }
    if (repositories != nullptr) CheckRepositories(*repositories, configuration.repository);
    if (repositories == nullptr && problems_.empty()) {
      Add({1, 1}, "there is no section [repository.main]",
          "'pgkeep init' writes a configuration that has one");
    }
    if (problems_.empty()) return configuration;
    return FirstProblem();
  }

  Error At(toml::source_position where, std::string_view what, std::string hint) const {
    return Err(ErrorCode::kConfig, "{}:{}:{}: {}", path_, where.line, where.column, what)
        .WithHint(std::move(hint));
  }

 private:
  struct Problem {
    toml::source_position where;
    std::string what;
    std::string hint;
  };

  void Add(toml::source_position where, std::string what, std::string hint) {
    problems_.push_back({where, std::move(what), std::move(hint)});
  }

  Error FirstProblem() const {
    const auto first = std::ranges::min_element(problems_, [](const Problem& a, const Problem& b) {
      return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
    });
    return At(first->where, first->what, first->hint);
  }

  void RejectSection(const toml::key& key) {
    if (Contains(kLaterSections, key.str())) {
      Add(key.source().begin, fmt::format("this version of pgkeep has no [{}] yet", key.str()),
          "remove it: only [repository.NAME] is known");
      return;
    }
    Add(key.source().begin, fmt::format("unknown section or key '{}'", key.str()),
        KnownNamesHint(key.str(), kSections));
  }

  void CheckRepositories(const toml::node& node, RepositorySettings& settings) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      Add(node.source().begin, "'repository' must be a section", "write it as [repository.main]");
      return;
    }
    bool first = true;
    for (const auto& [name, entry] : *table) {
      const toml::table* section = entry.as_table();
      if (section == nullptr) {
        Add(name.source().begin, fmt::format("'{}' stands outside a repository", name.str()),
            "write the section as [repository.main]");
      } else if (!std::exchange(first, false)) {
        Add(name.source().begin, "there is more than one repository",
            "this version of pgkeep works with one; give the other a file of its own");
      } else {
        settings.name = name.str();
        CheckRepository(*section, settings);
      }
    }
    if (table->empty()) {
      Add(node.source().begin, "[repository] has no name", "write it as [repository.main]");
    }
  }

  void CheckRepository(const toml::table& section, RepositorySettings& settings) {
    const size_t before = problems_.size();
    for (const auto& [key, value] : section) {
      if (key.str() == "url") {
        settings.url = String(key, value);
      } else if (key.str() == "key_file") {
        settings.key_file = FileOf(String(key, value));
      } else if (key.str() == "passphrase_file") {
        settings.passphrase_file = FileOf(String(key, value));
      } else if (Contains(kLaterRepositoryKeys, key.str())) {
        Add(key.source().begin,
            fmt::format("'{}' is for s3:// repositories, which this version has not", key.str()),
            "remove it");
      } else {
        Add(key.source().begin,
            fmt::format("unknown key '{}' in [repository.{}]", key.str(), settings.name),
            KnownNamesHint(key.str(), kRepositoryKeys));
      }
    }
    // A misspelt key explains why another one is missing.
    if (problems_.size() > before) return;
    const toml::source_position where = section.source().begin;
    if (!section.contains("url")) {
      Add(where, fmt::format("[repository.{}] has no 'url'", settings.name),
          "add one, for instance url = \"file:///var/lib/pgkeep/repository\"");
    } else if (!section.contains("key_file") && !section.contains("passphrase_file")) {
      Add(where, fmt::format("[repository.{}] has no key", settings.name), kKeysHint);
    }
  }

  std::string String(const toml::key& key, const toml::node& value) {
    const auto text = value.value_exact<std::string>();
    if (text && !text->empty()) return *text;
    Add(value.source().begin, fmt::format("'{}' must be a text that is not empty", key.str()),
        "write it in quotes");
    return "";
  }

  // Relative names are taken from the directory of the configuration, wherever pgkeep is started.
  std::string FileOf(const std::string& name) const {
    if (name.empty() || name.starts_with('/')) return name;
    return JoinPath(ParentDirectory(path_), name);
  }

  const std::string path_;
  std::vector<Problem> problems_;
};

std::string UnreadableHint(ErrorCode code, const std::string& path) {
  switch (code) {
    case ErrorCode::kNotFound:
      return "name another one with --config, or write one with 'pgkeep init'";
    case ErrorCode::kPermission:
      return fmt::format("run pgkeep as the owner of {}, or let this user's group read it", path);
    default:
      return "name the file that 'pgkeep init' wrote with --config";
  }
}

// The parser goes one call deeper for every part of a dotted name, and so does whoever destroys
// what it made: what would be the end of the stack ends here.
Status CheckDots(std::string_view text, const Checker& checker) {
  size_t dots = 0;
  uint32_t line = 1;
  for (const char c : text) {
    if (c == '\n') ++line;
    if (c == '.' && ++dots > kMaxDots) {
      return checker.At(
          {line, 1}, fmt::format("there are more than {} dots", kMaxDots),
          "this is no configuration of pgkeep: give the file that 'pgkeep init' wrote");
    }
  }
  return Ok();
}

// A basic string of TOML.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace

Result<Configuration> ParseConfiguration(std::string_view text, const std::string& path) {
  Checker checker(path);
  if (text.size() > kMaxConfigurationBytes) {
    return checker.At({1, 1}, fmt::format("it has more than {} bytes", kMaxConfigurationBytes),
                      "this is no configuration of pgkeep: give the file that 'pgkeep init' wrote");
  }
  PGK_TRY(CheckDots(text, checker));
  try {
    const toml::table root = toml::parse(text, path);
    return checker.Check(root);
  } catch (const toml::parse_error& error) {
    std::string what(error.description());
    if (what.starts_with("Error ")) what[0] = 'e';
    return checker.At(error.source().begin, what, "the file is written in TOML: https://toml.io");
  }
}

Result<Configuration> LoadConfiguration(FileSystem& files, const std::string& path) {
  const auto read = [&]() -> Result<Bytes> {
    const Result<FileInfo> info = files.Stat(path);
    if (info.ok() && info->type != FileInfo::Type::kFile) {
      return Err(ErrorCode::kInvalidArgument, "{} is not a regular file", path);
    }
    return ReadWholeFile(files, path, kMaxConfigurationBytes);
  };
  const Result<Bytes> text = read();
  if (!text.ok()) {
    return Err(ErrorCode::kConfig, "cannot read the configuration: {}", text.error().ToString())
        .WithHint(UnreadableHint(text.error().code(), path));
  }
  return ParseConfiguration(AsText(*text), path);
}

Result<std::string> FormatConfiguration(const RepositorySettings& settings) {
  std::string text = fmt::format(
      "# Configuration of pgkeep. What is not known here is an error, with its line and column.\n"
      "\n"
      "[repository.{}]\n"
      "# Where the backups are: an absolute path, or file:///absolute/path.\n"
      "url = {}\n",
      settings.name, Quoted(settings.url));
  if (!settings.key_file.empty()) {
    text += fmt::format(
        "# The key that opens them. Keep it secret and keep a second copy, or the recovery kit,\n"
        "# elsewhere: without any of them the backups are lost for good.\n"
        "key_file = {}\n",
        Quoted(settings.key_file));
  }
  if (!settings.passphrase_file.empty()) {
    text += fmt::format(
        "# A file with the passphrase, which opens {}.\n"
        "passphrase_file = {}\n",
        settings.key_file.empty() ? "a key slot of the repository" : "the key file",
        Quoted(settings.passphrase_file));
  }
  const Result<Configuration> again = ParseConfiguration(text, "/");
  if (again.ok() && again->repository == settings) return text;
  return Err(ErrorCode::kInvalidArgument, "the address or a file name cannot be written as TOML")
      .WithHint("use absolute names in UTF-8");
}

}  // namespace pgkeep::config
