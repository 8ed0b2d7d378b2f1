#include "cli/source_access.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "config/nearest_name.h"

namespace pgkeep::cli {
namespace {

std::string NamesOf(const std::vector<config::SourceSettings>& sources) {
  std::string names;
  for (const config::SourceSettings& source : sources) {
    names += (names.empty() ? "" : ", ") + source.name;
  }
  return names;
}

}  // namespace

Result<const config::SourceSettings*> FindSource(const Setup& setup, const std::string& name) {
  if (!setup.configuration) {
    return Err(ErrorCode::kConfig,
               "sources are in the configuration, and --repository goes without")
        .WithHint("leave --repository out, or write a configuration with 'pgkeep init --attach'");
  }
  const std::vector<config::SourceSettings>& sources = setup.configuration->sources;
  if (sources.empty()) {
    return Err(ErrorCode::kConfig, "{} has no source", setup.repository.configuration)
        .WithHint("add a section [source.app] with conninfo = \"host=... user=... dbname=...\"");
  }
  const auto found = std::ranges::find(sources, name, &config::SourceSettings::name);
  if (found != sources.end()) return &*found;
  std::vector<std::string_view> names;
  names.reserve(sources.size());
  for (const config::SourceSettings& source : sources) names.push_back(source.name);
  const auto nearest = config::NearestName(name, names);
  return Err(ErrorCode::kInvalidArgument, "there is no source '{}' in {}", name,
             setup.repository.configuration)
      .WithHint(nearest ? "did you mean '" + std::string(*nearest) + "'?"
                        : "the sources are: " + NamesOf(sources));
}

postgres::ConnectionParams ParamsOf(const config::SourceSettings& source,
                                    const Environment& environment) {
  const postgres::ConnectionParams& params = source.conninfo;
  if (params.Has("dbname") || params.Has("service") || environment.variable("PGDATABASE") ||
      environment.variable("PGSERVICE")) {
    return params;
  }
  return params.WithDatabase("postgres");
}

Result<postgres::ConnectionParams> ParseTarget(const std::string& text, const std::string& option) {
  auto params = postgres::ConnectionParams::Parse(text);
  if (!params.ok()) return std::move(params).error().WithContext(option);
  if (params->secrets().empty()) return params;
  return Err(ErrorCode::kInvalidArgument,
             "{} has a password in it, which everybody on this machine can see", option)
      .WithHint(
          "leave it out, and keep it in ~/.pgpass or in PGPASSWORD; change it if it is secret");
}

backup::DatabaseSelection SelectionOf(const config::SourceSettings& source) {
  return {.include = source.databases, .exclude = source.exclude_databases};
}

backup::TableFilter FilterOf(const config::LogicalSettings& logical) {
  return {.schemas = logical.schemas,
          .exclude_schemas = logical.exclude_schemas,
          .tables = logical.tables,
          .exclude_tables = logical.exclude_tables,
          .exclude_table_data = logical.exclude_table_data};
}

backup::ReadMode ReadModeOf(const config::LogicalSettings& logical) {
  return logical.parallel_read ? backup::ReadMode::kParallel : backup::ReadMode::kGentle;
}

logical::ProgramSearch ProgramsIn(const std::string& directory, const Environment& environment) {
  if (!directory.empty()) return {.only_directory = directory, .directories = {}};
  return logical::DefaultProgramSearch(*environment.files,
                                       environment.variable("PATH").value_or(""));
}

}  // namespace pgkeep::cli
