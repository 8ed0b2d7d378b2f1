// Finding the keys that open a repository: a key file, a recovery kit, or a passphrase and a key
// slot of the repository.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/secret.h"
#include "repository/ids.h"
#include "repository/key_bundle.h"
#include "repository/key_file.h"
#include "repository/key_slot.h"
#include "storage/object_store.h"

namespace pgkeep::cli {

// Files that hold keys or a passphrase. Empty: not given.
struct KeySource {
  std::string key_file;         // or a recovery kit
  std::string passphrase_file;  // opens the key file if that is locked, or else a key slot

  bool empty() const { return key_file.empty() && passphrase_file.empty(); }
};

// Keys, and where they came from. Move-only.
struct LoadedKeys {
  repository::RepositoryId repository;
  repository::KeyBundle bundle;
  std::optional<repository::KeyFile> file;  // as it was read; without, it was a key slot
  std::optional<uint32_t> slot;             // that was opened
  std::optional<SecretBytes> passphrase;    // if one was read
};

// A key slot in the store. The object is an error when it is damaged.
struct StoredSlot {
  uint32_t slot = 0;
  Result<repository::KeySlotObject> object;
};

// Reads a passphrase: the content of a file without one line break at its end. kRefused when others
// may read the file; kLimitExceeded when it is too long to be one.
Result<SecretBytes> ReadPassphrase(FileSystem& files, const std::string& path);

// All key slots, newest first; damaged ones last.
Result<std::vector<StoredSlot>> ListKeySlots(storage::ObjectStore& store,
                                             const repository::RepositoryId& id);

// Reads and unlocks the keys. The repository is looked at only where keys are taken from a slot:
//   kNotFound   it has no key slots, or no file has the name
//   kWrongKey   no slot opens with this passphrase
//   others      as LoadKeyFile, UnlockKeyFile, ReadPassphrase and the store
// REQUIRES: source is not empty.
Result<LoadedKeys> LoadKeys(FileSystem& files, storage::ObjectStore& store,
                            const KeySource& source);

// "0c1d2e3f", as keys of slots have it, and back. kInvalidArgument for other text.
std::string SlotName(uint32_t slot);
Result<uint32_t> ParseSlotName(const std::string& text);

}  // namespace pgkeep::cli
