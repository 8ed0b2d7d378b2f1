// pgkeep key rotate. The order is what makes it safe to be cut off anywhere: first every place that
// keeps keys gets the old and the new ones, then the repository names the new one, then the slots
// that lack it go. A rotation that was cut off before the repository knew of its key is finished by
// the next one with that same key.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file_util.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/key_slots.h"
#include "cli/recovery_files.h"
#include "cli/repository_access.h"
#include "repository/config_object.h"
#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/object_names.h"
#include "repository/passphrase_wrap.h"

namespace pgkeep::cli {
namespace {

using repository::ConfigObject;
using repository::KeyBundle;
using repository::WrappedBundle;

// A slot that must hold the new key too, and the passphrase for that.
struct SlotToWrap {
  uint32_t slot = 0;
  std::string label;
  const SecretBytes* passphrase = nullptr;  // of the list it was found in
};

struct Rotation {
  const RepositoryLocation& location;
  const Environment& environment;
  const LoadedKeys& keys;
  const repository::RepositoryContext& context;
  const KeyBundle& bundle;  // with the new key
  uint64_t generation;      // of the next configuration
};

Result<std::vector<SecretBytes>> ReadPassphrases(const KeyRotateCommand& command,
                                                 const Environment& environment,
                                                 const LoadedKeys& keys) {
  std::vector<SecretBytes> passphrases;
  if (keys.passphrase) passphrases.push_back(keys.passphrase->Clone());
  for (const std::string& path : command.passphrase_files) {
    PGK_ASSIGN_OR_RETURN(SecretBytes passphrase,
                         ReadPassphrase(*environment.files, AbsolutePath(environment, path)));
    passphrases.push_back(std::move(passphrase));
  }
  return passphrases;
}

// Which passphrase opens the slot. kRefused if none does.
Result<SlotToWrap> MatchSlot(const StoredSlot& slot, const repository::RepositoryId& id,
                             const std::vector<SecretBytes>& passphrases) {
  if (!slot.object.ok()) {
    return Error(slot.object.error()).WithHint("remove it with 'pgkeep key remove' first");
  }
  for (const SecretBytes& passphrase : passphrases) {
    const auto opened = repository::UnwrapBundle(slot.object->wrapped, id, passphrase);
    if (opened.ok()) return SlotToWrap{slot.slot, slot.object->label, &passphrase};
    if (opened.error().code() != ErrorCode::kWrongKey) return opened.error();
  }
  return Err(ErrorCode::kRefused,
             "key slot {} ({}) could not open backups made after the rotation, since its "
             "passphrase is not given",
             SlotName(slot.slot), slot.object->label.empty() ? "no label" : slot.object->label)
      .WithHint("give it with --passphrase-file, or remove the slot with 'pgkeep key remove'");
}

// A key of a rotation that was cut off is used; else there is a new one.
Result<KeyBundle> NextBundle(const OpenedRepository& opened, crypto::RandomSource& random) {
  const KeyBundle& bundle = opened.keys()->bundle;
  const std::vector<crypto::BoxPublicKey> own = opened.context().keys->data_public_keys();
  const auto& recipients = opened.context().config->recipients;
  if (std::ranges::find(recipients, own.back()) == recipients.end() &&
      !opened.keys_are_outdated()) {
    return bundle.Clone();
  }
  if (opened.keys_are_outdated()) {
    return Err(ErrorCode::kRefused, "this key is older than the last rotation")
        .WithHint("rotate with the newest key file, or what was backed up since cannot be read");
  }
  if (own.size() >= repository::kMaxDataPrivateKeys) {
    return Err(ErrorCode::kLimitExceeded, "a key file holds at most {} data keys",
               repository::kMaxDataPrivateKeys)
        .WithHint("begin a new repository");
  }
  return bundle.Rotated(random, false);
}

// The text that replaces the key file: of the same form as it was.
Result<SecretBytes> FormatSame(const Rotation& rotation) {
  const repository::KeyFile& file = *rotation.keys.file;
  const std::string& path = rotation.location.keys.key_file;
  std::optional<WrappedBundle> wrapped;
  if (file.locked()) {
    PGK_ASSIGN_OR_RETURN(
        wrapped, repository::WrapBundle(rotation.bundle, rotation.context.id,
                                        *rotation.keys.passphrase, {}, *rotation.context.random));
  }
  if (!file.address.url.empty()) {
    const KitContent content{rotation.location.url, rotation.context.id, rotation.bundle,
                             wrapped ? &*wrapped : nullptr};
    return FormatKit(content, FileName(path), rotation.environment);
  }
  if (!wrapped) return repository::FormatKeyFile(rotation.bundle, rotation.context.id);
  const std::string key_id = repository::ComputeKeyId(rotation.bundle, rotation.context.id);
  return repository::FormatLockedKeyFile(*wrapped, repository::KeyKind::kFull, key_id,
                                         rotation.context.id);
}

// Replaces the key file, if there is one, and writes a kit with the new key. Returns the kit's
// path.
Result<std::string> KeepKeys(const Rotation& rotation) {
  const std::string& key_file = rotation.location.keys.key_file;
  FileSystem& files = *rotation.environment.files;
  std::string directory = rotation.environment.current_directory;
  if (!rotation.location.configuration.empty()) {
    directory = ParentDirectory(rotation.location.configuration);
  }
  if (rotation.keys.file) {
    directory = ParentDirectory(key_file);
    PGK_ASSIGN_OR_RETURN(const SecretBytes text, FormatSame(rotation));
    PGK_TRY(repository::SaveKeyFile(files, key_file, text, repository::KeyFileExists::kReplace));
    if (!rotation.keys.file->address.url.empty()) return key_file;
  }
  std::optional<WrappedBundle> wrapped;
  if (rotation.keys.passphrase) {
    PGK_ASSIGN_OR_RETURN(
        wrapped, repository::WrapBundle(rotation.bundle, rotation.context.id,
                                        *rotation.keys.passphrase, {}, *rotation.context.random));
  }
  const std::string kit =
      JoinPath(directory, fmt::format("pgkeep-recovery-kit.{}.txt", rotation.generation));
  const KitContent content{rotation.location.url, rotation.context.id, rotation.bundle,
                           wrapped ? &*wrapped : nullptr};
  PGK_TRY(SaveKit(content, kit, rotation.environment));
  return kit;
}

ConfigObject NextConfig(const Rotation& rotation) {
  ConfigObject config = *rotation.context.config;
  config.generation = rotation.generation;
  const auto ring = repository::KeyRing::FromBundle(rotation.bundle, rotation.context.id);
  PGK_CHECK(ring.ok(), "a rotated bundle has keys of the right length");
  // Only the new one: what is sealed to an old key too can be read by whoever took that.
  config.recipients = {(*ring)->data_public_keys().back()};
  return config;
}

// Steps that write, in the order that the head of this file explains.
Result<std::string> Rotate(const Rotation& rotation, const std::vector<SlotToWrap>& slots) {
  PGK_ASSIGN_OR_RETURN(std::string kit, KeepKeys(rotation));
  for (const SlotToWrap& slot : slots) {
    PGK_TRY(AddKeySlot(rotation.context, rotation.bundle, *slot.passphrase, slot.label));
  }
  PGK_TRY_CONTEXT("the old key stays in use",
                  repository::WriteConfig(rotation.context, NextConfig(rotation)));
  for (const SlotToWrap& slot : slots) {
    const Status removed = rotation.context.store->Delete(repository::KeySlotKey(slot.slot));
    if (!removed.ok()) {
      Log(LogLevel::kWarning, "key", "the old key slot {} is left: {}", SlotName(slot.slot),
          removed.error().ToString());
    }
  }
  return kit;
}

// Two rotations at once would each replace the key file, and one of the new keys would be lost. The
// directory itself is locked: a lock file would stay, and be in the way of the next user.
Result<std::unique_ptr<FileLock>> LockKeyFile(const RepositoryLocation& location,
                                              const Environment& environment) {
  const std::string& key_file = location.keys.key_file;
  if (key_file.empty()) return nullptr;
  Result<std::string> resolved = environment.files->Resolve(key_file);
  // Opening it says what is wrong with it.
  if (!resolved.ok()) return nullptr;
  const std::string directory = ParentDirectory(*resolved);
  auto lock = environment.files->TryLock(directory);
  if (lock.ok()) return lock;
  if (lock.error().code() == ErrorCode::kBusy) {
    return Err(ErrorCode::kBusy, "another process is rotating the key {}", key_file)
        .WithHint("wait until it is done");
  }
  return std::move(lock).error().WithHint(
      fmt::format("run it where {} is on a local disk, as a user who may read it", directory));
}

}  // namespace

Status RunKeyRotate(const KeyRotateCommand& command, const CommandContext& context) {
  const Environment& environment = context.environment;
  PGK_ASSIGN_OR_RETURN(RepositoryLocation location, FindRepository(context.options, environment));
  if (location.keys.passphrase_file.empty() && !command.passphrase_files.empty()) {
    // Given after the command, it may as well be for the key file.
    location.keys.passphrase_file = AbsolutePath(environment, command.passphrase_files.front());
  }
  PGK_ASSIGN_OR_RETURN(const auto lock, LockKeyFile(location, environment));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, environment, KeyNeed::kRequired));
  PGK_TRY(opened->context().keys->RequireReadData("rotating keys"));
  const LoadedKeys& keys = *opened->keys();
  PGK_ASSIGN_OR_RETURN(const auto passphrases, ReadPassphrases(command, environment, keys));
  PGK_ASSIGN_OR_RETURN(const auto stored, ListKeySlots(opened->store(), opened->context().id));
  std::vector<SlotToWrap> slots;
  for (const StoredSlot& slot : stored) {
    PGK_ASSIGN_OR_RETURN(SlotToWrap matched, MatchSlot(slot, opened->context().id, passphrases));
    slots.push_back(std::move(matched));
  }
  PGK_ASSIGN_OR_RETURN(const KeyBundle bundle, NextBundle(*opened, *environment.random));
  PGK_ASSIGN_OR_RETURN(const ChangeRight right,
                       AcquireChangeRight(*opened, environment, "key rotate"));
  const Rotation rotation{location,      environment, keys,
                          right.context, bundle,      opened->context().config->generation + 1};
  PGK_ASSIGN_OR_RETURN(const std::string kit, Rotate(rotation, slots));

  Console& console = context.console;
  console.document().Set("generation", rotation.generation);
  console.document().Set("recovery_kit", kit);
  console.document().Set("slots_wrapped_anew", uint64_t{slots.size()});
  console.Print(fmt::format("new data key; the repository's configuration is number {} now",
                            rotation.generation));
  if (keys.file)
    console.Print(fmt::format("  key           {} (old and new keys)", location.keys.key_file));
  console.Print(fmt::format("  recovery kit  {}", kit));
  console.Note(
      "Keep copies of this where the old ones are: those do not open what is backed up from now "
      "on. "
      "What was backed up before can still be read by whoever has an old key.");
  return Ok();
}

}  // namespace pgkeep::cli
