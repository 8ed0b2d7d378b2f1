#include "repository/key_slot.h"

#include <algorithm>
#include <utility>

#include "base/wire.h"
#include "repository/envelope.h"
#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

enum Tag : uint16_t {
  kTagType = 0x8001,
  kTagArgon2 = 0x8002,
  kTagWrapped = 0x8003,
  kTagLabel = 0x0004,
  kTagCreated = 0x0005,
};

constexpr uint8_t kTypePassphrase = 1;

Status DecodeArgon2(ByteSpan value, WrappedBundle& wrapped) {
  ByteReader reader(value);
  PGK_ASSIGN_OR_RETURN(wrapped.params.memory_bytes, reader.U64());
  PGK_ASSIGN_OR_RETURN(wrapped.params.passes, reader.U32());
  PGK_ASSIGN_OR_RETURN(wrapped.params.lanes, reader.U32());
  PGK_ASSIGN_OR_RETURN(const ByteSpan salt, reader.Raw(wrapped.salt.size()));
  std::ranges::copy(salt, wrapped.salt.begin());
  PGK_TRY(reader.ExpectEnd());
  return crypto::ValidateArgon2Params(wrapped.params);
}

}  // namespace

Bytes EncodeKeySlot(const KeySlotObject& slot, const RepositoryId& repository) {
  return SealEnvelope(ObjectClass::kKeySlot, {repository, {}}, EncodeKeySlotBody(slot), nullptr);
}

Result<KeySlotObject> DecodeKeySlot(ByteSpan object, const RepositoryId& repository,
                                    uint32_t slot) {
  const std::string key = KeySlotKey(slot);
  PGK_ASSIGN_OR_RETURN(const Envelope envelope,
                       OpenEnvelope(object, {.object_class = ObjectClass::kKeySlot,
                                             .key = key,
                                             .repository = repository,
                                             .subject = WriterId{},
                                             .rule = SignerRule::kUnsigned}));
  Result<KeySlotObject> decoded = DecodeKeySlotBody(envelope.body);
  if (!decoded) return InObject(key, std::move(decoded).error());
  return decoded;
}

Bytes EncodeKeySlotBody(const KeySlotObject& slot) {
  TlvWriter fields;
  fields.AddU8(kTagType, kTypePassphrase);
  fields.AddBytes(kTagArgon2, EncodeArgon2Field(slot.wrapped));
  fields.Add(kTagWrapped, slot.wrapped.wrapped);
  fields.AddText(kTagLabel, slot.label);
  fields.AddOptionalTime(kTagCreated, slot.created);
  fields.AddExtensions(slot.extensions);
  return fields.Finish();
}

Result<KeySlotObject> DecodeKeySlotBody(ByteSpan body) {
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(body));
  PGK_ASSIGN_OR_RETURN(const uint8_t type, fields.RequireU8(kTagType, "the type"));
  if (type != kTypePassphrase) {
    return Err(ErrorCode::kUnsupportedVersion,
               "was written by a newer pgkeep: the type {} of key slot is unknown", type);
  }
  KeySlotObject slot;
  PGK_ASSIGN_OR_RETURN(slot.extensions, fields.Extensions({kTagType, kTagArgon2, kTagWrapped,
                                                           kTagLabel, kTagCreated}));
  PGK_ASSIGN_OR_RETURN(const ByteSpan argon2,
                       fields.Require(kTagArgon2, "the Argon2id parameters"));
  PGK_TRY(DecodeArgon2(argon2, slot.wrapped));
  PGK_ASSIGN_OR_RETURN(const ByteSpan wrapped, fields.Require(kTagWrapped, "the wrapped key"));
  if (wrapped.size() > kMaxWrappedBundleBytes) {
    return Err(ErrorCode::kCorruption, "the wrapped key has {} bytes, too many", wrapped.size());
  }
  slot.wrapped.wrapped = ToBytes(wrapped);
  PGK_ASSIGN_OR_RETURN(slot.label, fields.Text(kTagLabel, "the label"));
  PGK_ASSIGN_OR_RETURN(slot.created, fields.OptionalTime(kTagCreated, "the creation time"));
  return slot;
}

}  // namespace pgkeep::repository
