// The writer key object `ses/<S>`: the writer's data key, sealed to everybody who may read.
#pragma once

#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "crypto/sealed_box.h"
#include "crypto/sign.h"
#include "repository/envelope.h"
#include "repository/tlv.h"

namespace pgkeep::repository {

// The writer key sealed to one recipient.
struct SealedWriterKey {
  crypto::BoxPublicKey recipient{};
  Bytes box;
  bool operator==(const SealedWriterKey&) const = default;
};

// The content of `ses/<S>`: 1..kMaxRecipients boxes for distinct recipients.
struct SessionObject {
  std::vector<SealedWriterKey> boxes;
  TlvExtensions extensions;
  bool operator==(const SessionObject&) const = default;
};

// Seals `writer_key` (32 bytes) to each recipient. The box's plaintext names repository and writer,
// as a sealed box by itself binds nothing. Errors: kInvalidArgument for no, too many or repeated
// recipients and for a recipient that is no valid key.
Result<SessionObject> SealWriterKey(const SecretBytes& writer_key,
                                    std::span<const crypto::BoxPublicKey> recipients,
                                    const ObjectIdentity& identity, crypto::RandomSource& random);

// The writer key in a box that `pair` can open. Errors: kWrongKey when no box is for this pair or
// it does not open; kCorruption when what is inside belongs to another repository or writer.
// KeyRing tries its keys through this.
Result<SecretBytes> OpenSealedWriterKey(const SessionObject& session,
                                        const crypto::BoxKeyPair& pair,
                                        const ObjectIdentity& identity);

// The object, signed by the host.
Bytes EncodeSession(const SessionObject& session, const ObjectIdentity& identity,
                    const crypto::SigningKey& signer);

// Errors as OpenEnvelope, and kCorruption for a body that EncodeSession would not write.
Result<SessionObject> DecodeSession(ByteSpan object, const ObjectIdentity& identity,
                                    const SignerSet& signers);

// The body alone, for tests and fuzzers.
Bytes EncodeSessionBody(const SessionObject& session);
Result<SessionObject> DecodeSessionBody(ByteSpan body);

}  // namespace pgkeep::repository
