// repository_tool: stores trees of files in a repository, restores them, and makes the states of a
// repository that tests need. REPOSITORY is a configuration (*.toml) or a recovery kit.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file_util.h"
#include "cli/backup_lookup.h"
#include "cli/environment.h"
#include "cli/repository_access.h"
#include "repository/backup_reader.h"
#include "repository/key_file.h"
#include "repository/key_ring.h"
#include "tree_backup.h"

namespace pgkeep::tools {
namespace {

constexpr char kUsage[] =
    "usage: repository_tool put REPOSITORY DIRECTORY|FILE... [--unit-size N] [--threads N]\n"
    "                           [--uploads N] [--memory BYTES] [--source NAME] [--label TEXT]\n"
    "                           [--full]\n"
    "       repository_tool get REPOSITORY BACKUP TARGET-DIRECTORY [--threads N]\n"
    "       repository_tool init-exclusive URL KEY-FILE   a repository in exclusive mode\n"
    "       repository_tool hold REPOSITORY               holds its lease until input ends\n";

struct Arguments {
  std::vector<std::string> words;  // without options
  StoreOptions store;
};

template <class Number>
Status ParseNumber(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number > 0) return Ok();
  return Err(ErrorCode::kInvalidArgument, "'{}' is no number above zero", text);
}

Status ParseOption(const std::string& name, const std::string& value, StoreOptions& options) {
  if (name == "--unit-size") return ParseNumber(value, options.unit_size);
  if (name == "--threads") return ParseNumber(value, options.threads);
  if (name == "--uploads") return ParseNumber(value, options.uploads);
  if (name == "--memory") return ParseNumber(value, options.memory_bytes);
  if (name == "--source") {
    options.source = value;
    return Ok();
  }
  if (name == "--label") {
    options.label = value;
    return Ok();
  }
  return Err(ErrorCode::kInvalidArgument, "unknown option '{}'", name);
}

Result<Arguments> ParseArguments(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (!word.starts_with("--")) {
      arguments.words.push_back(word);
    } else if (word == "--full") {
      arguments.store.incremental = false;
    } else if (i + 1 == count) {
      return Err(ErrorCode::kInvalidArgument, "'{}' needs a value", word);
    } else {
      PGK_TRY(ParseOption(word, words[++i], arguments.store));
    }
  }
  return arguments;
}

Result<std::unique_ptr<cli::OpenedRepository>> Open(const std::string& repository,
                                                    const cli::Environment& environment) {
  cli::GlobalOptions options;
  if (repository.ends_with(".toml")) {
    options.config = repository;
  } else {
    PGK_ASSIGN_OR_RETURN(const auto kit, repository::LoadKeyFile(*environment.files, repository));
    options.repository = kit.address.url;
    options.key_file = repository;
  }
  PGK_ASSIGN_OR_RETURN(const auto location, cli::FindRepository(options, environment));
  return cli::OpenedRepository::Open(location, environment, cli::KeyNeed::kRequired);
}

Status Put(const Arguments& arguments, const cli::Environment& environment) {
  PGK_ASSIGN_OR_RETURN(const auto opened, Open(arguments.words[1], environment));
  const std::vector<std::string> paths(arguments.words.begin() + 2, arguments.words.end());
  PGK_ASSIGN_OR_RETURN(const repository::BackupId id,
                       StoreTree(opened->repository(), paths, arguments.store));
  PGK_ASSIGN_OR_RETURN(const auto reader, repository::BackupReader::Open(opened->repository(), id));
  const repository::SubtreeEntry& files = reader->manifest().subtrees.front();
  fmt::print("backup {}\nstreams {}\nunits {}\nnew_units {}\nbytes {}\nnew_bytes {}\n", id.Hex(),
             files.streams, files.units, files.new_units, files.bytes, files.new_bytes);
  fmt::print("stored_bytes {}\n", files.stored_bytes);
  return Ok();
}

Status Get(const Arguments& arguments, const cli::Environment& environment) {
  PGK_ASSIGN_OR_RETURN(const auto opened, Open(arguments.words[1], environment));
  PGK_TRY(opened->context().keys->RequireReadData("restoring"));
  PGK_ASSIGN_OR_RETURN(const auto backups, repository::ListBackups(opened->context()));
  PGK_ASSIGN_OR_RETURN(const repository::BackupSummary* backup,
                       cli::LookUpBackup(opened->context(), backups, arguments.words[2]));
  return RestoreTree(opened->repository(), backup->id,
                     cli::AbsolutePath(environment, arguments.words[3]), arguments.store.threads);
}

Status InitExclusive(const Arguments& arguments, const cli::Environment& environment) {
  PGK_ASSIGN_OR_RETURN(const auto url, storage::ParseStoreUrl(arguments.words[1]));
  PGK_ASSIGN_OR_RETURN(const auto store, cli::OpenStore(url, environment, true));
  repository::InitOptions init;
  init.mode = repository::RepositoryMode::kExclusive;
  PGK_TRY(repository::InitRepository(
      *store, cli::OptionsFor(environment), init, [&](const repository::NewRepository& created) {
        return repository::SaveKeyFile(*environment.files,
                                       cli::AbsolutePath(environment, arguments.words[2]),
                                       repository::FormatKeyFile(created.keys, created.id),
                                       repository::KeyFileExists::kRefuse);
      }));
  return Ok();
}

Status Hold(const Arguments& arguments, const cli::Environment& environment) {
  PGK_ASSIGN_OR_RETURN(const auto opened, Open(arguments.words[1], environment));
  PGK_ASSIGN_OR_RETURN(const auto lease,
                       opened->repository().LockIfExclusive("a test that holds the lease"));
  if (lease == nullptr) return Err(ErrorCode::kRefused, "the repository is not in exclusive mode");
  fmt::print("held\n");
  std::fflush(stdout);
  while (std::fgetc(stdin) != EOF) {
  }
  return lease->Release();
}

Status Run(const Arguments& arguments) {
  const cli::Environment environment = cli::RealEnvironment();
  const std::vector<std::string>& words = arguments.words;
  const std::string command = words.empty() ? "" : words[0];
  if (command == "put" && words.size() >= 3) return Put(arguments, environment);
  if (command == "get" && words.size() == 4) return Get(arguments, environment);
  if (command == "init-exclusive" && words.size() == 3)
    return InitExclusive(arguments, environment);
  if (command == "hold" && words.size() == 2) return Hold(arguments, environment);
  return Err(ErrorCode::kInvalidArgument, "wrong usage").WithHint(kUsage);
}

}  // namespace
}  // namespace pgkeep::tools

int main(int count, char** words) {
  const auto arguments = pgkeep::tools::ParseArguments(count, words);
  const pgkeep::Status status =
      arguments.ok() ? pgkeep::tools::Run(*arguments) : pgkeep::Status(arguments.error());
  if (status.ok()) return 0;
  fmt::print(stderr, "repository_tool: {}\n", status.error().Describe());
  return pgkeep::ExitStatus(status.error().code());
}
