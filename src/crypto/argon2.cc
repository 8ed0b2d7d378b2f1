#include <sodium.h>

#include "base/error.h"
#include "crypto/kdf.h"
#include "crypto/library.h"

namespace pgkeep::crypto {
namespace {

static_assert(crypto_pwhash_SALTBYTES == kArgon2SaltBytes);
static_assert(crypto_pwhash_argon2id_BYTES_MIN <= kArgon2OutputBytesMin);

constexpr uint64_t kMiB = uint64_t{1} << 20;

}  // namespace

Status ValidateArgon2Params(const Argon2Params& params) {
  if (params.lanes != 1) {
    return Err(ErrorCode::kUnsupported, "argon2id with {} lanes", params.lanes)
        .WithHint("use a key slot that was made with one lane");
  }
  if (params.memory_bytes < kArgon2MemoryBytesMin || params.passes < 1) {
    return Err(ErrorCode::kInvalidArgument,
               "argon2id with {} bytes of memory and {} passes is too cheap to protect a "
               "passphrase",
               params.memory_bytes, params.passes)
        .WithHint(fmt::format("use at least {} MiB and one pass", kArgon2MemoryBytesMin / kMiB));
  }
  if (params.memory_bytes % 1024 != 0) {
    return Err(ErrorCode::kInvalidArgument, "argon2id memory of {} bytes is not a multiple of 1024",
               params.memory_bytes)
        .WithHint("give the memory in whole KiB");
  }
  if (params.memory_bytes > kArgon2MemoryBytesMax || params.passes > kArgon2PassesMax) {
    return Err(ErrorCode::kLimitExceeded,
               "argon2id with {} bytes of memory and {} passes is above the limit",
               params.memory_bytes, params.passes)
        .WithHint(
            fmt::format("at most {} MiB and {} passes; a key slot that asks for more may have "
                        "been changed to exhaust this machine",
                        kArgon2MemoryBytesMax / kMiB, kArgon2PassesMax));
  }
  return Ok();
}

Result<SecretBytes> Argon2id(ByteSpan passphrase, ByteSpan salt, const Argon2Params& params,
                             size_t n) {
  PGK_TRY(ValidateArgon2Params(params));
  if (salt.size() != kArgon2SaltBytes) {
    return Err(ErrorCode::kInvalidArgument, "argon2id salt has {} bytes instead of {}", salt.size(),
               kArgon2SaltBytes);
  }
  if (n < kArgon2OutputBytesMin || n > kArgon2OutputBytesMax) {
    return Err(ErrorCode::kInvalidArgument, "argon2id cannot give {} bytes of key", n);
  }
  if (passphrase.size() > crypto_pwhash_argon2id_PASSWD_MAX) {
    return Err(ErrorCode::kInvalidArgument, "passphrase is too long");
  }
  internal::GetLibrary();
  SecretBytes key(n);
  // libsodium reads the passphrase as char; an empty one still needs an address.
  const char* text = passphrase.empty() ? "" : AsText(passphrase).data();
  const int status =
      crypto_pwhash(key.ExposeMutable().data(), n, text, passphrase.size(), salt.data(),
                    params.passes, params.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  if (status != 0) {
    return Err(ErrorCode::kLimitExceeded, "cannot get {} MiB of memory for argon2id",
               params.memory_bytes / kMiB)
        .WithHint("free memory or raise the memory limit of this process, then try again");
  }
  return key;
}

}  // namespace pgkeep::crypto
