#include "repository/manifest.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/wire.h"
#include "repository/base_list.h"
#include "repository/limits.h"
#include "repository/manifest_seal.h"
#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

enum Tag : uint16_t {
  kTagKind = 0x8001,
  kTagState = 0x8002,
  kTagStarted = 0x8003,
  kTagFinished = 0x8004,
  kTagBases = 0x8005,
  kTagReferenceList = 0x8006,
  kTagSession = 0x8007,
  kTagSubtrees = 0x8008,
  kTagSource = 0x0009,
  kTagLabel = 0x000a,
  kTagSequence = 0x000b,
  kTagClientVersion = 0x000c,
  kTagHost = 0x000d,
  kTagAttributes = 0x000e,
};

// The only state of a stored sub-tree; a failed one is not stored.
constexpr uint8_t kSubtreeComplete = 1;

constexpr size_t kSequenceBytes = 8 + 32;

void EncodeSubtree(ByteWriter& writer, const SubtreeEntry& entry) {
  writer.VarBytes(AsBytes(entry.name));
  writer.U8(kSubtreeComplete);
  writer.U64(static_cast<uint64_t>(entry.snapshot_time.time_since_epoch().count()));
  writer.VarBytes(entry.attributes);
  entry.directory.Encode(writer);
  for (const uint64_t count : {entry.streams, entry.units, entry.bytes, entry.new_units,
                               entry.new_bytes, entry.stored_bytes}) {
    writer.Varint(count);
  }
}

Result<SubtreeEntry> DecodeSubtree(ByteReader& reader) {
  SubtreeEntry entry;
  PGK_ASSIGN_OR_RETURN(const ByteSpan name,
                       reader.VarBytes(kMaxSubtreeNameBytes, "name of a sub-tree"));
  if (name.empty()) return Err(ErrorCode::kCorruption, "a sub-tree has no name");
  entry.name = AsText(name);
  PGK_ASSIGN_OR_RETURN(const uint8_t state, reader.U8());
  if (state != kSubtreeComplete) {
    return Err(ErrorCode::kCorruption, "a sub-tree has the unknown state {}", state);
  }
  PGK_ASSIGN_OR_RETURN(const ByteSpan time, reader.Raw(8));
  PGK_ASSIGN_OR_RETURN(entry.snapshot_time, DecodeTime(time, "the snapshot time of a sub-tree"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan attributes,
                       reader.VarBytes(kMaxSubtreeAttributesBytes, "attributes of a sub-tree"));
  entry.attributes = ToBytes(attributes);
  PGK_ASSIGN_OR_RETURN(entry.directory, NodePointer::Decode(reader));
  for (uint64_t* count : {&entry.streams, &entry.units, &entry.bytes, &entry.new_units,
                          &entry.new_bytes, &entry.stored_bytes}) {
    PGK_ASSIGN_OR_RETURN(*count, reader.Varint());
  }
  if (entry.directory.empty() != (entry.streams == 0)) {
    return Err(ErrorCode::kCorruption, "a sub-tree has streams but no directory, or the reverse");
  }
  return entry;
}

Result<std::vector<SubtreeEntry>> DecodeSubtrees(ByteSpan value) {
  ByteReader reader(value);
  PGK_ASSIGN_OR_RETURN(const uint64_t count, reader.VarintMax(kMaxSubtrees, "number of sub-trees"));
  std::vector<SubtreeEntry> subtrees;
  for (uint64_t i = 0; i < count; ++i) {
    PGK_ASSIGN_OR_RETURN(SubtreeEntry entry, DecodeSubtree(reader));
    if (!subtrees.empty() && subtrees.back().name >= entry.name) {
      return Err(ErrorCode::kCorruption, "sub-trees are out of order or repeated");
    }
    subtrees.push_back(std::move(entry));
  }
  PGK_TRY(reader.ExpectEnd());
  return subtrees;
}

Result<std::optional<SourceSequence>> DecodeSequence(const TlvReader& fields) {
  if (!fields.Has(kTagSequence)) return std::optional<SourceSequence>();
  PGK_ASSIGN_OR_RETURN(const ByteSpan value,
                       fields.RequireSize(kTagSequence, kSequenceBytes, "the sequence"));
  ByteReader reader(value);
  SourceSequence sequence;
  PGK_ASSIGN_OR_RETURN(sequence.counter, reader.U64());
  PGK_ASSIGN_OR_RETURN(const ByteSpan previous, reader.Raw(32));
  std::ranges::copy(previous, sequence.previous_manifest_sha256.begin());
  return std::optional<SourceSequence>(sequence);
}

Status DecodeKindAndState(const TlvReader& fields, Manifest& manifest) {
  PGK_ASSIGN_OR_RETURN(const uint8_t kind, fields.RequireU8(kTagKind, "the kind of backup"));
  PGK_ASSIGN_OR_RETURN(const uint8_t state, fields.RequireU8(kTagState, "the state"));
  if (kind < static_cast<uint8_t>(BackupKind::kLogical) ||
      kind > static_cast<uint8_t>(BackupKind::kFiles)) {
    return Err(ErrorCode::kCorruption, "the kind of backup {} is unknown", kind);
  }
  if (state < static_cast<uint8_t>(BackupState::kComplete) ||
      state > static_cast<uint8_t>(BackupState::kPartial)) {
    return Err(ErrorCode::kCorruption, "the state {} is unknown", state);
  }
  manifest.kind = static_cast<BackupKind>(kind);
  manifest.state = static_cast<BackupState>(state);
  return Ok();
}

Status DecodeHashes(const TlvReader& fields, Manifest& manifest) {
  const size_t size = manifest.session_sha256.size();
  PGK_ASSIGN_OR_RETURN(
      const ByteSpan references,
      fields.RequireSize(kTagReferenceList, size, "the hash of the reference list"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan session,
                       fields.RequireSize(kTagSession, size, "the hash of the writer key"));
  std::ranges::copy(references, manifest.reference_list_sha256.begin());
  std::ranges::copy(session, manifest.session_sha256.begin());
  return Ok();
}

Status DecodeOptional(const TlvReader& fields, Manifest& manifest) {
  PGK_ASSIGN_OR_RETURN(manifest.source, fields.Text(kTagSource, "the name of the source"));
  PGK_ASSIGN_OR_RETURN(manifest.label, fields.Text(kTagLabel, "the label"));
  PGK_ASSIGN_OR_RETURN(manifest.sequence, DecodeSequence(fields));
  PGK_ASSIGN_OR_RETURN(manifest.client_version,
                       fields.Text(kTagClientVersion, "the client version"));
  PGK_ASSIGN_OR_RETURN(manifest.host, fields.Text(kTagHost, "the host name"));
  const std::optional<ByteSpan> attributes = fields.Find(kTagAttributes);
  if (!attributes) return Ok();
  if (attributes->empty() || attributes->size() > kMaxManifestAttributesBytes) {
    return Err(ErrorCode::kCorruption, "the attributes are there but empty, or too long");
  }
  manifest.attributes = ToBytes(*attributes);
  return Ok();
}

bool TimesInRange(const Manifest& manifest) {
  const auto possible = [](Timestamp time) {
    return time >= Timestamp{} && time <= kMaxObjectTime;
  };
  return possible(manifest.started) && possible(manifest.finished) &&
         std::ranges::all_of(manifest.subtrees, possible, &SubtreeEntry::snapshot_time);
}

}  // namespace

Result<Bytes> EncodeManifest(const Manifest& manifest, const ObjectIdentity& identity,
                             const KeyRing& keys, crypto::RandomSource& random) {
  if (!TimesInRange(manifest)) {
    return Err(ErrorCode::kInvalidArgument, "a time is not between the years 1970 and 9999")
        .WithContext("new manifest");
  }
  const Bytes plaintext = EncodeManifestPlaintext(manifest);
  // The reader's rules are the writer's rules: nothing is written that could not be read again.
  if (const Result<Manifest> check = DecodeManifestPlaintext(plaintext); !check) {
    return Error(ErrorCode::kInvalidArgument, check.error().message()).WithContext("new manifest");
  }
  const size_t size = SealedManifestBodyBytes(plaintext.size());
  if (size + kEnvelopeHeaderBytes + kSignedTailBytes > kMaxManifestObjectBytes) {
    return Err(ErrorCode::kLimitExceeded, "the manifest of {} sub-trees has {} bytes, too many",
               manifest.subtrees.size(), size);
  }
  return SealEnvelope(ObjectClass::kManifest, identity,
                      SealManifestBody(plaintext, identity, keys.meta_key(), random),
                      &keys.host_signing_key());
}

Result<Manifest> DecodeManifest(ByteSpan object, const ObjectIdentity& identity,
                                const KeyRing& keys, const SignerSet& signers) {
  const std::string key = ManifestKey(identity.subject);
  PGK_ASSIGN_OR_RETURN(const Envelope envelope,
                       OpenEnvelope(object, {.object_class = ObjectClass::kManifest,
                                             .key = key,
                                             .repository = identity.repository,
                                             .subject = identity.subject,
                                             .rule = SignerRule::kRequired,
                                             .signers = &signers}));
  const auto decode = [&]() -> Result<Manifest> {
    PGK_ASSIGN_OR_RETURN(const Bytes plaintext,
                         OpenManifestBody(envelope.body, identity, keys.meta_key()));
    return DecodeManifestPlaintext(plaintext);
  };
  Result<Manifest> manifest = decode();
  if (!manifest) return InObject(key, std::move(manifest).error());
  return manifest;
}

Bytes EncodeManifestPlaintext(const Manifest& manifest) {
  PGK_CHECK(TimesInRange(manifest));
  TlvWriter fields;
  fields.AddU8(kTagKind, static_cast<uint8_t>(manifest.kind));
  fields.AddU8(kTagState, static_cast<uint8_t>(manifest.state));
  fields.AddTime(kTagStarted, manifest.started);
  fields.AddTime(kTagFinished, manifest.finished);
  fields.AddBytes(kTagBases, EncodeBases(manifest.bases));
  fields.Add(kTagReferenceList, manifest.reference_list_sha256);
  fields.Add(kTagSession, manifest.session_sha256);
  Bytes subtrees;
  ByteWriter writer(subtrees);
  writer.Varint(manifest.subtrees.size());
  for (const SubtreeEntry& entry : manifest.subtrees) EncodeSubtree(writer, entry);
  fields.AddBytes(kTagSubtrees, std::move(subtrees));
  fields.AddText(kTagSource, manifest.source);
  fields.AddText(kTagLabel, manifest.label);
  if (manifest.sequence) {
    Bytes sequence;
    ByteWriter(sequence).U64(manifest.sequence->counter);
    Append(sequence, manifest.sequence->previous_manifest_sha256);
    fields.AddBytes(kTagSequence, std::move(sequence));
  }
  fields.AddText(kTagClientVersion, manifest.client_version);
  fields.AddText(kTagHost, manifest.host);
  if (!manifest.attributes.empty()) fields.Add(kTagAttributes, manifest.attributes);
  fields.AddExtensions(manifest.extensions);
  return fields.Finish();
}

Result<Manifest> DecodeManifestPlaintext(ByteSpan plaintext) {
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(plaintext));
  Manifest manifest;
  PGK_ASSIGN_OR_RETURN(
      manifest.extensions,
      fields.Extensions({kTagKind, kTagState, kTagStarted, kTagFinished, kTagBases,
                         kTagReferenceList, kTagSession, kTagSubtrees, kTagSource, kTagLabel,
                         kTagSequence, kTagClientVersion, kTagHost, kTagAttributes}));
  PGK_TRY(DecodeKindAndState(fields, manifest));
  PGK_ASSIGN_OR_RETURN(manifest.started, fields.RequireTime(kTagStarted, "the start time"));
  PGK_ASSIGN_OR_RETURN(manifest.finished, fields.RequireTime(kTagFinished, "the end time"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan bases, fields.Require(kTagBases, "the list of bases"));
  PGK_ASSIGN_OR_RETURN(manifest.bases, DecodeBases(bases));
  PGK_TRY(DecodeHashes(fields, manifest));
  PGK_ASSIGN_OR_RETURN(const ByteSpan subtrees,
                       fields.Require(kTagSubtrees, "the list of sub-trees"));
  PGK_ASSIGN_OR_RETURN(manifest.subtrees, DecodeSubtrees(subtrees));
  PGK_TRY(DecodeOptional(fields, manifest));
  return manifest;
}

}  // namespace pgkeep::repository
