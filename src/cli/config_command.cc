#include <fmt/format.h>

#include <string>
#include <vector>

#include "catalog/catalog_url.h"
#include "cli/commands.h"
#include "cli/repository_access.h"
#include "cli/text_format.h"

namespace pgkeep::cli {
namespace {

using config::LogicalSettings;
using config::QuoteToml;
using config::SourceSettings;

Result<Setup> LoadSetup(const CommandContext& context) {
  if (!context.options.repository.empty()) {
    return Err(ErrorCode::kInvalidArgument, "--repository goes without a configuration")
        .WithHint("leave it out; --config names the configuration");
  }
  PGK_ASSIGN_OR_RETURN(Setup setup, FindSetup(context.options, context.environment));
  PGK_TRY(catalog::ParseCatalogUrl(setup.configuration->catalog_url));
  return setup;
}

std::string ListText(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + QuoteToml(text);
  return "[" + list + "]";
}

Json ListJson(const std::vector<std::string>& texts) {
  Json list = Json::MakeArray();
  for (const std::string& text : texts) list.Add(text);
  return list;
}

std::string DurationText(Duration duration) {
  return fmt::format("{}ms",
                     std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

void PrintPatterns(Console& console, const char* name, const std::vector<std::string>& patterns) {
  if (!patterns.empty()) console.Print(fmt::format("{} = {}", name, ListText(patterns)));
}

void PrintSource(const SourceSettings& source, const std::string& repository, Console& console) {
  const LogicalSettings& logical = source.logical;
  console.Print("");
  console.Print(fmt::format("[source.{}]", config::TomlKey(source.name)));
  console.Print(fmt::format("conninfo = {}{}", QuoteToml(source.conninfo.ToConninfo()),
                            source.conninfo.secrets().empty() ? "" : "  # and a password"));
  console.Print("databases = " + ListText(source.databases));
  PrintPatterns(console, "exclude_databases", source.exclude_databases);
  console.Print("repositories = " + ListText(source.repositories.empty() ? std::vector{repository}
                                                                         : source.repositories));
  console.Print("");
  console.Print(fmt::format("[source.{}.logical]", config::TomlKey(source.name)));
  console.Print(fmt::format("jobs = {}", logical.jobs));
  console.Print(fmt::format("read = \"{}\"", logical.parallel_read ? "parallel" : "gentle"));
  console.Print(fmt::format("lock_timeout = \"{}\"", DurationText(logical.lock_timeout)));
  PrintPatterns(console, "schemas", logical.schemas);
  PrintPatterns(console, "exclude_schemas", logical.exclude_schemas);
  PrintPatterns(console, "tables", logical.tables);
  PrintPatterns(console, "exclude_tables", logical.exclude_tables);
  PrintPatterns(console, "exclude_table_data", logical.exclude_table_data);
  if (!logical.role.empty()) console.Print("role = " + QuoteToml(logical.role));
  if (!logical.programs.empty()) console.Print("programs = " + QuoteToml(logical.programs));
}

Json SourceJson(const SourceSettings& source) {
  const LogicalSettings& logical = source.logical;
  Json json = Json::MakeObject();
  json.Set("name", source.name);
  json.Set("conninfo", source.conninfo.ToConninfo());
  json.Set("has_password", !source.conninfo.secrets().empty());
  json.Set("databases", ListJson(source.databases));
  json.Set("exclude_databases", ListJson(source.exclude_databases));
  Json& section = json.Set("logical", Json::MakeObject());
  section.Set("jobs", uint32_t{logical.jobs});
  section.Set("read", logical.parallel_read ? "parallel" : "gentle");
  section.Set("lock_timeout", DurationText(logical.lock_timeout));
  section.Set("schemas", ListJson(logical.schemas));
  section.Set("exclude_schemas", ListJson(logical.exclude_schemas));
  section.Set("tables", ListJson(logical.tables));
  section.Set("exclude_tables", ListJson(logical.exclude_tables));
  section.Set("exclude_table_data", ListJson(logical.exclude_table_data));
  section.Set("role", logical.role);
  section.Set("programs", logical.programs);
  return json;
}

}  // namespace

Status RunConfigCheck(const ConfigCheckCommand& /*command*/, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const Setup setup, LoadSetup(context));
  context.console.document().Set("configuration", setup.repository.configuration);
  context.console.Print(fmt::format("{} is well-formed: 1 repository, {}",
                                    setup.repository.configuration,
                                    Count(setup.configuration->sources.size(), "source")));
  context.console.Note("'pgkeep check' looks at the servers and the repository that it names");
  return Ok();
}

Status RunConfigShow(const ConfigShowCommand& /*command*/, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const Setup setup, LoadSetup(context));
  const config::Configuration& configuration = *setup.configuration;
  const config::RepositorySettings& repository = configuration.repository;
  Console& console = context.console;
  console.document().Set("configuration", setup.repository.configuration);
  Json& json = console.document().Set("repository", Json::MakeObject());
  json.Set("name", repository.name);
  json.Set("url", repository.url);
  if (const auto s3 = config::S3SettingTexts(repository.s3); !s3.empty()) {
    Json& settings = json.Set("s3", Json::MakeObject());
    for (const auto& [name, value] : s3) settings.Set(name, value);
  }
  json.Set("key_file", repository.key_file);
  json.Set("passphrase_file", repository.passphrase_file);
  Json& sources = console.document().Set("sources", Json::MakeArray());
  for (const SourceSettings& source : configuration.sources) sources.Add(SourceJson(source));
  console.document().Set("catalog", configuration.catalog_url);

  console.Print("# " + setup.repository.configuration);
  console.Print(fmt::format("[repository.{}]", config::TomlKey(repository.name)));
  console.Print("url = " + QuoteToml(repository.url));
  for (const auto& [name, value] : config::S3SettingTexts(repository.s3)) {
    console.Print(fmt::format("{} = {}", name, value));
  }
  if (!repository.key_file.empty()) console.Print("key_file = " + QuoteToml(repository.key_file));
  if (!repository.passphrase_file.empty()) {
    console.Print("passphrase_file = " + QuoteToml(repository.passphrase_file));
  }
  for (const SourceSettings& source : configuration.sources) {
    PrintSource(source, repository.name, console);
  }
  console.Print("");
  console.Print("[catalog]");
  console.Print("url = " + QuoteToml(configuration.catalog_url));
  return Ok();
}

}  // namespace pgkeep::cli
