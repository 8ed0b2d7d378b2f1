#include "cli/key_access.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "repository/config_object.h"
#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/object_names.h"
#include "repository/passphrase_wrap.h"
#include "repository/repository.h"

namespace pgkeep::cli {
namespace {

// As for key files: the group may read at most.
constexpr uint32_t kForbiddenModes = 0027;

// Whether these keys read what is backed up now: a slot may be older than the last rotation.
bool OpensNewestRecipient(const repository::KeyBundle& bundle, const repository::RepositoryId& id,
                          const repository::ConfigObject& config) {
  const auto ring = repository::KeyRing::FromBundle(bundle, id);
  if (!ring.ok()) return false;
  const std::vector<crypto::BoxPublicKey> keys = (*ring)->data_public_keys();
  return std::ranges::find(keys, config.recipients.back()) != keys.end();
}

Result<LoadedKeys> LoadFromSlot(storage::ObjectStore& store, SecretBytes passphrase) {
  PGK_ASSIGN_OR_RETURN(const repository::RepositoryId id, repository::PeekRepository(store));
  PGK_ASSIGN_OR_RETURN(const repository::ConfigObject config,
                       repository::ReadConfig(store, id, nullptr, {}, SystemClock(), {}));
  PGK_ASSIGN_OR_RETURN(const std::vector<StoredSlot> slots, ListKeySlots(store, id));
  if (slots.empty()) {
    return Err(ErrorCode::kNotFound, "{} has no key slot that a passphrase could open", store.Url())
        .WithHint("give its key file or recovery kit with --key-file");
  }
  std::optional<std::pair<uint32_t, repository::KeyBundle>> older;
  std::optional<Error> damage;
  for (const StoredSlot& slot : slots) {
    if (!slot.object.ok()) {
      if (!damage) damage = slot.object.error();
      continue;
    }
    Result<repository::KeyBundle> bundle =
        repository::UnwrapBundle(slot.object->wrapped, id, passphrase);
    if (!bundle.ok()) {
      if (bundle.error().code() != ErrorCode::kWrongKey) return std::move(bundle).error();
      continue;
    }
    if (OpensNewestRecipient(*bundle, id, config)) {
      return LoadedKeys{id, *std::move(bundle), std::nullopt, slot.slot, std::move(passphrase)};
    }
    if (!older) older.emplace(slot.slot, *std::move(bundle));
  }
  if (older) {
    return LoadedKeys{id, std::move(older->second), std::nullopt, older->first,
                      std::move(passphrase)};
  }
  if (damage) return *std::move(damage);
  return Err(ErrorCode::kWrongKey, "no key slot of {} opens with this passphrase", store.Url())
      .WithHint("check the passphrase file; 'pgkeep key list' shows the slots' labels");
}

// What to do about a key or passphrase file that could not be read; `otherwise` where it is not the
// right file.
std::string HintFor(const Error& error, const std::string& path, const std::string& otherwise) {
  switch (error.code()) {
    case ErrorCode::kPermission:
      return fmt::format(
          "run pgkeep as the owner of {}, or let this user's group read it (mode 640)", path);
    case ErrorCode::kIo:
      return fmt::format("check the path and the disk of {}", path);
    default:
      return otherwise;
  }
}

Result<LoadedKeys> LoadFromFile(FileSystem& files, const KeySource& source) {
  Result<repository::KeyFile> loaded = repository::LoadKeyFile(files, source.key_file);
  if (!loaded.ok()) {
    if (!loaded.error().hint().empty()) return std::move(loaded).error();
    std::string hint = HintFor(loaded.error(), source.key_file,
                               "give the key file that 'pgkeep init' wrote, or a recovery kit");
    return std::move(loaded).error().WithHint(std::move(hint));
  }
  repository::KeyFile file = *std::move(loaded);
  std::optional<SecretBytes> passphrase;
  if (file.locked() && !source.passphrase_file.empty()) {
    PGK_ASSIGN_OR_RETURN(passphrase, ReadPassphrase(files, source.passphrase_file));
  }
  PGK_ASSIGN_OR_RETURN(repository::KeyBundle bundle,
                       repository::UnlockKeyFile(file, passphrase ? &*passphrase : nullptr));
  const repository::RepositoryId id = file.repository;
  return LoadedKeys{id, std::move(bundle), std::move(file), std::nullopt, std::move(passphrase)};
}

}  // namespace

Result<SecretBytes> ReadPassphrase(FileSystem& files, const std::string& path) {
  const auto read = [&]() -> Result<SecretBytes> {
    PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.OpenRead(path));
    PGK_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
    if (info.type != FileInfo::Type::kFile) {
      return Err(ErrorCode::kInvalidArgument, "it is not a regular file");
    }
    if ((info.mode & kForbiddenModes) != 0) {
      return Err(ErrorCode::kRefused, "other users can read or change it (mode {:04o})", info.mode)
          .WithHint(fmt::format("run `chmod 600 {}`", path));
    }
    // One byte more than is allowed, and a line break.
    SecretBytes buffer(repository::kMaxPassphraseBytes + 2);
    PGK_ASSIGN_OR_RETURN(size_t size, file->ReadAt(0, buffer.ExposeMutable()));
    if (size > 0 && buffer.Expose()[size - 1] == '\n') --size;
    if (size > repository::kMaxPassphraseBytes) {
      return Err(ErrorCode::kLimitExceeded, "a passphrase has at most {} bytes",
                 repository::kMaxPassphraseBytes);
    }
    return SecretBytes(buffer.Expose().first(size));
  };
  Result<SecretBytes> passphrase = read();
  if (passphrase.ok()) return passphrase;
  Error error = std::move(passphrase).error().WithContext(fmt::format("passphrase file {}", path));
  if (!error.hint().empty()) return error;
  std::string hint =
      HintFor(error, path, "name a file that holds the passphrase on one line and nothing else");
  return std::move(error).WithHint(std::move(hint));
}

Result<std::vector<StoredSlot>> ListKeySlots(storage::ObjectStore& store,
                                             const repository::RepositoryId& id) {
  std::vector<uint32_t> numbers;
  PGK_TRY(storage::ListAll(
      store, repository::kKeySlotPrefix, [&](const storage::ObjectInfo& object) -> Status {
        const auto name = repository::ObjectName::Parse(object.key);
        if (name.ok() && name->kind == repository::ObjectName::Kind::kKeySlot) {
          numbers.push_back(static_cast<uint32_t>(name->number));
        }
        return Ok();
      }));
  std::vector<StoredSlot> slots;
  for (const uint32_t number : numbers) {
    const Result<Bytes> bytes =
        store.Get(repository::KeySlotKey(number), repository::kMaxKeySlotObjectBytes);
    if (!bytes.ok()) {
      if (bytes.error().code() == ErrorCode::kNotFound) continue;  // removed meanwhile
      return bytes.error();
    }
    slots.push_back({number, repository::DecodeKeySlot(*bytes, id, number)});
  }
  std::ranges::stable_sort(slots, [](const StoredSlot& a, const StoredSlot& b) {
    const auto created = [](const StoredSlot& slot) {
      return slot.object.ok() ? slot.object->created.value_or(Timestamp{}) : Timestamp::min();
    };
    return created(a) > created(b);
  });
  return slots;
}

Result<LoadedKeys> LoadKeys(FileSystem& files, storage::ObjectStore& store,
                            const KeySource& source) {
  PGK_CHECK(!source.empty(), "there is something to load keys from");
  if (!source.key_file.empty()) return LoadFromFile(files, source);
  PGK_ASSIGN_OR_RETURN(SecretBytes passphrase, ReadPassphrase(files, source.passphrase_file));
  return LoadFromSlot(store, std::move(passphrase));
}

std::string SlotName(uint32_t slot) { return fmt::format("{:08x}", slot); }

Result<uint32_t> ParseSlotName(const std::string& text) {
  const auto name = repository::ObjectName::Parse(std::string(repository::kKeySlotPrefix) + text);
  if (name.ok() && name->kind == repository::ObjectName::Kind::kKeySlot) {
    return static_cast<uint32_t>(name->number);
  }
  return Err(ErrorCode::kInvalidArgument, "'{}' names no key slot", text)
      .WithHint("give the eight digits that 'pgkeep key list' shows");
}

}  // namespace pgkeep::cli
