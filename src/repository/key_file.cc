#include "repository/key_file.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/file_util.h"
#include "base/hex.h"
#include "repository/limits.h"

namespace pgkeep::repository {
namespace {

constexpr size_t kKeyIdDigits = 16;
constexpr uint32_t kPrivateMode = 0600;
constexpr uint32_t kForbiddenModes = 0027;  // group may not write, others may do nothing

Result<KeyKind> ParseKind(std::string_view text) {
  for (const KeyKind kind : {KeyKind::kFull, KeyKind::kHost}) {
    if (text == KeyKindName(kind)) return kind;
  }
  return Err(ErrorCode::kInvalidArgument, "the value of 'kind:' is neither full nor host");
}

Result<uint64_t> ParseDecimal(const KeyText& text, std::string_view name, uint64_t max) {
  PGK_ASSIGN_OR_RETURN(const std::string_view value, text.Require(name));
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number > max) {
    return Err(ErrorCode::kInvalidArgument, "the value of '{}:' is not a number in range", name);
  }
  return number;
}

// The id in the text must be that of the key, or the text was put together from two.
Status CheckIdentity(const KeyBundle& bundle, const KeyFile& file) {
  if (bundle.kind() == file.kind && ComputeKeyId(bundle, file.repository) == file.key_id) {
    return Ok();
  }
  return Err(ErrorCode::kCorruption,
             "the key does not belong to the kind, key id or repository id beside it")
      .WithHint("use an unchanged copy of the key file");
}

Result<KeyBundle> ParseOpenKey(const KeyText& text, const KeyFile& file) {
  PGK_ASSIGN_OR_RETURN(const SecretBytes bytes, text.RequireChecked("key"));
  PGK_ASSIGN_OR_RETURN(KeyBundle bundle, KeyBundle::Decode(bytes.Expose()));
  PGK_TRY(CheckIdentity(bundle, file));
  return bundle;
}

Result<WrappedBundle> ParseWrappedKey(const KeyText& text) {
  WrappedBundle wrapped;
  PGK_ASSIGN_OR_RETURN(const SecretBytes bytes, text.RequireChecked("wrapped-key"));
  if (bytes.size() > kMaxWrappedBundleBytes) {
    return Err(ErrorCode::kInvalidArgument, "the wrapped key is too long");
  }
  wrapped.wrapped = ToBytes(bytes.Expose());
  PGK_ASSIGN_OR_RETURN(wrapped.params.memory_bytes,
                       ParseDecimal(text, "argon2-memory", UINT64_MAX));
  PGK_ASSIGN_OR_RETURN(const uint64_t passes, ParseDecimal(text, "argon2-passes", UINT32_MAX));
  wrapped.params.passes = static_cast<uint32_t>(passes);
  PGK_TRY(crypto::ValidateArgon2Params(wrapped.params));
  PGK_ASSIGN_OR_RETURN(const std::string_view salt_text, text.Require("salt"));
  PGK_ASSIGN_OR_RETURN(const Bytes salt, HexDecode(salt_text));
  if (salt.size() != wrapped.salt.size()) {
    return Err(ErrorCode::kInvalidArgument, "the value of 'salt:' has a wrong length");
  }
  std::ranges::copy(salt, wrapped.salt.begin());
  return wrapped;
}

Status ParseKitFields(const KeyText& text, KeyFile& file) {
  file.address.url = text.Find("repository").value_or("");
  file.address.s3_endpoint = text.Find("s3-endpoint").value_or("");
  file.address.s3_region = text.Find("s3-region").value_or("");
  file.pgkeep_version = text.Find("pgkeep-version").value_or("");
  if (!text.Find("format")) return Ok();
  PGK_ASSIGN_OR_RETURN(const uint64_t format, ParseDecimal(text, "format", UINT32_MAX));
  file.format = static_cast<uint32_t>(format);
  if (file.format <= kFormatMajor) return Ok();
  return Err(ErrorCode::kUnsupportedVersion,
             "the repository was written by a newer pgkeep: format {}, this one reads up to {}",
             file.format, kFormatMajor)
      .WithHint("upgrade pgkeep on this machine");
}

void WriteHead(KeyTextWriter& text, KeyKind kind, std::string_view key_id,
               const RepositoryId& repository) {
  text.Field("pgkeep-key", "1");
  text.Field("kind", KeyKindName(kind));
  text.Field("repository-id", repository.Hex());
  text.Field("key-id", key_id);
}

void WriteKeyFileComment(KeyTextWriter& text, KeyKind kind, bool locked) {
  text.Comment(kind == KeyKind::kFull
                   ? "pgkeep full key: reads and writes all backups of this repository."
                   : "pgkeep host key: backs up and cleans up, but cannot read backed-up data.");
  text.Comment(locked
                   ? "It is protected by a passphrase. Without it and the passphrase, backups are"
                   : "Keep it secret, and keep a second copy elsewhere. Without it, backups are");
  text.Comment("lost for good.");
}

// Reads into memory that is wiped, from the handle whose mode was checked.
Result<SecretBytes> ReadSecret(File& file) {
  SecretBytes buffer(kMaxKeyFileBytes + 1);
  PGK_ASSIGN_OR_RETURN(const size_t size, file.ReadAt(0, buffer.ExposeMutable()));
  if (size > kMaxKeyFileBytes) {
    return Err(ErrorCode::kLimitExceeded, "a key file has at most {} bytes", kMaxKeyFileBytes);
  }
  return SecretBytes(buffer.Expose().first(size));
}

Status CheckMode(const KeyFile& key, uint32_t mode, const std::string& path) {
  if (key.locked() || (mode & kForbiddenModes) == 0) return Ok();
  return Err(ErrorCode::kRefused, "the key can be read or changed by other users (mode {:04o})",
             mode)
      .WithHint(
          fmt::format("run `chmod 600 {}`, or 640 for a key that a service account reads", path));
}

}  // namespace

void WriteKeyFields(KeyTextWriter& text, const KeyBundle& bundle, const RepositoryId& repository) {
  WriteHead(text, bundle.kind(), ComputeKeyId(bundle, repository), repository);
  text.CheckedField("key", bundle.Encode().Expose());
}

void WriteLockedKeyFields(KeyTextWriter& text, const WrappedBundle& wrapped, KeyKind kind,
                          std::string_view key_id, const RepositoryId& repository) {
  WriteHead(text, kind, key_id, repository);
  text.Field("argon2-memory", fmt::format("{}", wrapped.params.memory_bytes));
  text.Field("argon2-passes", fmt::format("{}", wrapped.params.passes));
  text.Field("salt", HexEncode(wrapped.salt));
  text.CheckedField("wrapped-key", wrapped.wrapped);
}

SecretBytes FormatKeyFile(const KeyBundle& bundle, const RepositoryId& repository) {
  KeyTextWriter text;
  WriteKeyFileComment(text, bundle.kind(), false);
  WriteKeyFields(text, bundle, repository);
  return text.Finish();
}

SecretBytes FormatLockedKeyFile(const WrappedBundle& wrapped, KeyKind kind, std::string_view key_id,
                                const RepositoryId& repository) {
  KeyTextWriter text;
  WriteKeyFileComment(text, kind, true);
  WriteLockedKeyFields(text, wrapped, kind, key_id, repository);
  return text.Finish();
}

Result<KeyFile> ParseKeyFile(ByteSpan text) {
  PGK_ASSIGN_OR_RETURN(const KeyText lines, KeyText::Parse(text));
  KeyFile file{.repository = {},
               .keys = WrappedBundle{},
               .kind = {},
               .key_id = {},
               .address = {},
               .format = 0,
               .pgkeep_version = {}};
  PGK_TRY(ParseKitFields(lines, file));
  PGK_ASSIGN_OR_RETURN(const std::string_view kind, lines.Require("kind"));
  PGK_ASSIGN_OR_RETURN(file.kind, ParseKind(kind));
  PGK_ASSIGN_OR_RETURN(const std::string_view repository, lines.Require("repository-id"));
  const Result<RepositoryId> id = RepositoryId::FromHex(repository);
  if (!id) return Error(id.error()).WithContext("the value of 'repository-id:'");
  file.repository = *id;
  PGK_ASSIGN_OR_RETURN(const std::string_view key_id, lines.Require("key-id"));
  if (key_id.size() != kKeyIdDigits || !HexDecode(key_id)) {
    return Err(ErrorCode::kInvalidArgument, "the value of 'key-id:' has not 16 digits");
  }
  file.key_id = key_id;
  const bool open = lines.Find("key").has_value();
  if (open && lines.Find("wrapped-key")) {
    return Err(ErrorCode::kInvalidArgument, "there are both a 'key:' and a 'wrapped-key:'");
  }
  if (open) {
    PGK_ASSIGN_OR_RETURN(file.keys, ParseOpenKey(lines, file));
  } else {
    PGK_ASSIGN_OR_RETURN(file.keys, ParseWrappedKey(lines));
  }
  return file;
}

Result<KeyBundle> UnlockKeyFile(const KeyFile& file, const SecretBytes* passphrase) {
  if (const KeyBundle* bundle = std::get_if<KeyBundle>(&file.keys)) return bundle->Clone();
  if (passphrase == nullptr) {
    return Err(ErrorCode::kRefused, "the key {} is protected by a passphrase", file.key_id)
        .WithHint("pass it with --passphrase-file");
  }
  PGK_ASSIGN_OR_RETURN(KeyBundle bundle, UnwrapBundle(std::get<WrappedBundle>(file.keys),
                                                      file.repository, *passphrase));
  PGK_TRY(CheckIdentity(bundle, file));
  return bundle;
}

Result<KeyFile> LoadKeyFile(FileSystem& files, const std::string& path) {
  const auto load = [&]() -> Result<KeyFile> {
    PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.OpenRead(path));
    PGK_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
    if (info.type != FileInfo::Type::kFile) {
      return Err(ErrorCode::kInvalidArgument, "it is not a regular file");
    }
    PGK_ASSIGN_OR_RETURN(const SecretBytes text, ReadSecret(*file));
    PGK_ASSIGN_OR_RETURN(KeyFile key, ParseKeyFile(text.Expose()));
    PGK_TRY(CheckMode(key, info.mode, path));
    return key;
  };
  Result<KeyFile> key = load();
  if (!key) return std::move(key).error().WithContext(fmt::format("key file {}", path));
  return key;
}

Status SaveKeyFile(FileSystem& files, const std::string& path, const SecretBytes& text,
                   KeyFileExists exists) {
  if (exists == KeyFileExists::kReplace) {
    Status replaced = ReplaceFileDurably(files, path, text.Expose());
    if (replaced.ok() || replaced.error().code() != ErrorCode::kPermission) return replaced;
    return std::move(replaced).error().WithHint(
        fmt::format("run it as the owner of {}, who must be able to write beside it", path));
  }
  const Status saved = WriteFileDurably(files, path, text.Expose(), kPrivateMode, false);
  if (saved.ok() || saved.error().code() != ErrorCode::kAlreadyExists) return saved;
  return Err(ErrorCode::kAlreadyExists, "the key file {} exists already", path)
      .WithHint(
          "it may be the only key of another repository: choose another name, or move it away");
}

}  // namespace pgkeep::repository
