// The configuration file: one TOML file that says where the repository is and what opens it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "config/price_table.h"
#include "postgres/connection_params.h"
#include "storage/s3/settings.h"

namespace pgkeep::config {

// Longest text that is parsed.
inline constexpr size_t kMaxConfigurationBytes = size_t{64} << 10;

// The section [repository.<name>]. A plain value; no secrets, only the names of files with them.
struct RepositorySettings {
  std::string name = "main";
  std::string url;              // as written; not parsed here
  std::string key_file;         // empty if there is none
  std::string passphrase_file;  // empty if there is none
  storage::S3Settings s3 = {};  // of an s3:// repository
  bool operator==(const RepositorySettings&) const = default;
};

// Most sessions that read one database at the same time.
inline constexpr int64_t kMaxJobs = 64;

// The section [source.<name>.logical]: how logical backups of a source are made. The patterns are
// pg_dump's (-n, -N, -t, -T, --exclude-table-data).
struct LogicalSettings {
  unsigned jobs = 2;
  bool parallel_read = false;  // read = "parallel" in place of "gentle"
  std::vector<std::string> schemas;
  std::vector<std::string> exclude_schemas;
  std::vector<std::string> tables;
  std::vector<std::string> exclude_tables;
  std::vector<std::string> exclude_table_data;
  Duration lock_timeout = std::chrono::seconds(30);
  std::string role;      // for SET ROLE; empty: none
  std::string programs;  // directory of pg_dump; empty: wherever it is found
};

// The section [source.<name>]: a PostgreSQL cluster. A value; `conninfo` may hold a password.
struct SourceSettings {
  std::string name;
  postgres::ConnectionParams conninfo;
  std::vector<std::string> databases = {"*"};  // names and patterns
  std::vector<std::string> exclude_databases;
  std::vector<std::string> repositories;  // empty: the one that there is
  uint32_t repositories_line = 0;         // where they are written
  uint32_t repositories_column = 0;
  LogicalSettings logical;
};

// A whole configuration. A value.
struct Configuration {
  RepositorySettings repository;
  std::vector<SourceSettings> sources;  // by name
  std::string catalog_url;              // as written, or the default
  PriceTable prices = DefaultPrices();  // of [prices]
};

// A source as the user names it when a configuration is written.
struct NewSource {
  std::string name;
  std::string conninfo;  // without a password
};

// Parses the text of a configuration. `path` is its file: for messages, and relative file names in
// it are taken from its directory.
//
// Strict: a key or section that this version does not know is an error, so that a misspelt setting
// is never silently the default. All errors are kConfig, "file:line:column: what", with a hint; of
// several the first in the file is returned. Safe with any text: size and nesting are bounded
// first.
Result<Configuration> ParseConfiguration(std::string_view text, const std::string& path);

// Reads and parses. A file that cannot be read is kConfig too; one with a password in it that
// others may read is kRefused, as a key file is.
Result<Configuration> LoadConfiguration(FileSystem& files, const std::string& path);

// Where the catalog is if the configuration does not say it: beside the configuration, but for one
// below /etc in /var/lib/pgkeep.
std::string DefaultCatalogUrl(const std::string& configuration_path);

// The text of a commented configuration, as `pgkeep init` writes it; without `catalog_url` that
// section is left out. kInvalidArgument for values that TOML cannot hold (not UTF-8), for a
// connection string that is not understood, and for one with a password: what this returns parses
// to the same settings.
Result<std::string> FormatConfiguration(const RepositorySettings& settings,
                                        std::span<const NewSource> sources = {},
                                        const std::string& catalog_url = "");

// Names and values, as TOML has them, of the settings that are not the defaults.
std::vector<std::pair<std::string, std::string>> S3SettingTexts(
    const storage::S3Settings& settings);

// A basic string of TOML.
std::string QuoteToml(std::string_view text);

// A name as a key of TOML: in quotes only where it needs them.
std::string TomlKey(std::string_view name);

}  // namespace pgkeep::config
