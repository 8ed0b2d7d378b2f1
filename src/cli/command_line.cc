#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/version.h"
#include "cli/command_examples.h"
#include "config/configuration.h"
#include "config/nearest_name.h"

namespace pgkeep::cli {
namespace {

constexpr size_t kHelpColumn = 32;
constexpr uint32_t kHistoryMax = 1000;  // Catalog::kMaxPage

// The whole text as a number in decimal digits, with a point where Number is no integer; nothing
// else: no sign, no blank, no exponent, no other base.
template <class Number>
std::optional<Number> ParseNumber(const std::string& text) {
  const bool plain =
      std::ranges::all_of(text, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed_end, error] = std::from_chars(text.data(), end, number);
  if (!plain || error != std::errc{} || parsed_end != end) return std::nullopt;
  return number;
}

// "90m", "12h" or "7d".
std::optional<Duration> ParseDuration(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto number = ParseNumber<uint32_t>(text.substr(0, text.size() - 1));
  if (!number) return std::nullopt;
  switch (text.back()) {
    case 'm':
      return std::chrono::minutes(*number);
    case 'h':
      return std::chrono::hours(*number);
    case 'd':
      return std::chrono::days(*number);
    default:
      return std::nullopt;
  }
}

// A group of options that are not shown leaves an empty line behind.
std::string WithoutEmptyGroups(std::string help) {
  size_t at = 0;
  while ((at = help.find("\n\n\n", at)) != std::string::npos) help.erase(at, 1);
  return help;
}

// The parser and what it fills in.
class CommandLine {
 public:
  CommandLine() : app_("PostgreSQL backups that are proven by restoring them.", "pgkeep") {
    formatter_->column_width(kHelpColumn);
    app_.formatter(formatter_);
    app_.set_help_flag("-h,--help", "Show this help");
    app_.set_version_flag("--version", "pgkeep " + std::string(kVersion), "Show the version");
    app_.require_subcommand(0, 1);
    app_.footer(kExamples);
    AddGlobalOptions();
    global_help_ = GlobalHelp();
    AddInit();
    AddCheckAndBackup();
    AddListAndShow();
    AddHistory();
    AddRestore();
    AddExport();
    AddVerify();
    AddExpireAndGc();
    AddKey();
    AddConfig();
    AddStorage();
  }

  Result<std::variant<Invocation, HelpText>> Parse(const std::vector<std::string>& arguments) {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
      app_.parse(std::move(reversed));
    } catch (const CLI::CallForHelp&) {
      return HelpText{WithoutEmptyGroups(app_.help())};
    } catch (const CLI::CallForVersion& version) {
      return HelpText{std::string(version.what()) + "\n"};
    } catch (const CLI::ParseError& error) {
      return Explain(error);
    }
    return Build();
  }

 private:
  CLI::App* Add(CLI::App& parent, const char* name, const char* description, const char* examples) {
    CLI::App* const command = parent.add_subcommand(name, description);
    command->fallthrough();
    command->footer(global_help_ + examples);
    return command;
  }

  // The options that every command takes, for the help of each.
  std::string GlobalHelp() {
    const CLI::Option* const own[] = {app_.get_help_ptr(), app_.get_version_ptr()};
    std::string help = "Options of all commands:\n";
    for (const CLI::Option* option : app_.get_options()) {
      if (std::ranges::find(own, option) == std::end(own)) {
        help += formatter_->make_option(option, false);
      }
    }
    return help + "\n";
  }

  void AddGlobalOptions() {
    GlobalOptions& global = invocation_.global;
    app_.add_option("--config", global.config, "Configuration file")->type_name("FILE");
    app_.add_option("--repository", global.repository, "Repository, in place of a configuration")
        ->type_name("URL");
    app_.add_option("--key-file", global.key_file, "Key file or recovery kit")->type_name("FILE");
    app_.add_option("--passphrase-file", global.passphrase_file,
                    "File with the passphrase of the key file or of a key slot")
        ->type_name("FILE");
    app_.add_option("--s3-endpoint", global.s3_endpoint, "Where S3 answers, if not at Amazon")
        ->type_name("URL");
    app_.add_option("--s3-region", global.s3_region, "Region of the bucket")->type_name("R");
    app_.add_option("--s3-addressing", global.s3_addressing,
                    "Where the bucket is named: auto, path or virtual")
        ->type_name("A");
    app_.add_option("--s3-ca-file", global.s3_ca_file, "Certificates to trust, in PEM")
        ->type_name("FILE");
    app_.add_option("--s3-profile", global.s3_profile, "Section of ~/.aws/credentials")
        ->type_name("NAME");
    app_.add_option("--as-of", global.as_of, "A bucket with versions as it was at this moment")
        ->type_name("TIME");
    app_.add_flag("--json", global.json, "One JSON document on standard output");
    app_.add_flag("--quiet", global.quiet, "No explanations, and no log but errors");
    app_.add_flag("--verbose", global.verbose, "A line of log for each request to the repository");
    app_.add_flag("--no-color", global.no_color, "No colours");
  }

  void AddInit() {
    init_ = Add(app_, "init", "Create a repository, its keys and a configuration", kInitExamples);
    init_->add_flag("--split", init_options_.split,
                    "Two keys: a host key that cannot read, and a full key to move away");
    init_->add_flag("--attach", init_options_.attach,
                    "Write a configuration for a repository that is there");
    AddTexts(*init_, "--source", init_options_.sources, "A server to back up (repeatable)",
             "NAME=CONNINFO");
  }

  // A repeatable option.
  static CLI::Option* AddTexts(CLI::App& command, const char* name, std::vector<std::string>& texts,
                               const char* description, const char* type) {
    return command.add_option(name, texts, description)->type_name(type)->allow_extra_args(false);
  }

  void AddCheckAndBackup() {
    check_ = Add(app_, "check", "Look at everything that a backup needs", kCheckExamples);
    check_->add_option("SOURCE", check_options_.source, "Only this source");
    backup_ = Add(app_, "backup", "Make one backup now", kBackupExamples);
    backup_->add_option("SOURCE", backup_options_.source, "A source of the configuration")
        ->required();
    backup_->add_option("--type", backup_options_.type, "logical, the only type of this version")
        ->type_name("TYPE");
    AddTexts(*backup_, "--database", backup_options_.databases,
             "Only this database, or those that fit a pattern (repeatable)", "D");
    AddJobs(*backup_, "Sessions that read at the same time");
    backup_->add_option("--label", backup_options_.label, "Shown in lists")->type_name("TEXT");
    backup_->add_flag("--full", backup_options_.full,
                      "Compare with no earlier backup: store everything again");
  }

  void AddJobs(CLI::App& command, const char* description) {
    jobs_options_.push_back(command.add_option("--jobs", jobs_text_, description)->type_name("N"));
  }

  void AddHistory() {
    history_ = Add(app_, "history", "Show the jobs that were run", kHistoryExamples);
    history_->add_option("SOURCE", history_options_.source, "Only jobs of this source");
    limit_ =
        history_->add_option("--limit", limit_text_, "So many, newest first (20)")->type_name("N");
    AddTexts(*history_, "--kind", history_options_.kinds, "Only jobs of this kind (repeatable)",
             "KIND");
    AddTexts(*history_, "--status", history_options_.statuses,
             "Only jobs that ended so (repeatable)", "STATUS");
  }

  // What names a backup. `database` is the option that names the database in it.
  static void AddSelector(CLI::App& command, BackupSelector& selector, const char* database) {
    command.add_option("BACKUP", selector.backup, "Beginning of an id, or latest");
    command.add_option("--at", selector.at, "The newest backup at or before this moment")
        ->type_name("TIME");
    command.add_option("--source", selector.source, "Only backups of this source")->type_name("S");
    command.add_option(database, selector.database, "Which database of the backup")->type_name("D");
  }

  void AddRestore() {
    RestoreCommand& options = restore_options_;
    restore_ = Add(app_, "restore", "Restore a database, or a part of it", kRestoreExamples);
    AddSelector(*restore_, options.from, "--source-database");
    restore_->add_option("--database", options.target, "Into this database")->type_name("CONNINFO");
    restore_->add_flag("--create", options.create, "Make the database");
    restore_->add_flag("--clean", options.clean, "Drop the database if it is there, and make it");
    AddTexts(*restore_, "--table", options.tables, "Only this table (repeatable)", "S.T");
    AddTexts(*restore_, "--schema", options.schemas, "Only this schema (repeatable)", "S");
    restore_->add_option("--into-schema", options.into_schema, "Under this schema instead")
        ->type_name("S");
    restore_->add_flag("--no-owner", options.no_owner, "All belongs to the role that restores");
    restore_->add_flag("--no-privileges", options.no_privileges, "Grant nothing");
    AddTexts(*restore_, "--map-role", options.map_roles,
             "What belonged to A belongs to B (repeatable)", "A=B");
    restore_->add_flag("--no-analyze", options.no_analyze, "No statistics for the planner");
    AddJobs(*restore_, "Sessions that load at the same time");
    restore_->add_flag("--dry-run", options.dry_run, "Show the plan and change nothing");
    // Known, so that they are not called unknown; not shown, since this version has none of it.
    for (const char* name : {"--directory", "--target-lsn", "--target-xid", "--target-name",
                             "--target-timeline", "--tablespace-map"}) {
      physical_options_.push_back(
          restore_->add_option(name, physical_value_)->group("")->type_name("X"));
    }
    physical_options_.push_back(restore_->add_flag("--delta", physical_flag_)->group(""));
  }

  void AddExport() {
    export_ = Add(app_, "export", "Write an archive that pg_restore reads", kExportExamples);
    AddSelector(*export_, export_options_.from, "--database");
    CLI::Option* const output =
        export_->add_option("--output", export_options_.output, "What to make; must not exist")
            ->type_name("PATH");
    export_
        ->add_flag("--to-repository", export_options_.to_repository,
                   "Into the repository, under export/, not encrypted; the rules of a bucket end "
                   "it after 30 days")
        ->excludes(output);
    export_
        ->add_option("--format", export_options_.format,
                     "directory, custom, plain, or globals for roles")
        ->type_name("FORMAT");
    AddJobs(*export_, "Threads that write a directory");
  }

  void AddConfig() {
    config_ = Add(app_, "config", "The configuration", kConfigExamples);
    config_->require_subcommand(0, 1);
    config_check_ = Add(*config_, "check", "Is it well-formed?", kConfigCheckExamples);
    config_show_ =
        Add(*config_, "show", "Show every setting, without secrets", kConfigShowExamples);
  }

  void AddStorage() {
    storage_ = Add(app_, "storage", "The bucket of a repository in S3", kStorageExamples);
    storage_->require_subcommand(0, 1);
    storage_probe_ =
        Add(*storage_, "probe", "Try out what the bucket can do", kStorageProbeExamples);
    storage_probe_->add_flag("--last", storage_probe_options_.last,
                             "Try nothing: show the newest report");
    storage_lifecycle_ = Add(*storage_, "lifecycle", "Rules by which the bucket deletes and moves",
                             kStorageLifecycleExamples);
    storage_lifecycle_->require_subcommand(0, 1);
    storage_lifecycle_show_ =
        Add(*storage_lifecycle_, "show", "Show the rules, and what should be otherwise",
            kStorageLifecycleExamples);
    storage_policy_ =
        Add(*storage_, "policy", "Print who may do what, ready to paste", kStoragePolicyExamples);
    storage_policy_
        ->add_option("ROLE", storage_policy_options_.role,
                     "host, restore, maintenance, or bucket for the bucket's own")
        ->required();
    storage_lock_ =
        Add(*storage_, "lock", "Lock what backups need against deletion", kStorageLockExamples);
    storage_lock_->add_flag("--dry-run", storage_lock_options_.dry_run, "Change nothing");
    storage_exclusive_ = Add(*storage_, "exclusive", "Let only one writer work at a time",
                             kStorageExclusiveExamples);
    storage_cost_ =
        Add(*storage_, "cost", "Show size, growth and what a month costs", kStorageCostExamples);
    storage_lifecycle_apply_ = Add(*storage_lifecycle_, "apply",
                                   "Make the rules what they should be", kStorageLifecycleExamples);
  }

  void AddListAndShow() {
    list_ = Add(app_, "list", "List the backups", kListExamples);
    list_->add_option("SOURCE", list_source_, "Only backups of this source");
    show_ = Add(app_, "show", "Show one backup in full", kShowExamples);
    show_->add_option("BACKUP", show_options_.backup, "Beginning of an id, or latest")->required();
    show_->add_flag("--tables", show_options_.tables, "Each table of a logical backup too");
  }

  void AddVerify() {
    verify_ = Add(app_, "verify", "Check that the repository is whole", kVerifyExamples);
    verify_->add_option("BACKUP", verify_options_.backups, "Only these backups");
    data_ = verify_->add_option("--data", data_text_, "Read this share of the packs as well")
                ->type_name("PERCENT");
    seed_ = verify_->add_option("--seed", seed_text_, "Which sample: one number, one sample")
                ->type_name("N");
  }

  void AddExpireAndGc() {
    expire_ = Add(app_, "expire", "Let backups go", kExpireExamples);
    expire_->add_option("BACKUP", expire_options_.backups, "Beginning of an id")->required();
    expire_->add_flag("--dry-run", expire_options_.dry_run, "Change nothing");
    expire_->add_flag("--force", expire_options_.force,
                      "Even the newest complete backup of a source");
    expire_->add_option("--reason", expire_options_.reason, "Recorded with the expiry")
        ->type_name("TEXT");
    gc_ = Add(app_, "gc", "Delete what no backup needs", kGcExamples);
    gc_->add_flag("--dry-run", gc_options_.dry_run, "Change nothing");
    gc_->add_flag("--force", gc_options_.force, "Even if nearly everything would go");
    gc_->add_option("--abort-writer", gc_options_.abort_writers,
                    "Give up this unfinished backup (repeatable)")
        ->type_name("ID")
        ->allow_extra_args(false);
    expired_for_ = gc_->add_option("--expired-for", expired_for_text_,
                                   "Only backups that expired so long ago: 90m, 12h, 7d")
                       ->type_name("DURATION");
    gc_->add_option("--break-lease", gc_options_.break_lease,
                    "First take the repository from this holder, which is surely dead")
        ->type_name("ID");
  }

  void AddKey() {
    key_ = Add(app_, "key", "Keys and key slots", kKeyExamples);
    key_->require_subcommand(0, 1);
    key_list_ = Add(*key_, "list", "Show keys, signers and key slots",
                    "Example:\n  pgkeep key list --json");
    key_add_ = Add(*key_, "add", "Add a key slot, opened by a passphrase", kKeyAddExamples);
    key_add_
        ->add_option("--passphrase-file", key_add_options_.passphrase_file,
                     "File with the passphrase of the new slot")
        ->type_name("FILE")
        ->required();
    key_add_->add_option("--label", key_add_options_.label, "What to call the slot")
        ->type_name("TEXT");
    key_remove_ =
        Add(*key_, "remove", "Remove a key slot", "Example:\n  pgkeep key remove 0c1d2e3f");
    key_remove_->add_option("SLOT", key_remove_options_.slot, "Its eight digits")->required();
    key_rotate_ = Add(*key_, "rotate", "Make a new data key", kKeyRotateExamples);
    key_rotate_->add_flag("--signing-key", key_rotate_options_.signing_key,
                          "A new signing key too: the old host key may write no more");
    key_rotate_
        ->add_option("--passphrase-file", key_rotate_options_.passphrase_files,
                     "File with the passphrase of a key slot (repeatable)")
        ->type_name("FILE")
        ->allow_extra_args(false);
  }

  // The innermost command of the line, or the program itself.
  CLI::App* Innermost() {
    CLI::App* app = &app_;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    return app;
  }

  // True for what is only the beginning of commands.
  bool IsGroup(const CLI::App* app) const {
    return app == &app_ || app == key_ || app == config_ || app == storage_ ||
           app == storage_lifecycle_;
  }

  static std::vector<std::string> CommandNames(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands(nullptr)) {
      names.push_back(command->get_name());
    }
    return names;
  }

  std::vector<std::string> OptionNames() {
    std::vector<std::string> names;
    for (CLI::App* app = Innermost(); app != nullptr; app = app->get_parent()) {
      for (const CLI::Option* option : app->get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      }
    }
    return names;
  }

  static Error Unknown(std::string_view what, const std::string& word,
                       const std::vector<std::string>& known, const std::string& help) {
    const std::vector<std::string_view> views(known.begin(), known.end());
    const auto nearest = config::NearestName(word, views);
    return Err(ErrorCode::kInvalidArgument, "unknown {} '{}'", what, word)
        .WithHint(nearest ? fmt::format("did you mean '{}'?", *nearest)
                          : fmt::format("'{}' shows what there is", help));
  }

  std::string HelpCommand() {
    std::string path;
    for (CLI::App* app = Innermost(); app != nullptr; app = app->get_parent()) {
      if (!path.empty()) path.insert(0, " ");
      path.insert(0, app->get_name());
    }
    return path + " --help";
  }

  // A word that fits nowhere says more than what is missing because of it.
  Error Explain(const CLI::ParseError& error) {
    const std::vector<std::string> strangers = app_.remaining(true);
    if (!strangers.empty()) return ExplainStranger(strangers.front());
    std::string message = error.what();
    // BACKUP is a name, Could is not.
    if (message.size() > 1 && std::islower(static_cast<unsigned char>(message[1])) != 0) {
      message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
    }
    return Err(ErrorCode::kInvalidArgument, "{}", message)
        .WithHint(fmt::format("'{}' shows how it is used", HelpCommand()));
  }

  Error ExplainStranger(const std::string& word) {
    if (word.starts_with("-")) {
      return Unknown("option", word.substr(0, word.find('=')), OptionNames(), HelpCommand());
    }
    const CLI::App* const innermost = Innermost();
    if (IsGroup(innermost)) {
      return Unknown("command", word, CommandNames(*innermost), HelpCommand());
    }
    return Err(ErrorCode::kInvalidArgument, "'{}' is one word too many", word)
        .WithHint(fmt::format("'{}' shows how it is used", HelpCommand()));
  }

  // An empty value is a variable that is not set in somebody's script. Taken for an option that was
  // not given, it could mean another repository, or less work than was asked for.
  Status RefuseEmptyValues() {
    for (const CLI::App* app = Innermost(); app != nullptr; app = app->get_parent()) {
      for (const CLI::Option* option : app->get_options()) {
        if (std::ranges::find(option->results(), "") == option->results().end()) continue;
        return Err(ErrorCode::kInvalidArgument, "{} is empty", option->get_name())
            .WithHint("give it a value or leave it out; was a variable not set?");
      }
    }
    return Ok();
  }

  Status ReadNumbers() {
    if (*data_) {
      verify_options_.data_percent = ParseNumber<double>(data_text_);
      if (!verify_options_.data_percent || *verify_options_.data_percent > 100) {
        return Err(ErrorCode::kInvalidArgument, "--data {} is no percentage", data_text_)
            .WithHint("give a number from 0 to 100");
      }
    }
    if (*expired_for_) {
      const auto duration = ParseDuration(expired_for_text_);
      if (!duration) {
        return Err(ErrorCode::kInvalidArgument, "--expired-for {} is no duration",
                   expired_for_text_)
            .WithHint("give whole minutes, hours or days: 90m, 12h, 7d");
      }
      gc_options_.expired_for = *duration;
    }
    if (*seed_) {
      verify_options_.seed = ParseNumber<uint64_t>(seed_text_);
      if (!verify_options_.seed) {
        return Err(ErrorCode::kInvalidArgument, "--seed {} is no number", seed_text_)
            .WithHint("give a whole number from 0 to 18446744073709551615");
      }
    }
    return Ok();
  }

  Status ReadJobs() {
    const bool given = std::ranges::any_of(
        jobs_options_, [](const CLI::Option* option) { return option->count() > 0; });
    if (!given) return Ok();
    const auto jobs = ParseNumber<uint32_t>(jobs_text_);
    if (!jobs || *jobs == 0 || *jobs > config::kMaxJobs) {
      return Err(ErrorCode::kInvalidArgument, "--jobs {} is no number of jobs", jobs_text_)
          .WithHint(fmt::format("give a number from 1 to {}", config::kMaxJobs));
    }
    backup_options_.jobs = restore_options_.jobs = export_options_.jobs = *jobs;
    return Ok();
  }

  Status ReadHistory() {
    if (!*limit_) return Ok();
    const auto limit = ParseNumber<uint32_t>(limit_text_);
    if (!limit || *limit == 0 || *limit > kHistoryMax) {
      return Err(ErrorCode::kInvalidArgument, "--limit {} is no number of jobs", limit_text_)
          .WithHint(fmt::format("give a number from 1 to {}", kHistoryMax));
    }
    history_options_.limit = *limit;
    return Ok();
  }

  Status ReadRestore() {
    for (const CLI::Option* option : physical_options_) {
      if (option->count() == 0) continue;
      // get_name() says nothing for an option that is not shown.
      restore_options_.physical_option = "--" + option->get_lnames().front();
    }
    if (!restore_options_.physical_option.empty() || !restore_options_.target.empty()) return Ok();
    return Err(ErrorCode::kInvalidArgument, "restore needs --database")
        .WithHint("say where to: --database 'host=db.example dbname=app_copy' --create");
  }

  Result<std::variant<Invocation, HelpText>> Build() {
    const CLI::App* const chosen = Innermost();
    if (IsGroup(chosen)) {
      return Err(ErrorCode::kInvalidArgument, "there is no command")
          .WithHint(fmt::format("'{}' shows what there is", HelpCommand()));
    }
    PGK_TRY(RefuseEmptyValues());
    PGK_TRY(ReadNumbers());
    PGK_TRY(ReadJobs());
    PGK_TRY(ReadHistory());
    if (chosen == restore_) PGK_TRY(ReadRestore());
    if (chosen == export_ && export_options_.output.empty() && !export_options_.to_repository) {
      return Err(ErrorCode::kInvalidArgument, "--output is required")
          .WithHint("say what to make, or give --to-repository");
    }
    invocation_.command = CommandOf(chosen);
    return std::move(invocation_);
  }

  // REQUIRES: a command, not the beginning of some.
  Command CommandOf(const CLI::App* chosen) const {
    if (chosen == init_) return init_options_;
    if (chosen == check_) return check_options_;
    if (chosen == backup_) return backup_options_;
    if (chosen == history_) return history_options_;
    if (chosen == restore_) return restore_options_;
    if (chosen == export_) return export_options_;
    if (chosen == config_check_) return ConfigCheckCommand{};
    if (chosen == config_show_) return ConfigShowCommand{};
    if (chosen == storage_lifecycle_show_) return StorageLifecycleShowCommand{};
    if (chosen == storage_policy_) return storage_policy_options_;
    if (chosen == storage_lock_) return storage_lock_options_;
    if (chosen == storage_cost_) return StorageCostCommand{};
    if (chosen == storage_lifecycle_apply_) return StorageLifecycleApplyCommand{};
    if (chosen == storage_probe_) return storage_probe_options_;
    if (chosen == storage_exclusive_) return StorageExclusiveCommand();
    if (chosen == list_) {
      return ListCommand{list_source_.empty() ? std::nullopt : std::optional(list_source_)};
    }
    if (chosen == show_) return show_options_;
    if (chosen == verify_) return verify_options_;
    if (chosen == expire_) return expire_options_;
    if (chosen == gc_) return gc_options_;
    if (chosen == key_list_) return KeyListCommand{};
    if (chosen == key_add_) return key_add_options_;
    if (chosen == key_remove_) return key_remove_options_;
    return key_rotate_options_;
  }

  CLI::App app_;
  const std::shared_ptr<CLI::Formatter> formatter_ = std::make_shared<CLI::Formatter>();
  std::string global_help_;
  Invocation invocation_;
  InitCommand init_options_;
  CheckCommand check_options_;
  BackupCommand backup_options_;
  HistoryCommand history_options_;
  RestoreCommand restore_options_;
  ExportCommand export_options_;
  std::string jobs_text_;
  std::string limit_text_;
  std::string physical_value_;
  bool physical_flag_ = false;
  std::string list_source_;
  ShowCommand show_options_;
  VerifyCommand verify_options_;
  std::string data_text_;
  std::string seed_text_;
  std::string expired_for_text_;
  ExpireCommand expire_options_;
  GcCommand gc_options_;
  KeyAddCommand key_add_options_;
  KeyRemoveCommand key_remove_options_;
  KeyRotateCommand key_rotate_options_;
  StoragePolicyCommand storage_policy_options_;
  StorageLockCommand storage_lock_options_;
  StorageProbeCommand storage_probe_options_;
  // Owned by app_.
  CLI::App* init_ = nullptr;
  CLI::App* check_ = nullptr;
  CLI::App* backup_ = nullptr;
  CLI::App* history_ = nullptr;
  CLI::App* restore_ = nullptr;
  CLI::App* export_ = nullptr;
  CLI::App* config_ = nullptr;
  CLI::App* config_check_ = nullptr;
  CLI::App* config_show_ = nullptr;
  std::vector<CLI::Option*> jobs_options_;
  std::vector<CLI::Option*> physical_options_;
  CLI::Option* limit_ = nullptr;
  CLI::App* list_ = nullptr;
  CLI::App* show_ = nullptr;
  CLI::App* verify_ = nullptr;
  CLI::Option* data_ = nullptr;
  CLI::Option* seed_ = nullptr;
  CLI::App* expire_ = nullptr;
  CLI::App* gc_ = nullptr;
  CLI::Option* expired_for_ = nullptr;
  CLI::App* key_ = nullptr;
  CLI::App* key_list_ = nullptr;
  CLI::App* key_add_ = nullptr;
  CLI::App* key_remove_ = nullptr;
  CLI::App* key_rotate_ = nullptr;
  CLI::App* storage_ = nullptr;
  CLI::App* storage_lifecycle_ = nullptr;
  CLI::App* storage_lifecycle_show_ = nullptr;
  CLI::App* storage_lifecycle_apply_ = nullptr;
  CLI::App* storage_policy_ = nullptr;
  CLI::App* storage_lock_ = nullptr;
  CLI::App* storage_cost_ = nullptr;
  CLI::App* storage_probe_ = nullptr;
  CLI::App* storage_exclusive_ = nullptr;
};

}  // namespace

Result<std::variant<Invocation, HelpText>> ParseCommandLine(
    const std::vector<std::string>& arguments) {
  CommandLine line;
  return line.Parse(arguments);
}

}  // namespace pgkeep::cli
