// The commands of the program, one function each, declared together: whoever runs one needs nothing
// else of it.
#pragma once

#include "base/result.h"
#include "cli/console.h"
#include "cli/environment.h"
#include "cli/options.h"

namespace pgkeep::cli {

// What every command works with. Borrows all of it.
struct CommandContext {
  const GlobalOptions& options;
  const Environment& environment;
  Console& console;
};

// Each does its work, shows the result on the console, and returns the error with which the program
// shall end. What was done before an error stays done; the error says what that is where it
// matters. kCancelled when the environment's stop token was stopped.

// Creates a repository, its keys, a configuration and a recovery kit; or, to attach, writes the
// configuration of a repository that is there. Overwrites nothing (kAlreadyExists). The keys are
// durable before the repository exists.
Status RunInit(const InitCommand& command, const CommandContext& context);

// Looks at everything that a backup of the source, or of each source, needs, and says for each
// thing whether it is well and what mends it. The error names how many things forbid a backup.
Status RunCheck(const CheckCommand& command, const CommandContext& context);

// Makes one backup, as a job. kPartial if some databases are not in it.
Status RunBackup(const BackupCommand& command, const CommandContext& context);

// Shows jobs of the history, newest first.
Status RunHistory(const HistoryCommand& command, const CommandContext& context);

// Plans a restore, shows the plan, and restores, as a job. The first problem of the plan is the
// error, and then nothing was changed.
Status RunRestore(const RestoreCommand& command, const CommandContext& context);

// Writes an archive, as a job.
Status RunExport(const ExportCommand& command, const CommandContext& context);

// Reads the configuration and says that it is well-formed, or shows what it comes to without
// secrets.
Status RunConfigCheck(const ConfigCheckCommand& command, const CommandContext& context);
Status RunConfigShow(const ConfigShowCommand& command, const CommandContext& context);

// Shows the live backups. kCorruption, after the list, if one of them cannot be read.
Status RunList(const ListCommand& command, const CommandContext& context);

// Shows one backup.
Status RunShow(const ShowCommand& command, const CommandContext& context);

// Verifies structure and, if asked, data, as a job. The first problem found is the error.
Status RunVerify(const VerifyCommand& command, const CommandContext& context);

// Shows keys and key slots.
Status RunKeyList(const KeyListCommand& command, const CommandContext& context);

// Puts the keys behind one more passphrase, in a new key slot.
Status RunKeyAdd(const KeyAddCommand& command, const CommandContext& context);

// Removes a key slot. kRefused for the last one if it is what opens the repository here.
Status RunKeyRemove(const KeyRemoveCommand& command, const CommandContext& context);

// Makes a new data key. The key file with old and new keys is durable before the repository names
// the new one. kRefused with a host key, and when the passphrase of a key slot is missing.
Status RunKeyRotate(const KeyRotateCommand& command, const CommandContext& context);

// Marks backups as expired, as a job: all of them, or on kRefused none. A dry run is no job.
Status RunExpire(const ExpireCommand& command, const CommandContext& context);

// Runs one cycle of the garbage collector, as a job. A dry run is none.
Status RunGc(const GcCommand& command, const CommandContext& context);

// Shows the rules of the repository's bucket for the life of objects, and what should be otherwise.
Status RunStorageLifecycleShow(const StorageLifecycleShowCommand& command,
                               const CommandContext& context);

// Makes those rules what they should be, leaves those of others as they are, and reads them back.
// kRefused, with nothing changed, while a rule of somebody else harms backups.
Status RunStorageLifecycleApply(const StorageLifecycleApplyCommand& command,
                                const CommandContext& context);

// Prints the policy of one role, ready to paste. Asks no server.
Status RunStoragePolicy(const StoragePolicyCommand& command, const CommandContext& context);

// Locks all objects that live backups need, in their oldest versions, for lock_days from now on. An
// object that is locked for as long already is left alone. The first failure is the error, after
// all others were tried.
Status RunStorageLock(const StorageLockCommand& command, const CommandContext& context);

// Shows what is stored, how it grows and what a month of it costs, and warns above the budget.
Status RunStorageCost(const StorageCostCommand& command, const CommandContext& context);

// Tries out what the repository's bucket can do, keeps the report in the repository and shows it;
// or shows the newest one that was kept.
Status RunStorageProbe(const StorageProbeCommand& command, const CommandContext& context);

// Changes the repository to exclusive mode (repository/exclusive_switch.h); says so if it is in it.
Status RunStorageExclusive(const StorageExclusiveCommand& command, const CommandContext& context);

}  // namespace pgkeep::cli
