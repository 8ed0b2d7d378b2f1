#include "cli/program.h"

#include <algorithm>
#include <variant>

#include "base/log.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "crypto/init.h"

namespace pgkeep::cli {
namespace {

bool Has(const std::vector<std::string>& arguments, const std::string& word) {
  return std::ranges::find(arguments, word) != arguments.end();
}

// Calls the function of each command.
struct Runner {
  const CommandContext& context;

  Status operator()(const InitCommand& command) const { return RunInit(command, context); }
  Status operator()(const CheckCommand& command) const { return RunCheck(command, context); }
  Status operator()(const BackupCommand& command) const { return RunBackup(command, context); }
  Status operator()(const ListCommand& command) const { return RunList(command, context); }
  Status operator()(const ShowCommand& command) const { return RunShow(command, context); }
  Status operator()(const HistoryCommand& command) const { return RunHistory(command, context); }
  Status operator()(const RestoreCommand& command) const { return RunRestore(command, context); }
  Status operator()(const ExportCommand& command) const { return RunExport(command, context); }
  Status operator()(const VerifyCommand& command) const { return RunVerify(command, context); }
  Status operator()(const ExpireCommand& command) const { return RunExpire(command, context); }
  Status operator()(const GcCommand& command) const { return RunGc(command, context); }
  Status operator()(const KeyListCommand& command) const { return RunKeyList(command, context); }
  Status operator()(const KeyAddCommand& command) const { return RunKeyAdd(command, context); }
  Status operator()(const KeyRemoveCommand& command) const {
    return RunKeyRemove(command, context);
  }
  Status operator()(const KeyRotateCommand& command) const {
    return RunKeyRotate(command, context);
  }
  Status operator()(const ConfigCheckCommand& command) const {
    return RunConfigCheck(command, context);
  }
  Status operator()(const ConfigShowCommand& command) const {
    return RunConfigShow(command, context);
  }
  Status operator()(const StorageLifecycleShowCommand& command) const {
    return RunStorageLifecycleShow(command, context);
  }
  Status operator()(const StorageLifecycleApplyCommand& command) const {
    return RunStorageLifecycleApply(command, context);
  }
  Status operator()(const StoragePolicyCommand& command) const {
    return RunStoragePolicy(command, context);
  }
  Status operator()(const StorageCostCommand& command) const {
    return RunStorageCost(command, context);
  }
  Status operator()(const StorageLockCommand& command) const {
    return RunStorageLock(command, context);
  }
  Status operator()(const StorageProbeCommand& command) const {
    return RunStorageProbe(command, context);
  }
  Status operator()(const StorageExclusiveCommand& command) const {
    return RunStorageExclusive(command, context);
  }
};

Status Dispatch(const Command& command, const CommandContext& context) {
  PGK_TRY(crypto::InitCrypto());
  if (!crypto::HasAesHardware()) {
    context.console.Warn("this processor has no instructions for AES: encryption will be slow");
  }
  return std::visit(Runner{context}, command);
}

void SetUpLog(const GlobalOptions& options) {
  SetLogLevel(options.quiet     ? LogLevel::kError
              : options.verbose ? LogLevel::kDebug
                                : LogLevel::kInfo);
}

ConsoleOptions ConsoleFor(const Environment& environment, const GlobalOptions& options) {
  return {.out = environment.out,
          .err = environment.err,
          .json = options.json,
          .quiet = options.quiet,
          .color = environment.color && !options.no_color};
}

}  // namespace

int RunProgram(const std::vector<std::string>& arguments, const Environment& environment) {
  const auto parsed = ParseCommandLine(arguments);
  if (!parsed.ok()) {
    // Nothing was parsed, but a program that asked for JSON should get it.
    GlobalOptions options;
    options.json = Has(arguments, "--json");
    options.no_color = Has(arguments, "--no-color");
    Console console(ConsoleFor(environment, options));
    return console.Finish(parsed.error());
  }
  if (const auto* help = std::get_if<HelpText>(&*parsed)) {
    static_cast<void>(std::fwrite(help->text.data(), 1, help->text.size(), environment.out));
    Console console(ConsoleFor(environment, {}));
    return console.Finish(Ok());
  }
  const auto& invocation = std::get<Invocation>(*parsed);
  SetUpLog(invocation.global);
  Console console(ConsoleFor(environment, invocation.global));
  return console.Finish(Dispatch(invocation.command, {invocation.global, environment, console}));
}

}  // namespace pgkeep::cli
