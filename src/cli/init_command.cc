// pgkeep init. Keys, kit and (if there is a passphrase) the key slot are durable before the
// repository exists; the configuration comes last, since it names things that must be there.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_util.h"
#include "base/shell_word.h"
#include "cli/commands.h"
#include "cli/key_slots.h"
#include "cli/recovery_files.h"
#include "cli/repository_access.h"
#include "cli/store_address.h"
#include "config/configuration.h"
#include "repository/backup_list.h"
#include "repository/config_object.h"
#include "repository/config_store.h"
#include "repository/key_ring.h"
#include "repository/passphrase_wrap.h"
#include "storage/s3/probe.h"
#include "storage/store_util.h"

namespace pgkeep::cli {
namespace {

using repository::KeyMode;
using repository::NewRepository;

constexpr char kKeyName[] = "pgkeep.key";
constexpr char kHostKeyName[] = "pgkeep.host.key";
constexpr uint32_t kConfigurationMode = 0600;
constexpr uint32_t kDirectoryMode = 0700;

struct PlannedFile {
  std::string_view role;
  std::string path;
};

// What is to be made where. Empty: not made.
struct InitPlan {
  storage::StoreUrl url;
  KeyMode key_mode = KeyMode::kSimple;
  std::string configuration;
  std::string key_file;         // the full key
  std::string host_key_file;    // with split keys
  std::string passphrase_file;  // for a key slot in place of key files
  std::string kit;
  std::vector<config::NewSource> sources;

  // The key file that this machine works with; empty if it works with a passphrase.
  const std::string& UsedKey() const { return host_key_file.empty() ? key_file : host_key_file; }

  // What will be written, each with the name that users know it by.
  std::vector<PlannedFile> Files() const {
    std::vector<PlannedFile> files;
    for (const PlannedFile& file : {PlannedFile{"key file", key_file},
                                    {"host key file", host_key_file},
                                    {"recovery kit", kit},
                                    {"configuration", configuration}}) {
      if (!file.path.empty()) files.push_back(file);
    }
    return files;
  }
};

Result<storage::StoreUrl> UrlOf(const GlobalOptions& options, const Environment& environment) {
  if (options.repository.empty()) {
    return Err(ErrorCode::kInvalidArgument, "init needs --repository")
        .WithHint("for instance: pgkeep init --repository file:///var/lib/pgkeep/repository");
  }
  return AddressOf(options, environment);
}

std::string ConfigurationPath(const GlobalOptions& options, const Environment& environment) {
  if (options.config.empty()) return DefaultConfigurationPath(environment);
  return AbsolutePath(environment, options.config);
}

// "app=host=db.example dbname=app", each.
Result<std::vector<config::NewSource>> ParseSources(const std::vector<std::string>& words) {
  std::vector<config::NewSource> sources;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == word.size()) {
      return Err(ErrorCode::kInvalidArgument, "--source is not NAME=CONNINFO")
          .WithHint("for instance: --source 'app=host=db.example user=pgkeep dbname=app'");
    }
    config::NewSource source{word.substr(0, equals), word.substr(equals + 1)};
    if (std::ranges::find(sources, source.name, &config::NewSource::name) != sources.end()) {
      return Err(ErrorCode::kInvalidArgument, "two sources are called '{}'", source.name)
          .WithHint("give each a name of its own");
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

Result<InitPlan> PlanInit(const InitCommand& command, const CommandContext& context) {
  const GlobalOptions& options = context.options;
  const Environment& environment = context.environment;
  if (!options.key_file.empty() && !options.passphrase_file.empty()) {
    return Err(ErrorCode::kInvalidArgument, "--key-file and --passphrase-file exclude each other")
        .WithHint("a new key is either in a file, or in the repository behind a passphrase");
  }
  if (command.split && !options.passphrase_file.empty()) {
    return Err(ErrorCode::kInvalidArgument, "--split and --passphrase-file exclude each other")
        .WithHint("with --split the full key must not be in the repository; move its file away");
  }
  InitPlan plan;
  PGK_ASSIGN_OR_RETURN(plan.url, UrlOf(options, environment));
  PGK_ASSIGN_OR_RETURN(plan.sources, ParseSources(command.sources));
  plan.configuration = ConfigurationPath(options, environment);
  const std::string directory = ParentDirectory(plan.configuration);
  plan.kit = JoinPath(directory, kKitName);
  if (!options.passphrase_file.empty()) {
    plan.passphrase_file = AbsolutePath(environment, options.passphrase_file);
    return plan;
  }
  plan.key_file = options.key_file.empty() ? JoinPath(directory, kKeyName)
                                           : AbsolutePath(environment, options.key_file);
  if (command.split) {
    plan.key_mode = KeyMode::kSplit;
    plan.host_key_file = JoinPath(directory, kHostKeyName);
  }
  return plan;
}

// True for `path` itself and what lies below it. REQUIRES: canonical paths.
bool IsWithin(const std::string& path, const std::string& directory) {
  return path == directory || path.starts_with(directory == "/" ? "/" : directory + "/");
}

Result<std::string> PlaceOf(const std::string& path, FileSystem& files) {
  Result<std::string> place = CanonicalPath(files, path);
  if (place.ok()) return place;
  return std::move(place).error().WithHint("give a path on which there are directories only");
}

// Two names for one file would be one secret lost; a key in the repository goes wherever that goes,
// and what is no object does not belong there.
Status CheckPlaces(const InitPlan& plan, FileSystem& files) {
  // A bucket has no place among files.
  std::string repository;
  if (plan.url.kind == storage::StoreUrl::Kind::kDirectory) {
    PGK_ASSIGN_OR_RETURN(repository, PlaceOf(plan.url.path, files));
  }
  std::vector<PlannedFile> planned = plan.Files();
  if (!plan.passphrase_file.empty()) planned.push_back({"passphrase file", plan.passphrase_file});
  std::vector<PlannedFile> seen;
  for (const PlannedFile& file : planned) {
    PGK_ASSIGN_OR_RETURN(const std::string path, PlaceOf(file.path, files));
    if (!repository.empty() && IsWithin(path, repository)) {
      return Err(ErrorCode::kRefused, "the {} {} would be inside the repository {}", file.role,
                 file.path, plan.url.path)
          .WithHint("name a place outside of it, with --config or --key-file");
    }
    const auto same = std::ranges::find(seen, path, &PlannedFile::path);
    if (same != seen.end()) {
      return Err(ErrorCode::kInvalidArgument, "{} would be both the {} and the {}", file.path,
                 same->role, file.role)
          .WithHint("give each a name of its own");
    }
    seen.push_back({file.role, path});
  }
  return Ok();
}

// Makes the directories of the planned files, before anything else is made.
Status MakeDirectories(const InitPlan& plan, FileSystem& files) {
  for (const PlannedFile& file : plan.Files()) {
    const std::string directory = ParentDirectory(file.path);
    if (files.Stat(directory).ok()) continue;
    Status made = CreateDirectories(files, directory, kDirectoryMode);
    if (made.ok()) continue;
    return std::move(made).error().WithHint("make it yourself: mkdir -p " + ShellWord(directory));
  }
  return Ok();
}

// The command that makes a configuration, and nothing else, for a repository that is there.
std::string AttachCommand(const InitPlan& plan, const std::string& key_file) {
  const std::string keys = key_file.empty()
                               ? " --passphrase-file " + ShellWord(plan.passphrase_file)
                               : " --key-file " + ShellWord(key_file);
  return "pgkeep init --attach" + AddressOptions(plan.url) + keys + " --config " +
         ShellWord(plan.configuration);
}

// Whether the key in the file is the one of the repository, which then needs only a configuration.
bool IsKeyOfRepository(const std::string& key_file, const InitPlan& plan,
                       const Environment& environment) {
  const Result<repository::KeyFile> key = repository::LoadKeyFile(*environment.files, key_file);
  if (!key.ok()) return false;
  const auto store = OpenStore(plan.url, environment, false);
  if (!store.ok()) return false;
  const Result<repository::RepositoryId> id = repository::PeekRepository(**store);
  return id.ok() && *id == key->repository;
}

Status CheckAllAbsent(const InitPlan& plan, const Environment& environment) {
  FileSystem& files = *environment.files;
  PGK_TRY(CheckAbsent(files, plan.configuration));
  for (const PlannedFile& file : plan.Files()) {
    Status absent = CheckAbsent(files, file.path);
    if (absent.ok()) continue;
    if (!IsKeyOfRepository(file.path, plan, environment)) return absent;
    // An earlier try was cut off. With split keys the host key is the one to use here.
    const bool host = !plan.host_key_file.empty() && files.Stat(plan.host_key_file).ok();
    const std::string& key = host ? plan.host_key_file : file.path;
    return std::move(absent).error().WithHint(
        "it is the key of the repository that is there, of which only the configuration is "
        "missing: " +
        AttachCommand(plan, plan.key_file.empty() ? "" : key));
  }
  return Ok();
}

// Makes the keys of a new repository durable, before it exists.
class KeyKeeper {
 public:
  KeyKeeper(const InitPlan& plan, const Environment& environment,
            std::optional<SecretBytes> passphrase, storage::ObjectStore& store)
      : plan_(plan), environment_(environment), passphrase_(std::move(passphrase)), store_(store) {}

  Status Keep(const NewRepository& created) {
    std::optional<repository::WrappedBundle> wrapped;
    if (passphrase_) {
      PGK_ASSIGN_OR_RETURN(wrapped, repository::WrapBundle(created.keys, created.id, *passphrase_,
                                                           {}, *environment_.random));
    }
    began_ = true;
    if (!wrapped) {
      PGK_TRY(SaveKey(plan_.key_file, created.keys, created.id));
      if (!plan_.host_key_file.empty()) {
        PGK_TRY(SaveKey(plan_.host_key_file, created.keys.ToHostBundle(created.id), created.id));
      }
    }
    const KitContent content{plan_.url, created.id, created.keys, wrapped ? &*wrapped : nullptr};
    PGK_TRY(SaveKit(content, plan_.kit, environment_));
    return wrapped ? StoreSlot(created.id, *wrapped) : Ok();
  }

  // True as soon as a file may have been written.
  bool began() const { return began_; }
  std::optional<uint32_t> slot() const { return slot_; }

 private:
  Status SaveKey(const std::string& path, const repository::KeyBundle& bundle,
                 const repository::RepositoryId& id) {
    return repository::SaveKeyFile(*environment_.files, path, repository::FormatKeyFile(bundle, id),
                                   repository::KeyFileExists::kRefuse);
  }

  Status StoreSlot(const repository::RepositoryId& id, const repository::WrappedBundle& wrapped) {
    repository::RepositoryContext context;
    context.store = &store_;
    context.id = id;
    context.clock = environment_.clock;
    context.random = environment_.random;
    context.stop = environment_.stop;
    PGK_ASSIGN_OR_RETURN(slot_, StoreKeySlot(context, wrapped, "made by init"));
    return Ok();
  }

  const InitPlan& plan_;
  const Environment& environment_;
  const std::optional<SecretBytes> passphrase_;
  storage::ObjectStore& store_;
  bool began_ = false;
  std::optional<uint32_t> slot_;
};

Result<std::string> ConfigurationText(const InitPlan& plan) {
  config::RepositorySettings settings;
  settings.url = plan.url.ToString();
  settings.s3 = plan.url.s3;
  settings.key_file = plan.UsedKey();
  settings.passphrase_file = plan.passphrase_file;
  return config::FormatConfiguration(settings, plan.sources,
                                     config::DefaultCatalogUrl(plan.configuration));
}

Status WriteConfiguration(const InitPlan& plan, FileSystem& files) {
  PGK_ASSIGN_OR_RETURN(const std::string text, ConfigurationText(plan));
  return WriteFileDurably(files, plan.configuration, AsBytes(text), kConfigurationMode, false);
}

// The hint of a failure after which files are left that the next try would refuse to overwrite.
Error WithLeftFiles(Error error, const InitPlan& plan, FileSystem& files) {
  std::string left;
  for (const PlannedFile& file : plan.Files()) {
    if (files.StatNoFollow(file.path).ok()) left += (left.empty() ? "" : ", ") + file.path;
  }
  if (left.empty()) return error;
  std::string hint = error.hint();
  if (!hint.empty()) hint += "; ";
  return std::move(error).WithHint(hint +
                                   "no repository was made, so what this try has left is of "
                                   "no use: remove it before the next: " +
                                   left);
}

void ShowCreated(const InitPlan& plan, const repository::RepositoryId& id,
                 std::optional<uint32_t> slot, Console& console) {
  Json& json = console.document().Set("repository", Json::MakeObject());
  json.Set("id", id.Hex());
  json.Set("url", plan.url.ToString());
  json.Set("key_mode", plan.key_mode == KeyMode::kSplit ? "split" : "simple");
  Json& files = console.document().Set("files", Json::MakeObject());
  files.Set("configuration", plan.configuration);
  if (!plan.key_file.empty()) files.Set("key", plan.key_file);
  if (!plan.host_key_file.empty()) files.Set("host_key", plan.host_key_file);
  files.Set("recovery_kit", plan.kit);
  if (slot) console.document().Set("slot", SlotName(*slot));

  console.Print("created repository " + plan.url.ToString());
  console.Print("  id             " + id.Hex());
  console.Print("  configuration  " + plan.configuration);
  if (!plan.host_key_file.empty()) console.Print("  host key       " + plan.host_key_file);
  if (!plan.key_file.empty()) {
    console.Print((plan.host_key_file.empty() ? "  key            " : "  full key       ") +
                  plan.key_file);
  }
  if (slot) console.Print("  key slot       " + SlotName(*slot));
  console.Print("  recovery kit   " + plan.kit);
}

void ShowNextSteps(const InitPlan& plan, Console& console) {
  console.Note("");
  if (plan.key_mode == KeyMode::kSplit) {
    console.Note(
        "The configuration uses the host key, which can write, list and clean up backups but not "
        "read them.");
    console.Note("Move " + plan.key_file + " and " + plan.kit +
                 " to another machine now: as long as they are here, so is the right to read.");
  } else {
    console.Note(
        "This machine can read its backups, and so can whoever takes its files. With --split it "
        "could only write them.");
    console.Note("Copy " + plan.kit + " to a safe place off this machine now: without " +
                 (plan.passphrase_file.empty() ? "kit and key" : "the passphrase") +
                 " the backups are lost for good.");
  }
  const std::string config = " --config " + ShellWord(plan.configuration);
  if (plan.sources.empty()) {
    console.Note("Then: add a [source.app] with conninfo = \"host=... dbname=...\" to " +
                 plan.configuration);
    console.Note("      pgkeep check" + config);
    return;
  }
  console.Note("Then: pgkeep check" + config);
  console.Note("      pgkeep backup " + ShellWord(plan.sources.front().name) + config);
}

bool IsInBucket(const storage::StoreUrl& url) { return url.kind == storage::StoreUrl::Kind::kS3; }

// Opens the place of a new repository and finds out whether it creates conditionally. A bucket with
// versions is believed to do so only when races have shown it; the report is kept for later, and so
// nothing is tried out in a place that is taken.
Result<std::unique_ptr<storage::ObjectStore>> OpenPlace(const storage::StoreUrl& url,
                                                        const Environment& environment) {
  if (IsInBucket(url)) {
    PGK_ASSIGN_OR_RETURN(const auto untouched, OpenStore(url, environment, false));
    PGK_TRY(repository::CheckEmpty(*untouched, true));
  }
  PGK_ASSIGN_OR_RETURN(auto store, OpenStore(url, environment, true));
  const storage::StoreFeatures features = store->features();
  if (features.conditional_create || !features.has_versions) return store;
  const storage::S3StoreOptions bucket = storage::S3OptionsOf(StoreEnvironmentOf(environment), url);
  PGK_ASSIGN_OR_RETURN(const storage::ProbeReport report, storage::ProbeBucket(bucket));
  PGK_TRY(storage::KeepProbeReport(bucket, report));
  return OpenStore(url, environment, true);
}

Status CreateRepository(const InitPlan& plan, const CommandContext& context) {
  const Environment& environment = context.environment;
  // What cannot be written is told before anything is made.
  PGK_TRY(ConfigurationText(plan));
  PGK_TRY(CheckPlaces(plan, *environment.files));
  PGK_TRY(CheckAllAbsent(plan, environment));
  std::optional<SecretBytes> passphrase;
  if (!plan.passphrase_file.empty()) {
    PGK_ASSIGN_OR_RETURN(passphrase, ReadPassphrase(*environment.files, plan.passphrase_file));
  }
  PGK_TRY(MakeDirectories(plan, *environment.files));
  PGK_ASSIGN_OR_RETURN(const auto store, OpenPlace(plan.url, environment));
  PGK_TRY(storage::RequireOwnUser(*store));
  repository::InitOptions init;
  init.key_mode = plan.key_mode;
  init.in_bucket = IsInBucket(plan.url);
  init.mode = store->features().conditional_create ? repository::RepositoryMode::kConditionalCreate
                                                   : repository::RepositoryMode::kExclusive;
  if (environment.stop.stop_requested()) {
    return Err(ErrorCode::kCancelled, "stopped before a repository was made in {}",
               plan.url.ToString());
  }
  KeyKeeper keeper(plan, environment, std::move(passphrase), *store);
  const Result<NewRepository> created = repository::InitRepository(
      *store, OptionsFor(environment), init,
      [&keeper](const NewRepository& repository) { return keeper.Keep(repository); });
  if (!created.ok()) {
    if (!keeper.began()) return created.error();
    return WithLeftFiles(created.error(), plan, *environment.files);
  }
  Status configured = WriteConfiguration(plan, *environment.files);
  if (!configured.ok()) {
    return std::move(configured)
        .error()
        .WithContext("the repository was made, but not its configuration")
        .WithHint("mend that, then: " + AttachCommand(plan, plan.UsedKey()));
  }
  // So that a full disk can be cleaned up. The repository is good without.
  if (const Status kept = store->KeepReserve(); !kept.ok()) {
    context.console.Warn(kept.error().ToString());
  }
  ShowCreated(plan, created->id, keeper.slot(), context.console);
  if (init.mode == repository::RepositoryMode::kExclusive) {
    context.console.Note(
        "This store does not create objects on a condition, so one backup or clean-up works at a "
        "time (exclusive mode); who comes second ends with status 75.");
  }
  ShowNextSteps(plan, context.console);
  return Ok();
}

// Only a key that opens the repository gets into a configuration.
Status AttachRepository(const InitCommand& command, const CommandContext& context) {
  const Environment& environment = context.environment;
  const GlobalOptions& options = context.options;
  InitPlan plan;
  PGK_ASSIGN_OR_RETURN(plan.url, UrlOf(options, environment));
  PGK_ASSIGN_OR_RETURN(plan.sources, ParseSources(command.sources));
  plan.configuration = ConfigurationPath(options, environment);
  plan.key_file = AbsolutePath(environment, options.key_file);
  plan.passphrase_file = AbsolutePath(environment, options.passphrase_file);
  InitPlan written;
  written.url = plan.url;
  written.configuration = plan.configuration;
  PGK_TRY(ConfigurationText(plan));
  PGK_TRY(CheckPlaces(written, *environment.files));
  PGK_TRY(CheckAbsent(*environment.files, plan.configuration));
  const RepositoryLocation location{plan.url, {plan.key_file, plan.passphrase_file}, ""};
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, environment, KeyNeed::kRequired));
  PGK_ASSIGN_OR_RETURN(const auto backups, repository::ListBackups(opened->context()));
  PGK_TRY(MakeDirectories(written, *environment.files));
  PGK_TRY(CompleteConfig(*opened, environment, "init --attach"));
  PGK_TRY(WriteConfiguration(plan, *environment.files));

  const repository::KeyRing& ring = *opened->context().keys;
  Console& console = context.console;
  Json& json = console.document().Set("repository", Json::MakeObject());
  json.Set("id", ring.repository().Hex());
  json.Set("url", plan.url.ToString());
  json.Set("backups", uint64_t{backups.size()});
  console.document().Set("key_kind", repository::KeyKindName(ring.kind()));
  console.document().Set("configuration", plan.configuration);
  console.Print("attached to repository " + plan.url.ToString());
  console.Print("  id             " + ring.repository().Hex());
  console.Print("  configuration  " + plan.configuration);
  console.Print(fmt::format("  key            {} key {}, {}", repository::KeyKindName(ring.kind()),
                            ring.key_id(),
                            ring.can_read_data() ? "can read backups" : "cannot read backups"));
  console.Print(fmt::format("  backups        {}", backups.size()));
  return Ok();
}

}  // namespace

Status RunInit(const InitCommand& command, const CommandContext& context) {
  if (command.attach) {
    if (command.split) {
      return Err(ErrorCode::kInvalidArgument, "--attach and --split exclude each other")
          .WithHint("the keys of a repository that is there are split already, or not");
    }
    return AttachRepository(command, context);
  }
  PGK_ASSIGN_OR_RETURN(const InitPlan plan, PlanInit(command, context));
  return CreateRepository(plan, context);
}

}  // namespace pgkeep::cli
