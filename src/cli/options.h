// What the command line asks for, free of the parser that read it. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace pgkeep::cli {

// Options that every command takes. Empty: not given.
struct GlobalOptions {
  std::string config;
  std::string repository;
  std::string key_file;
  std::string passphrase_file;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool no_color = false;
};

// pgkeep init: repository, key_file, passphrase_file and config are those of GlobalOptions.
struct InitCommand {
  bool split = false;
  bool attach = false;
};

// pgkeep list [SOURCE]
struct ListCommand {
  std::optional<std::string> source;
};

// pgkeep show BACKUP
struct ShowCommand {
  std::string backup;
};

// pgkeep verify [BACKUP]... [--data PERCENT] [--seed N]
struct VerifyCommand {
  std::vector<std::string> backups;
  std::optional<double> data_percent;
  std::optional<uint64_t> seed;
};

// pgkeep key list
struct KeyListCommand {};

// pgkeep key add --passphrase-file F [--label TEXT]
struct KeyAddCommand {
  std::string passphrase_file;
  std::string label;
};

// pgkeep key remove SLOT
struct KeyRemoveCommand {
  std::string slot;
};

// pgkeep key rotate [--passphrase-file F]...: the passphrases of the key slots.
struct KeyRotateCommand {
  std::vector<std::string> passphrase_files;
};

// pgkeep expire BACKUP... [--dry-run] [--force] [--reason TEXT]
struct ExpireCommand {
  std::vector<std::string> backups;
  bool dry_run = false;
  bool force = false;
  std::string reason;
};

// pgkeep gc [--dry-run] [--abort-writer ID]... [--expired-for DURATION] [--force]
struct GcCommand {
  bool dry_run = false;
  bool force = false;
  Duration expired_for = Duration::zero();
  std::vector<std::string> abort_writers;
};

using Command =
    std::variant<InitCommand, ListCommand, ShowCommand, VerifyCommand, KeyListCommand,
                 KeyAddCommand, KeyRemoveCommand, KeyRotateCommand, ExpireCommand, GcCommand>;

// One whole command line.
struct Invocation {
  GlobalOptions global;
  Command command;
};

}  // namespace pgkeep::cli
