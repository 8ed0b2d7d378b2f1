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
  // With --repository s3://...; else the configuration says them.
  std::string s3_endpoint;
  std::string s3_region;
  std::string s3_addressing;
  std::string s3_ca_file;
  std::string s3_profile;
  std::string as_of;  // a bucket with versions as it was then
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool no_color = false;
};

// pgkeep init: repository, key_file, passphrase_file and config are those of GlobalOptions.
struct InitCommand {
  bool split = false;
  bool attach = false;
  std::vector<std::string> sources;  // NAME=CONNINFO
};

// pgkeep check [SOURCE]
struct CheckCommand {
  std::string source;  // empty: all of them
};

// pgkeep backup SOURCE [--type T] [--database D]... [--jobs N] [--label TEXT] [--full]
struct BackupCommand {
  std::string source;
  std::string type = "logical";
  std::vector<std::string> databases;  // in place of those of the configuration
  std::optional<unsigned> jobs;
  std::string label;
  bool full = false;
};

// Which database of which backup is meant. Empty: not given.
struct BackupSelector {
  std::string backup;  // beginning of an id, or "latest"
  std::string at;      // in place of `backup`
  std::string source;
  std::string database;
};

// pgkeep restore BACKUP|latest|--at TIME --database CONNINFO ...
struct RestoreCommand {
  BackupSelector from;
  std::string target;  // --database
  bool create = false;
  bool clean = false;
  std::vector<std::string> tables;
  std::vector<std::string> schemas;
  std::string into_schema;
  bool no_owner = false;
  bool no_privileges = false;
  std::vector<std::string> map_roles;
  bool no_analyze = false;
  std::optional<unsigned> jobs;
  bool dry_run = false;
  std::string physical_option;  // one that only physical backups will know
};

// pgkeep export BACKUP|latest|--at TIME --database D --output PATH|--to-repository [--format F]
// [--jobs N]
struct ExportCommand {
  BackupSelector from;
  std::string output;  // empty with to_repository
  bool to_repository = false;
  std::string format = "directory";
  std::optional<unsigned> jobs;
};

// pgkeep history [SOURCE] [--limit N] [--kind K]... [--status S]...
struct HistoryCommand {
  std::string source;
  uint32_t limit = 20;
  std::vector<std::string> kinds;
  std::vector<std::string> statuses;
};

// pgkeep config check
struct ConfigCheckCommand {};

// pgkeep config show
struct ConfigShowCommand {};

// pgkeep list [SOURCE]
struct ListCommand {
  std::optional<std::string> source;
};

// pgkeep show BACKUP [--tables]
struct ShowCommand {
  std::string backup;
  bool tables = false;
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

// pgkeep key rotate [--signing-key] [--passphrase-file F]...: the passphrases of the key slots.
struct KeyRotateCommand {
  bool signing_key = false;
  std::vector<std::string> passphrase_files;
};

// pgkeep expire BACKUP... [--dry-run] [--force] [--reason TEXT]
struct ExpireCommand {
  std::vector<std::string> backups;
  bool dry_run = false;
  bool force = false;
  std::string reason;
};

// pgkeep gc [--dry-run] [--abort-writer ID]... [--break-lease ID] [--expired-for DURATION]
// [--force]
struct GcCommand {
  bool dry_run = false;
  bool force = false;
  Duration expired_for = Duration::zero();
  std::vector<std::string> abort_writers;
  std::string break_lease;  // empty: none
};

// pgkeep storage lifecycle show
struct StorageLifecycleShowCommand {};

// pgkeep storage lifecycle apply
struct StorageLifecycleApplyCommand {};

// pgkeep storage policy ROLE
struct StoragePolicyCommand {
  std::string role;
};

// pgkeep storage lock [--dry-run]
struct StorageLockCommand {
  bool dry_run = false;
};

// pgkeep storage exclusive
struct StorageExclusiveCommand {};

// pgkeep storage cost
struct StorageCostCommand {};

// pgkeep storage probe [--last]
struct StorageProbeCommand {
  bool last = false;
};

using Command =
    std::variant<InitCommand, CheckCommand, BackupCommand, ListCommand, ShowCommand, HistoryCommand,
                 RestoreCommand, ExportCommand, VerifyCommand, ExpireCommand, GcCommand,
                 KeyListCommand, KeyAddCommand, KeyRemoveCommand, KeyRotateCommand,
                 ConfigCheckCommand, ConfigShowCommand, StorageLifecycleShowCommand,
                 StorageLifecycleApplyCommand, StoragePolicyCommand, StorageCostCommand,
                 StorageLockCommand, StorageProbeCommand, StorageExclusiveCommand>;

// One whole command line.
struct Invocation {
  GlobalOptions global;
  Command command;
};

}  // namespace pgkeep::cli
