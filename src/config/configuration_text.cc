#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "config/configuration.h"

namespace pgkeep::config {
namespace {

std::string RepositoryText(const RepositorySettings& settings) {
  std::string text = fmt::format(
      "# Configuration of pgkeep. What is not known here is an error, with its line and column.\n"
      "\n"
      "[repository.{}]\n"
      "# Where the backups are: an absolute path, file:///absolute/path, or s3://bucket/prefix.\n"
      "url = {}\n",
      settings.name, QuoteToml(settings.url));
  if (settings.url.starts_with("s3:")) {
    text +=
        "# How to reach the bucket: endpoint, region, addressing, ca_file, storage_class,\n"
        "# accelerate, credentials, credentials_file, profile, proxy. No secrets: access keys "
        "come\n"
        "# from the environment, ~/.aws/credentials, a web identity or the instance.\n";
    for (const auto& [name, value] : S3SettingTexts(settings.s3)) {
      text += fmt::format("{} = {}\n", name, value);
    }
  }
  if (!settings.key_file.empty()) {
    text += fmt::format(
        "# The key that opens them. Keep it secret and keep a second copy, or the recovery kit,\n"
        "# elsewhere: without any of them the backups are lost for good.\n"
        "key_file = {}\n",
        QuoteToml(settings.key_file));
  }
  if (!settings.passphrase_file.empty()) {
    text += fmt::format(
        "# A file with the passphrase, which opens {}.\n"
        "passphrase_file = {}\n",
        settings.key_file.empty() ? "a key slot of the repository" : "the key file",
        QuoteToml(settings.passphrase_file));
  }
  return text;
}

std::string SourceText(const NewSource& source) {
  const std::string name = TomlKey(source.name);
  return fmt::format(
      "\n"
      "[source.{0}]\n"
      "# Where the server is: keywords of libpq. Keep the password in ~/.pgpass, or in a service\n"
      "# file; here only if nobody else can read this file.\n"
      "conninfo = {1}\n"
      "# Names and patterns; each database is backed up in a snapshot of its own.\n"
      "databases = [\"*\"]\n"
      "# exclude_databases = [\"test_*\"]\n"
      "\n"
      "[source.{0}.logical]\n"
      "# Sessions that read at the same time.\n"
      "jobs = 2\n"
      "# \"gentle\" reads each table in one scan and spares the server's buffers; \"parallel\" "
      "reads\n"
      "# large tables in several ranges at once: faster with few large tables.\n"
      "read = \"gentle\"\n"
      "# Patterns as of pg_dump: schemas, exclude_schemas, tables, exclude_tables,\n"
      "# exclude_table_data.\n"
      "# exclude_table_data = [\"public.sessions\"]\n"
      "# lock_timeout = \"30s\"\n"
      "# role = \"backup_role\"\n",
      name, QuoteToml(source.conninfo));
}

// Only what has no password in it is written, and only what can be understood.
Status CheckSource(const NewSource& source) {
  PGK_ASSIGN_OR_RETURN(const postgres::ConnectionParams params,
                       postgres::ConnectionParams::Parse(source.conninfo));
  if (params.secrets().empty()) return Ok();
  return Err(ErrorCode::kInvalidArgument,
             "the connection of source '{}' has a password in it, which everybody on this machine "
             "can see among the running commands",
             source.name)
      .WithHint(
          "leave it out, and keep it in ~/.pgpass or in a service file; change it if it is "
          "secret");
}

bool SameSources(std::span<const NewSource> given, const std::vector<SourceSettings>& parsed) {
  return given.size() == parsed.size() &&
         std::ranges::all_of(given, [&parsed](const NewSource& source) {
           const auto found = std::ranges::find(parsed, source.name, &SourceSettings::name);
           const auto params = postgres::ConnectionParams::Parse(source.conninfo);
           return found != parsed.end() && params.ok() &&
                  found->conninfo.settings() == params->settings();
         });
}

}  // namespace

std::string QuoteToml(std::string_view text) {
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

std::string TomlKey(std::string_view name) {
  const bool bare = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare && !name.empty() ? std::string(name) : QuoteToml(name);
}

Result<std::string> FormatConfiguration(const RepositorySettings& settings,
                                        std::span<const NewSource> sources,
                                        const std::string& catalog_url) {
  std::string text = RepositoryText(settings);
  for (const NewSource& source : sources) {
    PGK_TRY(CheckSource(source));
    text += SourceText(source);
  }
  if (!catalog_url.empty()) {
    text += fmt::format(
        "\n"
        "[catalog]\n"
        "# The history of jobs. Losing it loses no backup.\n"
        "url = {}\n",
        QuoteToml(catalog_url));
  }
  const Result<Configuration> again = ParseConfiguration(text, "/");
  if (again.ok() && again->repository == settings && SameSources(sources, again->sources)) {
    return text;
  }
  return Err(ErrorCode::kInvalidArgument,
             "an address, a name or a connection cannot be written as "
             "TOML")
      .WithHint("use absolute names in UTF-8, and for sources short plain names, each only once");
}

}  // namespace pgkeep::config
