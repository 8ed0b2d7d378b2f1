// Key files: the text form of a key bundle on disk, shared with recovery kits (keys.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"
#include "base/secret.h"
#include "repository/ids.h"
#include "repository/key_bundle.h"
#include "repository/key_text.h"
#include "repository/passphrase_wrap.h"

namespace pgkeep::repository {

// Where a repository is, as a recovery kit tells it. Never holds passwords of storage or databases.
struct RepositoryAddress {
  std::string url;          // empty in a plain key file
  std::string s3_endpoint;  // may be empty
  std::string s3_region;    // may be empty
  bool operator==(const RepositoryAddress&) const = default;
};

// A parsed key file or kit, possibly still locked. Move-only.
struct KeyFile {
  RepositoryId repository;
  std::variant<KeyBundle, WrappedBundle> keys;
  KeyKind kind = KeyKind::kFull;
  std::string key_id;
  RepositoryAddress address;   // kits only
  uint32_t format = 0;         // kits only: major version of the repository format
  std::string pgkeep_version;  // kits only: which version wrote it

  bool locked() const { return std::holds_alternative<WrappedBundle>(keys); }
};

// The lines that key files and kits have in common; for recovery_kit.cc.
void WriteKeyFields(KeyTextWriter& text, const KeyBundle& bundle, const RepositoryId& repository);
void WriteLockedKeyFields(KeyTextWriter& text, const WrappedBundle& wrapped, KeyKind kind,
                          std::string_view key_id, const RepositoryId& repository);

// The text of a key file. Secret, so that every copy of it is wiped.
SecretBytes FormatKeyFile(const KeyBundle& bundle, const RepositoryId& repository);

// The same with the bundle behind a passphrase; `kind` and `key_id` stay readable.
SecretBytes FormatLockedKeyFile(const WrappedBundle& wrapped, KeyKind kind, std::string_view key_id,
                                const RepositoryId& repository);

// Parses a key file or a kit. Errors name the line, never its value: kInvalidArgument for text that
// is no key file, kCorruption when a check value, the kind or the key id differs (a typing error),
// kUnsupportedVersion for a newer format, kLimitExceeded above kMaxKeyFileBytes; those of
// crypto::ValidateArgon2Params for a locked file.
Result<KeyFile> ParseKeyFile(ByteSpan text);

// The bundle of a file; asks for a passphrase only if it is locked. Errors: kRefused when it is
// locked and `passphrase` is null; else as UnwrapBundle, and kCorruption when the bundle is not of
// the kind or key id that the file states.
Result<KeyBundle> UnlockKeyFile(const KeyFile& file, const SecretBytes* passphrase);

// Reads and parses. A file with an unwrapped key must be private: any permission for others, or
// write permission for the group, is kRefused with the chmod that mends it. Read permission for the
// group (0640) is allowed, since that is how a service account gets the key of a file that root
// owns; locked files are not secret and not checked.
Result<KeyFile> LoadKeyFile(FileSystem& files, const std::string& path);

// What to do when the file is there already.
enum class KeyFileExists { kRefuse, kReplace };

// Writes text from one of the Format functions durably. kRefuse: a new file with mode 0600;
// kAlreadyExists, with a hint, leaves the old file untouched. kReplace: a file that is there, in
// one step (key rotation, where the new text holds the old keys too), so that a crash leaves the
// old or the new content. Symbolic links are followed, and owner, group and mode stay, so that
// whoever uses the key still can; kPermission, with nothing changed, where this process may not
// keep them.
Status SaveKeyFile(FileSystem& files, const std::string& path, const SecretBytes& text,
                   KeyFileExists exists);

}  // namespace pgkeep::repository
