#include "repository/passphrase_wrap.h"

#include <utility>

#include "base/wire.h"
#include "crypto/key_wrap.h"
#include "repository/limits.h"

namespace pgkeep::repository {
namespace {

// The type of key slot that a passphrase opens; bound into the cipher with everything else public.
constexpr uint8_t kTypePassphrase = 1;

Bytes AdditionalData(const WrappedBundle& wrapped, const RepositoryId& repository) {
  Bytes data = ToBytes(AsBytes("pgkeep1 slot"));
  Append(data, repository.bytes);
  data.push_back(kTypePassphrase);
  Append(data, EncodeArgon2Field(wrapped));
  return data;
}

Result<SecretBytes> DeriveKek(const WrappedBundle& wrapped, const SecretBytes& passphrase) {
  return crypto::Argon2id(passphrase.Expose(), wrapped.salt, wrapped.params, crypto::kWrapKeyBytes);
}

}  // namespace

Bytes EncodeArgon2Field(const WrappedBundle& wrapped) {
  Bytes field;
  ByteWriter writer(field);
  writer.U64(wrapped.params.memory_bytes);
  writer.U32(wrapped.params.passes);
  writer.U32(wrapped.params.lanes);
  writer.Raw(wrapped.salt);
  return field;
}

Result<WrappedBundle> WrapBundle(const KeyBundle& bundle, const RepositoryId& repository,
                                 const SecretBytes& passphrase, const crypto::Argon2Params& params,
                                 crypto::RandomSource& random) {
  if (passphrase.size() < kMinPassphraseBytes || passphrase.size() > kMaxPassphraseBytes) {
    return Err(ErrorCode::kInvalidArgument, "a passphrase must have {} to {} bytes, not {}",
               kMinPassphraseBytes, kMaxPassphraseBytes, passphrase.size())
        .WithHint("choose six or more random words");
  }
  WrappedBundle wrapped;
  wrapped.params = params;
  random.Fill(wrapped.salt);
  PGK_ASSIGN_OR_RETURN(const SecretBytes kek, DeriveKek(wrapped, passphrase));
  wrapped.wrapped = crypto::WrapKey(kek.Expose(), AdditionalData(wrapped, repository),
                                    bundle.Encode().Expose(), random);
  return wrapped;
}

Result<KeyBundle> UnwrapBundle(const WrappedBundle& wrapped, const RepositoryId& repository,
                               const SecretBytes& passphrase) {
  if (passphrase.size() > kMaxPassphraseBytes) {
    return Err(ErrorCode::kInvalidArgument, "a passphrase has at most {} bytes",
               kMaxPassphraseBytes);
  }
  PGK_ASSIGN_OR_RETURN(const SecretBytes kek, DeriveKek(wrapped, passphrase));
  Result<SecretBytes> bundle =
      crypto::UnwrapKey(kek.Expose(), AdditionalData(wrapped, repository), wrapped.wrapped);
  if (!bundle) {
    if (bundle.error().code() != ErrorCode::kWrongKey) return std::move(bundle).error();
    return Err(ErrorCode::kWrongKey, "the passphrase does not open this key")
        .WithHint("try the passphrase again; if it is right, the wrapped key was changed");
  }
  return KeyBundle::Decode(bundle->Expose());
}

}  // namespace pgkeep::repository
