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
#include "repository/config_store.h"
#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/object_names.h"
#include "repository/passphrase_wrap.h"
#include "repository/signer_set.h"

namespace pgkeep::cli {
namespace {

using repository::ConfigObject;
using repository::KeyBundle;
using repository::WrappedBundle;

// A slot that must hold the new key too, and the passphrase for that.
struct SlotToWrap {
  uint32_t slot = 0;
  std::string label;
  repository::KeyKind kind = repository::KeyKind::kFull;
  const SecretBytes* passphrase = nullptr;  // of the list it was found in
};

struct Rotation {
  const RepositoryLocation& location;
  const Environment& environment;
  const LoadedKeys& keys;
  const repository::RepositoryContext& context;
  const KeyBundle& bundle;  // with the new key
  uint64_t generation;      // of the next configuration
  bool new_signer;          // the bundle's signing key is not in the configuration yet
};

// What a rotation has written.
struct RotatedFiles {
  std::string kit;
  std::string host_key;  // empty: the old one stays good
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
    if (opened.ok()) {
      return SlotToWrap{slot.slot, slot.object->label, opened->kind(), &passphrase};
    }
    if (opened.error().code() != ErrorCode::kWrongKey) return opened.error();
  }
  return Err(ErrorCode::kRefused,
             "key slot {} ({}) could not open backups made after the rotation, since its "
             "passphrase is not given",
             SlotName(slot.slot), slot.object->label.empty() ? "no label" : slot.object->label)
      .WithHint("give it with --passphrase-file, or remove the slot with 'pgkeep key remove'");
}

bool IsListedSigner(const repository::RepositoryContext& context, const KeyBundle& bundle) {
  const auto ring = repository::KeyRing::FromBundle(bundle, context.id);
  PGK_CHECK(ring.ok(), "a bundle has keys of the right length");
  return repository::SignerSet(context.config->signers)
      .Find((*ring)->host_signing_key().public_key())
      .has_value();
}

// Keys of a rotation that was cut off are used; else there are new ones.
Result<KeyBundle> NextBundle(const OpenedRepository& opened, bool signing_key,
                             crypto::RandomSource& random) {
  if (opened.keys_are_outdated()) {
    return Err(ErrorCode::kRefused, "this key is older than the last rotation")
        .WithHint("rotate with the newest key file, or what was backed up since cannot be read");
  }
  const KeyBundle& bundle = opened.keys()->bundle;
  const repository::RepositoryContext& context = opened.context();
  const std::vector<crypto::BoxPublicKey> own = context.keys->data_public_keys();
  const auto& recipients = context.config->recipients;
  const bool new_signing_key = signing_key && IsListedSigner(context, bundle);
  if (std::ranges::find(recipients, own.back()) == recipients.end()) {
    return new_signing_key ? bundle.WithNewSigningSeed(random) : bundle.Clone();
  }
  if (own.size() >= repository::kMaxDataPrivateKeys ||
      (new_signing_key && context.config->signers.size() >= repository::kMaxSigners)) {
    return Err(ErrorCode::kLimitExceeded, "a repository has at most {} data keys and {} signers",
               repository::kMaxDataPrivateKeys, repository::kMaxSigners)
        .WithHint("begin a new repository");
  }
  return bundle.Rotated(random, new_signing_key);
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

// With split keys a new signing key is for the host as well. Returns the path of its new key file,
// which stands beside the full one to be carried there.
Result<std::string> KeepHostKey(const Rotation& rotation, const std::string& directory) {
  if (!rotation.new_signer || rotation.context.config->key_mode != repository::KeyMode::kSplit) {
    return std::string();
  }
  std::string path = JoinPath(directory, fmt::format("pgkeep.host.{}.key", rotation.generation));
  const KeyBundle host = rotation.bundle.ToHostBundle(rotation.context.id);
  FileSystem& files = *rotation.environment.files;
  if (HoldsKey(files, path, host, rotation.context.id)) return path;
  PGK_TRY(repository::SaveKeyFile(files, path, repository::FormatKeyFile(host, rotation.context.id),
                                  repository::KeyFileExists::kRefuse));
  return path;
}

// Replaces the key file, if there is one, and writes a kit with the new key.
Result<RotatedFiles> KeepKeys(const Rotation& rotation) {
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
  }
  RotatedFiles written;
  PGK_ASSIGN_OR_RETURN(written.host_key, KeepHostKey(rotation, directory));
  if (rotation.keys.file && !rotation.keys.file->address.url.empty()) {
    written.kit = key_file;
    return written;
  }
  std::optional<WrappedBundle> wrapped;
  if (rotation.keys.passphrase) {
    PGK_ASSIGN_OR_RETURN(
        wrapped, repository::WrapBundle(rotation.bundle, rotation.context.id,
                                        *rotation.keys.passphrase, {}, *rotation.context.random));
  }
  written.kit = JoinPath(directory, fmt::format("pgkeep-recovery-kit.{}.txt", rotation.generation));
  const KitContent content{rotation.location.url, rotation.context.id, rotation.bundle,
                           wrapped ? &*wrapped : nullptr};
  PGK_TRY(SaveKit(content, written.kit, rotation.environment));
  return written;
}

ConfigObject NextConfig(const Rotation& rotation) {
  ConfigObject config = *rotation.context.config;
  config.generation = rotation.generation;
  const auto ring = repository::KeyRing::FromBundle(rotation.bundle, rotation.context.id);
  PGK_CHECK(ring.ok(), "a rotated bundle has keys of the right length");
  // Only the new one: what is sealed to an old key too can be read by whoever took that.
  config.recipients = {(*ring)->data_public_keys().back()};
  if (rotation.new_signer) {
    config.signers = repository::SignerSet::WithOnlyActive(
        config.signers, (*ring)->host_signing_key().public_key());
  }
  return config;
}

// Steps that write, in the order that the head of this file explains.
Result<RotatedFiles> Rotate(const Rotation& rotation, const std::vector<SlotToWrap>& slots) {
  PGK_ASSIGN_OR_RETURN(RotatedFiles written, KeepKeys(rotation));
  for (const SlotToWrap& slot : slots) {
    // A slot that held a host key must not become one that reads.
    const KeyBundle bundle = slot.kind == repository::KeyKind::kHost
                                 ? rotation.bundle.ToHostBundle(rotation.context.id)
                                 : rotation.bundle.Clone();
    PGK_TRY(AddKeySlot(rotation.context, bundle, *slot.passphrase, slot.label));
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
  return written;
}

void ShowRotated(const Rotation& rotation, const RotatedFiles& written, size_t slots,
                 Console& console) {
  console.document().Set("generation", rotation.generation);
  console.document().Set("recovery_kit", written.kit);
  console.document().Set("slots_wrapped_anew", uint64_t{slots});
  console.document().Set("new_signing_key", rotation.new_signer);
  console.Print(fmt::format("new data key{}; the repository's configuration is number {} now",
                            rotation.new_signer ? " and signing key" : "", rotation.generation));
  if (rotation.keys.file) {
    console.Print(
        fmt::format("  key           {} (old and new keys)", rotation.location.keys.key_file));
  }
  if (!written.host_key.empty()) {
    console.document().Set("host_key", written.host_key);
    console.Print(fmt::format("  host key      {}", written.host_key));
  }
  console.Print(fmt::format("  recovery kit  {}", written.kit));
  if (!written.host_key.empty()) {
    console.Note(
        "Carry the new host key to the host, in place of the old one: that one may begin no backup "
        "any more.");
  }
  console.Note(
      "Keep copies of this where the old ones are: those do not open what is backed up from now "
      "on. "
      "What was backed up before can still be read by whoever has an old key.");
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
  PGK_TRY(repository::CheckConfigIsCurrent(opened->context()));
  const LoadedKeys& keys = *opened->keys();
  PGK_ASSIGN_OR_RETURN(const auto passphrases, ReadPassphrases(command, environment, keys));
  PGK_ASSIGN_OR_RETURN(const auto stored, ListKeySlots(opened->store(), opened->context().id));
  std::vector<SlotToWrap> slots;
  for (const StoredSlot& slot : stored) {
    PGK_ASSIGN_OR_RETURN(SlotToWrap matched, MatchSlot(slot, opened->context().id, passphrases));
    slots.push_back(std::move(matched));
  }
  PGK_ASSIGN_OR_RETURN(const KeyBundle bundle,
                       NextBundle(*opened, command.signing_key, *environment.random));
  PGK_ASSIGN_OR_RETURN(const ChangeRight right,
                       AcquireChangeRight(*opened, environment, "key rotate"));
  PGK_TRY(repository::CompleteConfig(right.context));
  const Rotation rotation{location,
                          environment,
                          keys,
                          right.context,
                          bundle,
                          right.context.newest_generation + 1,
                          !IsListedSigner(right.context, bundle)};
  PGK_ASSIGN_OR_RETURN(const RotatedFiles written, Rotate(rotation, slots));
  ShowRotated(rotation, written, slots.size(), context.console);
  return Ok();
}

}  // namespace pgkeep::cli
