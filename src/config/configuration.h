// The configuration file: one TOML file that says where the repository is and what opens it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace pgkeep::config {

// Longest text that is parsed.
inline constexpr size_t kMaxConfigurationBytes = size_t{64} << 10;

// The section [repository.<name>]. A plain value; no secrets, only the names of files with them.
struct RepositorySettings {
  std::string name = "main";
  std::string url;              // as written; not parsed here
  std::string key_file;         // empty if there is none
  std::string passphrase_file;  // empty if there is none
  bool operator==(const RepositorySettings&) const = default;
};

// A whole configuration. A plain value.
struct Configuration {
  RepositorySettings repository;
};

// Parses the text of a configuration. `path` is its file: for messages, and relative file names in
// it are taken from its directory.
//
// Strict: a key or section that this version does not know is an error, so that a misspelt setting
// is never silently the default. All errors are kConfig, "file:line:column: what", with a hint; of
// several the first in the file is returned. Safe with any text: size and nesting are bounded
// first.
Result<Configuration> ParseConfiguration(std::string_view text, const std::string& path);

// Reads and parses. A file that cannot be read is kConfig too.
Result<Configuration> LoadConfiguration(FileSystem& files, const std::string& path);

// The text of a commented configuration, as `pgkeep init` writes it. kInvalidArgument for values
// that TOML cannot hold (not UTF-8): what this returns parses to the same settings.
Result<std::string> FormatConfiguration(const RepositorySettings& settings);

}  // namespace pgkeep::config
