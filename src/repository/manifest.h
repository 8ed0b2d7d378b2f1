// The manifest `man/<S>`: what a backup is, and where its directories begin. Sealed under K_meta,
// signed by the host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "repository/envelope.h"
#include "repository/ids.h"
#include "repository/key_ring.h"
#include "repository/node.h"
#include "repository/tlv.h"

namespace pgkeep::repository {

// The values of these are bytes of the format.
enum class BackupKind : uint8_t { kLogical = 1, kPhysical = 2, kFiles = 3 };
enum class BackupState : uint8_t { kComplete = 1, kPartial = 2 };

// One sub-tree: a database of a logical backup, or the files of a cluster. A database that failed
// has none.
struct SubtreeEntry {
  std::string name;  // 1..kMaxSubtreeNameBytes bytes of any kind
  Timestamp snapshot_time;
  Bytes attributes;       // of the room above; at most kMaxSubtreeAttributesBytes
  NodePointer directory;  // nothing when there are no streams
  uint64_t streams = 0;
  uint64_t units = 0;
  uint64_t bytes = 0;
  uint64_t new_units = 0;     // that this backup stored itself
  uint64_t new_bytes = 0;     // before compression
  uint64_t stored_bytes = 0;  // after compression, in data packs of this backup
  bool operator==(const SubtreeEntry&) const = default;
};

// The place of a backup in the sequence of its source's backups; tells when one is missing.
struct SourceSequence {
  uint64_t counter = 0;
  crypto::Digest32 previous_manifest_sha256{};  // zeros when there is none
  bool operator==(const SourceSequence&) const = default;
};

// A plain value.
struct Manifest {
  BackupKind kind = BackupKind::kLogical;
  BackupState state = BackupState::kComplete;
  Timestamp started;
  Timestamp finished;
  std::vector<BackupId> bases;  // distinct, at most kMaxBases
  crypto::Digest32 reference_list_sha256{};
  crypto::Digest32 session_sha256{};
  std::vector<SubtreeEntry> subtrees;  // strictly ascending by name
  std::string source;
  std::string label;
  std::optional<SourceSequence> sequence;
  std::string client_version;
  std::string host;
  Bytes attributes;  // of the room above; at most kMaxManifestAttributesBytes; empty = absent
  TlvExtensions extensions;
  bool operator==(const Manifest&) const = default;
};

// The object, signed with the ring's host key. Errors: kInvalidArgument when the manifest is one
// that DecodeManifest would refuse; kLimitExceeded when it would pass kMaxManifestObjectBytes.
Result<Bytes> EncodeManifest(const Manifest& manifest, const ObjectIdentity& identity,
                             const KeyRing& keys, crypto::RandomSource& random);

// Errors as OpenEnvelope; kWrongKey when K_meta is not the one it was sealed with (the commitment
// tells); kCorruption when the sealed part does not authenticate or is not what EncodeManifest
// writes. SHA-256 values are compared by the caller, who has the other objects.
Result<Manifest> DecodeManifest(ByteSpan object, const ObjectIdentity& identity,
                                const KeyRing& keys, const SignerSet& signers);

// The plaintext alone, for tests and fuzzers.
Bytes EncodeManifestPlaintext(const Manifest& manifest);
Result<Manifest> DecodeManifestPlaintext(ByteSpan plaintext);

}  // namespace pgkeep::repository
