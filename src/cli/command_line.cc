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
#include "config/nearest_name.h"

namespace pgkeep::cli {
namespace {

constexpr size_t kHelpColumn = 32;

constexpr char kExamples[] =
    "Examples:\n"
    "  pgkeep init --repository file:///srv/backups     a new repository, its keys, a "
    "configuration\n"
    "  pgkeep list                                      what is in it\n"
    "  pgkeep verify --data 5                           is it whole? reads 5 % of the packs\n"
    "  pgkeep expire 3fa91c04 && pgkeep gc              let a backup go\n"
    "  pgkeep COMMAND --help                            more examples\n"
    "\n"
    "Without a configuration, from an empty machine:\n"
    "  pgkeep list --repository file:///mnt/backups --key-file pgkeep-recovery-kit.txt\n"
    "\n"
    "The configuration is --config, $PGKEEP_CONFIG, ./pgkeep.toml or /etc/pgkeep/pgkeep.toml.\n"
    "Locks and copies that may be lost are in $PGKEEP_STATE_DIR, or else in /var/lib/pgkeep "
    "(root)\n"
    "or ~/.local/state/pgkeep.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 refused by a safety check,\n"
    "75 busy, try again, 130 interrupted.";

constexpr char kInitExamples[] =
    "Examples:\n"
    "  pgkeep init --repository file:///srv/backups\n"
    "      writes pgkeep.toml, pgkeep.key and pgkeep-recovery-kit.txt into this directory\n"
    "  pgkeep init --repository file:///srv/backups --config /etc/pgkeep/pgkeep.toml\n"
    "      writes all three into /etc/pgkeep\n"
    "  pgkeep init --repository file:///srv/backups --split\n"
    "      two keys: this machine can write backups, but only the full key reads them\n"
    "  pgkeep init --repository file:///srv/backups --passphrase-file /root/passphrase\n"
    "      no key file: the keys lie in the repository behind a passphrase\n"
    "  pgkeep init --attach --repository file:///srv/backups --key-file pgkeep-recovery-kit.txt\n"
    "      a configuration for a repository that is there";

constexpr char kListExamples[] =
    "Examples:\n"
    "  pgkeep list            all backups, newest first\n"
    "  pgkeep list app        those of the source app\n"
    "  pgkeep list --json     for programs";

constexpr char kShowExamples[] =
    "Examples:\n"
    "  pgkeep show latest\n"
    "  pgkeep show 3fa91c04   the beginning of an id is enough";

constexpr char kVerifyExamples[] =
    "Examples:\n"
    "  pgkeep verify                       everything that backups name is there and agrees\n"
    "  pgkeep verify --data 100            and every byte can be opened\n"
    "  pgkeep verify --data 5 --seed 7     a sample of 5 %, the same one each time\n"
    "  pgkeep verify latest --data 100     one backup only\n"
    "Exit status 0 only if nothing is damaged. Reading data needs the full key.";

constexpr char kExpireExamples[] =
    "Examples:\n"
    "  pgkeep expire 3fa91c04 --dry-run    says what would happen\n"
    "  pgkeep expire 3fa91c04 81d2 --reason 'older than a year'\n"
    "Nothing is deleted before 'pgkeep gc'. The newest complete backup of a source needs --force.";

constexpr char kGcExamples[] =
    "Examples:\n"
    "  pgkeep gc --dry-run                 what is not needed any more\n"
    "  pgkeep gc                           plans deletions, and deletes what an earlier run "
    "planned\n"
    "  pgkeep gc --abort-writer 3fa91c04   gives up a backup that was cut off\n"
    "  pgkeep gc --expired-for 7d          a week to notice an expiry that should not be\n"
    "Safe beside running backups; stops at the first doubt without deleting.";

constexpr char kKeyExamples[] =
    "Examples:\n"
    "  pgkeep key list\n"
    "  pgkeep key add --passphrase-file /root/passphrase --label office\n"
    "  pgkeep key remove 0c1d2e3f\n"
    "  pgkeep key rotate";

constexpr char kKeyAddExamples[] =
    "Example:\n"
    "  pgkeep key add --passphrase-file /root/passphrase --label office\n"
    "Whoever has the passphrase can then open the repository without a key file. A passphrase "
    "that\n"
    "unlocks the key file used here comes before the command: pgkeep --passphrase-file F key add "
    "...";

constexpr char kKeyRotateExamples[] =
    "Examples:\n"
    "  pgkeep key rotate\n"
    "  pgkeep key rotate --passphrase-file office.txt --passphrase-file safe.txt\n"
    "  pgkeep key rotate --signing-key     after a host was stolen or given up\n"
    "Writes a new data key into the key file, and a new recovery kit. Old backups stay readable\n"
    "with the new files. Key slots need their passphrases.";

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
    AddListAndShow();
    AddVerify();
    AddExpireAndGc();
    AddKey();
  }

  Result<std::variant<Invocation, HelpText>> Parse(const std::vector<std::string>& arguments) {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
      app_.parse(std::move(reversed));
    } catch (const CLI::CallForHelp&) {
      return HelpText{app_.help()};
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
  }

  void AddListAndShow() {
    list_ = Add(app_, "list", "List the backups", kListExamples);
    list_->add_option("SOURCE", list_source_, "Only backups of this source");
    show_ = Add(app_, "show", "Show one backup in full", kShowExamples);
    show_->add_option("BACKUP", show_options_.backup, "Beginning of an id, or latest")->required();
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
    if (innermost == &app_ || innermost == key_) {
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

  Result<std::variant<Invocation, HelpText>> Build() {
    const CLI::App* const chosen = Innermost();
    if (chosen == &app_ || chosen == key_) {
      return Err(ErrorCode::kInvalidArgument, "there is no command")
          .WithHint(fmt::format("'{}' shows what there is", HelpCommand()));
    }
    PGK_TRY(RefuseEmptyValues());
    PGK_TRY(ReadNumbers());
    Command& command = invocation_.command;
    if (chosen == init_) command = init_options_;
    if (chosen == list_) {
      command = ListCommand{list_source_.empty() ? std::nullopt : std::optional(list_source_)};
    }
    if (chosen == show_) command = show_options_;
    if (chosen == verify_) command = verify_options_;
    if (chosen == expire_) command = expire_options_;
    if (chosen == gc_) command = gc_options_;
    if (chosen == key_list_) command = KeyListCommand{};
    if (chosen == key_add_) command = key_add_options_;
    if (chosen == key_remove_) command = key_remove_options_;
    if (chosen == key_rotate_) command = key_rotate_options_;
    return std::move(invocation_);
  }

  CLI::App app_;
  const std::shared_ptr<CLI::Formatter> formatter_ = std::make_shared<CLI::Formatter>();
  std::string global_help_;
  Invocation invocation_;
  InitCommand init_options_;
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
  // Owned by app_.
  CLI::App* init_ = nullptr;
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
};

}  // namespace

Result<std::variant<Invocation, HelpText>> ParseCommandLine(
    const std::vector<std::string>& arguments) {
  CommandLine line;
  return line.Parse(arguments);
}

}  // namespace pgkeep::cli
