#include "config/configuration.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/file_util.h"
#include "base/shell_word.h"
#include "config/price_section.h"
#include "config/problems.h"
#include "config/s3_keys.h"
#include "config/source_section.h"

namespace pgkeep::config {
namespace {

constexpr std::array<std::string_view, 4> kSections = {"repository", "source", "catalog", "prices"};
constexpr std::array<std::string_view, 3> kLaterSections = {"alerts", "server", "limits"};
constexpr std::array<std::string_view, 3> kOwnKeys = {"url", "key_file", "passphrase_file"};
constexpr auto kRepositoryKeys = [] {
  std::array<std::string_view, kOwnKeys.size() + kS3Keys.size()> keys = {};
  std::ranges::copy(kS3Keys, std::ranges::copy(kOwnKeys, keys.begin()).out);
  return keys;
}();
constexpr std::array<std::string_view, 1> kCatalogKeys = {"url"};

// More than any file needs that names a repository and sources and explains itself.
constexpr size_t kMaxDots = 2048;

constexpr char kKeysHint[] = "give it 'key_file' or 'passphrase_file'";

// A password may be read by the group at most, as key files.
constexpr uint32_t kForbiddenModes = 0027;

// Walks a parsed file.
class Checker {
 public:
  explicit Checker(const std::string& path) : path_(path), problems_(path) {}

  Result<Configuration> Check(const toml::table& root) {
    Configuration configuration;
    configuration.catalog_url = DefaultCatalogUrl(path_);
    const toml::node* repositories = nullptr;
    for (const auto& [key, node] : root) {
      if (key.str() == "repository") {
        repositories = &node;
      } else if (key.str() == "source") {
        configuration.sources = ReadSources(node, problems_);
      } else if (key.str() == "catalog") {
        CheckCatalog(node, configuration.catalog_url);
      } else if (key.str() == "prices") {
        ReadPrices(node, problems_, configuration.prices);
      } else {
        RejectSection(key);
      }
    }
    if (repositories != nullptr) CheckRepositories(*repositories, configuration.repository);
    if (repositories == nullptr && problems_.size() == 0) {
      problems_.Add({1, 1}, "there is no section [repository.main]",
                    "'pgkeep init' writes a configuration that has one");
    }
    for (const SourceSettings& source : configuration.sources) {
      CheckReferences(source, configuration.repository.name);
    }
    if (problems_.size() == 0) return configuration;
    return problems_.First();
  }

  Error At(toml::source_position where, std::string_view what, std::string hint) const {
    return problems_.At(where, what, std::move(hint));
  }

 private:
  void RejectSection(const toml::key& key) {
    if (Contains(kLaterSections, key.str())) {
      problems_.Add(key.source().begin,
                    fmt::format("this version of pgkeep has no [{}] yet", key.str()),
                    "remove it: only [repository.NAME], [source.NAME], [catalog] and [prices] are "
                    "known");
      return;
    }
    problems_.Add(key.source().begin, fmt::format("unknown section or key '{}'", key.str()),
                  KnownNamesHint(key.str(), kSections));
  }

  void CheckReferences(const SourceSettings& source, std::string_view repository) {
    const std::array<std::string_view, 1> known = {repository};
    for (const std::string& name : source.repositories) {
      if (name == repository) continue;
      problems_.Add(
          {source.repositories_line, source.repositories_column},
          fmt::format("[source.{}] names a repository '{}' that is not here", source.name, name),
          KnownNamesHint(name, known));
    }
  }

  void CheckCatalog(const toml::node& node, std::string& url) {
    const toml::table* const section = node.as_table();
    if (section == nullptr) {
      problems_.Add(node.source().begin, "'catalog' must be a section", "write it as [catalog]");
      return;
    }
    for (const auto& [key, value] : *section) {
      if (key.str() == "url") {
        url = problems_.Text(key, value);
      } else {
        problems_.AddUnknown(key, "catalog", kCatalogKeys);
      }
    }
  }

  void CheckRepositories(const toml::node& node, RepositorySettings& settings) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      problems_.Add(node.source().begin, "'repository' must be a section",
                    "write it as [repository.main]");
      return;
    }
    bool first = true;
    for (const auto& [name, entry] : *table) {
      const toml::table* section = entry.as_table();
      if (section == nullptr) {
        problems_.Add(name.source().begin,
                      fmt::format("'{}' stands outside a repository", name.str()),
                      "write the section as [repository.main]");
      } else if (!std::exchange(first, false)) {
        problems_.Add(name.source().begin, "there is more than one repository",
                      "this version of pgkeep works with one; give the other a file of its own");
      } else {
        settings.name = name.str();
        CheckRepository(*section, settings);
      }
    }
    if (table->empty()) {
      problems_.Add(node.source().begin, "[repository] has no name",
                    "write it as [repository.main]");
    }
  }

  void CheckRepository(const toml::table& section, RepositorySettings& settings) {
    const size_t before = problems_.size();
    for (const auto& [key, value] : section) {
      if (key.str() == "url") {
        settings.url = problems_.Text(key, value);
      } else if (key.str() == "key_file") {
        settings.key_file = problems_.FileOf(problems_.Text(key, value));
      } else if (key.str() == "passphrase_file") {
        settings.passphrase_file = problems_.FileOf(problems_.Text(key, value));
      } else if (Contains(kS3Keys, key.str())) {
        ReadS3Key(key, value, problems_, settings.s3);
      } else {
        problems_.AddUnknown(key, "repository." + settings.name, kRepositoryKeys);
      }
    }
    // A misspelt key explains why another one is missing.
    if (problems_.size() > before) return;
    const toml::source_position where = section.source().begin;
    if (!section.contains("url")) {
      problems_.Add(where, fmt::format("[repository.{}] has no 'url'", settings.name),
                    "add one, for instance url = \"file:///var/lib/pgkeep/repository\"");
    } else if (!section.contains("key_file") && !section.contains("passphrase_file")) {
      problems_.Add(where, fmt::format("[repository.{}] has no key", settings.name), kKeysHint);
    } else {
      CheckS3(section, settings);
    }
  }

  void CheckS3(const toml::table& section, const RepositorySettings& settings) {
    if (settings.url.starts_with("s3:")) {
      const Status valid = storage::ValidateSettings(settings.s3);
      if (valid.ok()) return;
      problems_.Add(section.source().begin, valid.error().ToString(), valid.error().hint());
      return;
    }
    for (const auto& [key, value] : section) {
      if (!Contains(kS3Keys, key.str())) continue;
      problems_.Add(key.source().begin, fmt::format("'{}' is for s3:// repositories", key.str()),
                    "remove it, or write url = \"s3://bucket/prefix\"");
    }
  }

  const std::string path_;
  Problems problems_;
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

Status RefuseOpenPassword(const Configuration& configuration, const std::string& path,
                          uint32_t mode) {
  if ((mode & kForbiddenModes) == 0) return Ok();
  for (const SourceSettings& source : configuration.sources) {
    if (source.conninfo.secrets().empty()) continue;
    return Err(ErrorCode::kRefused,
               "{} holds the password of [source.{}], and other users can read or change it (mode "
               "{:04o})",
               path, source.name, mode)
        .WithHint(fmt::format("run `chmod 600 {}`, or better move the password to ~/.pgpass",
                              ShellWord(path)));
  }
  return Ok();
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
  uint32_t mode = 0;
  const auto read = [&]() -> Result<Bytes> {
    const Result<FileInfo> info = files.Stat(path);
    if (info.ok() && info->type != FileInfo::Type::kFile) {
      return Err(ErrorCode::kInvalidArgument, "{} is not a regular file", path);
    }
    if (info.ok()) mode = info->mode;
    return ReadWholeFile(files, path, kMaxConfigurationBytes);
  };
  const Result<Bytes> text = read();
  if (!text.ok()) {
    return Err(ErrorCode::kConfig, "cannot read the configuration: {}", text.error().ToString())
        .WithHint(UnreadableHint(text.error().code(), path));
  }
  PGK_ASSIGN_OR_RETURN(Configuration configuration, ParseConfiguration(AsText(*text), path));
  PGK_TRY(RefuseOpenPassword(configuration, path, mode));
  return configuration;
}

std::string DefaultCatalogUrl(const std::string& configuration_path) {
  const std::string directory = ParentDirectory(configuration_path);
  if (directory == "/etc" || directory.starts_with("/etc/")) {
    return "sqlite:///var/lib/pgkeep/pgkeep-catalog.db";
  }
  return "sqlite://" + JoinPath(directory, "pgkeep-catalog.db");
}

}  // namespace pgkeep::config
