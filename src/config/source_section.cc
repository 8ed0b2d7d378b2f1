#include "config/source_section.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pgkeep::config {
namespace {

constexpr std::array<std::string_view, 5> kSourceKeys = {
    "conninfo", "databases", "exclude_databases", "repositories", "logical"};
constexpr std::array<std::string_view, 3> kLaterSourceKeys = {"physical", "retention", "test"};
constexpr std::array<std::string_view, 10> kLogicalKeys = {"jobs",
                                                           "read",
                                                           "schemas",
                                                           "exclude_schemas",
                                                           "tables",
                                                           "exclude_tables",
                                                           "exclude_table_data",
                                                           "lock_timeout",
                                                           "role",
                                                           "programs"};
constexpr std::array<std::string_view, 2> kLaterLogicalKeys = {"schedule", "time_zone"};

// Of the format: names in manifests and in the history.
constexpr size_t kNameBytesMax = 200;

// "500ms", "30s", "5m"; nothing for anything else.
std::optional<Duration> ParseLockTimeout(std::string_view text) {
  uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || number == 0) return std::nullopt;
  const std::string_view rest(unit, static_cast<size_t>(end - unit));
  if (rest == "ms") return std::chrono::milliseconds(number);
  if (rest == "s") return std::chrono::seconds(number);
  if (rest == "m") return std::chrono::minutes(number);
  return std::nullopt;
}

// Reads one section and the one below it.
class SourceReader {
 public:
  SourceReader(SourceSettings& settings, Problems& problems)
      : settings_(settings), problems_(problems), section_("source." + settings.name) {}

  void Read(const toml::table& table) {
    const size_t before = problems_.size();
    for (const auto& [key, value] : table) ReadKey(key, value);
    // A misspelt key explains why another one is missing.
    if (problems_.size() > before || table.contains("conninfo")) return;
    problems_.Add(table.source().begin, fmt::format("[{}] has no 'conninfo'", section_),
                  "say where the server is, for instance conninfo = \"host=db.example "
                  "user=pgkeep dbname=app\"");
  }

 private:
  void ReadKey(const toml::key& key, const toml::node& value) {
    if (key.str() == "conninfo") {
      ReadConninfo(key, value);
    } else if (key.str() == "databases") {
      settings_.databases = problems_.Texts(key, value);
      RefuseEmpty(key, value, settings_.databases);
    } else if (key.str() == "exclude_databases") {
      settings_.exclude_databases = problems_.Texts(key, value);
    } else if (key.str() == "repositories") {
      settings_.repositories = problems_.Texts(key, value);
      settings_.repositories_line = value.source().begin.line;
      settings_.repositories_column = value.source().begin.column;
      RefuseEmpty(key, value, settings_.repositories);
    } else if (key.str() == "logical" && value.is_table()) {
      for (const auto& [name, entry] : *value.as_table()) ReadLogicalKey(name, entry);
    } else if (key.str() == "logical") {
      problems_.Add(value.source().begin, "'logical' must be a section",
                    fmt::format("write it as [{}.logical]", section_));
    } else if (Contains(kLaterSourceKeys, key.str())) {
      problems_.Add(key.source().begin,
                    fmt::format("this version of pgkeep has no [{}.{}] yet", section_, key.str()),
                    "remove it");
    } else {
      problems_.AddUnknown(key, section_, kSourceKeys);
    }
  }

  void ReadConninfo(const toml::key& key, const toml::node& value) {
    const std::string text = problems_.Text(key, value);
    if (text.empty()) return;
    auto params = postgres::ConnectionParams::Parse(text);
    if (params.ok()) {
      settings_.conninfo = *std::move(params);
      return;
    }
    problems_.Add(value.source().begin,
                  fmt::format("conninfo of [{}]: {}", section_, params.error().ToString()),
                  params.error().hint());
  }

  void ReadLogicalKey(const toml::key& key, const toml::node& value) {
    LogicalSettings& logical = settings_.logical;
    const std::string_view name = key.str();
    if (name == "jobs") {
      const auto jobs = value.value_exact<int64_t>();
      if (jobs && *jobs >= 1 && *jobs <= kMaxJobs) {
        logical.jobs = static_cast<unsigned>(*jobs);
      } else {
        problems_.Add(value.source().begin,
                      fmt::format("'jobs' must be a number from 1 to {}", kMaxJobs),
                      "write it without quotes: jobs = 2");
      }
    } else if (name == "read") {
      ReadMode(key, value);
    } else if (name == "lock_timeout") {
      const std::string text = problems_.Text(key, value);
      const auto timeout = ParseLockTimeout(text);
      if (timeout) logical.lock_timeout = *timeout;
      if (!timeout && !text.empty()) {
        problems_.Add(value.source().begin, "'lock_timeout' is no duration",
                      "write it as \"500ms\", \"30s\" or \"5m\"");
      }
    } else if (name == "role") {
      logical.role = problems_.Text(key, value);
    } else if (name == "programs") {
      logical.programs = problems_.FileOf(problems_.Text(key, value));
    } else if (std::vector<std::string>* const patterns = PatternsOf(name)) {
      *patterns = problems_.Texts(key, value);
    } else if (Contains(kLaterLogicalKeys, name)) {
      problems_.Add(key.source().begin, fmt::format("this version of pgkeep has no '{}' yet", name),
                    "remove it, and let cron or a systemd timer run 'pgkeep backup'");
    } else {
      problems_.AddUnknown(key, section_ + ".logical", kLogicalKeys);
    }
  }

  void ReadMode(const toml::key& key, const toml::node& value) {
    const std::string mode = problems_.Text(key, value);
    if (mode.empty()) return;
    settings_.logical.parallel_read = mode == "parallel";
    if (mode == "gentle" || mode == "parallel") return;
    problems_.Add(value.source().begin, fmt::format("'read' cannot be \"{}\"", mode),
                  "write \"gentle\" or \"parallel\"");
  }

  std::vector<std::string>* PatternsOf(std::string_view name) {
    LogicalSettings& logical = settings_.logical;
    if (name == "schemas") return &logical.schemas;
    if (name == "exclude_schemas") return &logical.exclude_schemas;
    if (name == "tables") return &logical.tables;
    if (name == "exclude_tables") return &logical.exclude_tables;
    if (name == "exclude_table_data") return &logical.exclude_table_data;
    return nullptr;
  }

  void RefuseEmpty(const toml::key& key, const toml::node& value,
                   const std::vector<std::string>& texts) {
    if (!texts.empty() || value.as_array() == nullptr || !value.as_array()->empty()) return;
    problems_.Add(value.source().begin, fmt::format("'{}' is empty", key.str()),
                  "name at least one, or remove it");
  }

  SourceSettings& settings_;
  Problems& problems_;
  const std::string section_;
};

bool IsGoodName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && !name.starts_with('-') &&
         std::ranges::none_of(name, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7f;
         });
}

}  // namespace

std::vector<SourceSettings> ReadSources(const toml::node& node, Problems& problems) {
  std::vector<SourceSettings> sources;
  const toml::table* const table = node.as_table();
  if (table == nullptr || table->empty()) {
    problems.Add(node.source().begin, "'source' must be a section", "write it as [source.app]");
    return sources;
  }
  for (const auto& [name, entry] : *table) {
    const toml::table* const section = entry.as_table();
    if (section == nullptr) {
      problems.Add(name.source().begin, fmt::format("'{}' stands outside a source", name.str()),
                   "write the section as [source.app]");
      continue;
    }
    if (!IsGoodName(name.str())) {
      problems.Add(name.source().begin, "this cannot be the name of a source",
                   "take up to 200 plain characters, not beginning with '-'");
      continue;
    }
    SourceSettings& settings = sources.emplace_back();
    settings.name = name.str();
    SourceReader(settings, problems).Read(*section);
  }
  return sources;
}

}  // namespace pgkeep::config
