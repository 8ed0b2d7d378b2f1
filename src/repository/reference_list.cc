#include "repository/reference_list.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/wire.h"
#include "repository/limits.h"
#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

constexpr uint16_t kTagPacks = 0x8001;
constexpr size_t kPackBytesMin = kPackHeaderBytes + kFrameOverheadBytes + kPackTrailerBytes;

// What can be said about one entry alone.
Status CheckEntry(const PackEntry& entry) {
  const auto corrupt = [&entry](std::string_view what) {
    return Err(ErrorCode::kCorruption, "{} of the pack {} is out of range", what, entry.name.Key());
  };
  const bool data = entry.name.kind == PackKind::kData;
  if (entry.size < kPackBytesMin || entry.size > kMaxPackBytes) return corrupt("the size");
  if (entry.etag.size() > kMaxEtagBytes) return corrupt("the etag");
  if (entry.all_units > (data ? kMaxUnitsPerPack : 0)) return corrupt("the number of units");
  if (entry.live_units > entry.all_units) return corrupt("the number of live units");
  if (data != entry.fingerprints.has_value()) {
    return Err(ErrorCode::kCorruption, "the pack {} {}", entry.name.Key(),
               data ? "says nothing about its fingerprints" : "has fingerprints but no units");
  }
  if (!data) return Ok();
  const FingerprintPlace& place = *entry.fingerprints;
  const bool possible = place.meta_seq <= kMaxPackSeq && place.offset >= kPackHeaderBytes &&
                        place.offset <= kMaxPackBytes && place.clen <= place.rlen &&
                        place.rlen <= kMaxNodeFrameRlen;
  return possible ? Ok() : Status(corrupt("the place of the fingerprints"));
}

// A collector keeps what the list names, so the fingerprints' packs must be in it.
Status CheckFingerprints(const ReferenceList& list) {
  for (const PackEntry& entry : list.entries()) {
    if (!entry.fingerprints) continue;
    const FingerprintPlace& place = *entry.fingerprints;
    const PackEntry* pack = list.Find({entry.name.writer, PackKind::kMeta, place.meta_seq});
    const uint64_t end = uint64_t{place.offset} + kFrameOverheadBytes + place.clen;
    if (pack == nullptr || end > pack->size - kPackTrailerBytes) {
      return Err(ErrorCode::kCorruption,
                 "the fingerprints of the pack {} are in no metadata pack of the list",
                 entry.name.Key());
    }
  }
  return Ok();
}

void EncodeEntry(ByteWriter& writer, const PackEntry& entry) {
  writer.U8(static_cast<uint8_t>(entry.name.kind));
  writer.Varint(entry.name.seq);
  writer.Varint(entry.size);
  writer.Raw(entry.sha256);
  writer.VarBytes(AsBytes(entry.etag));
  writer.Varint(entry.live_units);
  writer.Varint(entry.all_units);
  if (entry.name.kind == PackKind::kData) {
    PGK_CHECK(entry.fingerprints.has_value());
    writer.Varint(entry.fingerprints->meta_seq);
    writer.Varint(entry.fingerprints->offset);
    writer.Varint(entry.fingerprints->clen);
    writer.Varint(entry.fingerprints->rlen);
  }
}

Result<uint32_t> Varint32(ByteReader& reader, size_t max, const char* what) {
  PGK_ASSIGN_OR_RETURN(const uint64_t value, reader.VarintMax(max, what));
  return static_cast<uint32_t>(value);
}

Result<FingerprintPlace> DecodePlace(ByteReader& reader) {
  FingerprintPlace place;
  PGK_ASSIGN_OR_RETURN(place.meta_seq, Varint32(reader, kMaxPackSeq, "metadata pack"));
  PGK_ASSIGN_OR_RETURN(place.offset, Varint32(reader, kMaxPackBytes, "offset"));
  PGK_ASSIGN_OR_RETURN(place.clen, Varint32(reader, kMaxNodeFrameRlen, "compressed length"));
  PGK_ASSIGN_OR_RETURN(place.rlen, Varint32(reader, kMaxNodeFrameRlen, "length"));
  return place;
}

Result<PackEntry> DecodeEntry(ByteReader& reader, const WriterId& writer) {
  PackEntry entry;
  entry.name.writer = writer;
  PGK_ASSIGN_OR_RETURN(const uint8_t kind, reader.U8());
  if (kind != static_cast<uint8_t>(PackKind::kData) &&
      kind != static_cast<uint8_t>(PackKind::kMeta)) {
    return Err(ErrorCode::kCorruption, "a pack has the unknown kind {}", kind);
  }
  entry.name.kind = static_cast<PackKind>(kind);
  PGK_ASSIGN_OR_RETURN(entry.name.seq, Varint32(reader, kMaxPackSeq, "pack number"));
  PGK_ASSIGN_OR_RETURN(entry.size, reader.VarintMax(kMaxPackBytes, "pack size"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan sha256, reader.Raw(entry.sha256.size()));
  std::ranges::copy(sha256, entry.sha256.begin());
  PGK_ASSIGN_OR_RETURN(const ByteSpan etag, reader.VarBytes(kMaxEtagBytes, "etag"));
  entry.etag = AsText(etag);
  PGK_ASSIGN_OR_RETURN(entry.live_units, reader.VarintMax(kMaxUnitsPerPack, "live units"));
  PGK_ASSIGN_OR_RETURN(entry.all_units, reader.VarintMax(kMaxUnitsPerPack, "units"));
  if (entry.name.kind == PackKind::kData) {
    PGK_ASSIGN_OR_RETURN(entry.fingerprints, DecodePlace(reader));
  }
  return entry;
}

Status DecodeWriter(ByteReader& reader, std::vector<PackEntry>& entries) {
  PGK_ASSIGN_OR_RETURN(const ByteSpan id, reader.Raw(16));
  const WriterId writer = WriterId::FromBytes(id);
  PGK_ASSIGN_OR_RETURN(const uint64_t packs,
                       reader.VarintMax(kMaxReferencedPacks - entries.size(), "number of packs"));
  if (packs == 0) return Err(ErrorCode::kCorruption, "a writer without packs is listed");
  for (uint64_t i = 0; i < packs; ++i) {
    PGK_ASSIGN_OR_RETURN(PackEntry entry, DecodeEntry(reader, writer));
    if (!entries.empty() && entries.back().name >= entry.name) {
      return Err(ErrorCode::kCorruption, "packs are out of order or repeated");
    }
    entries.push_back(std::move(entry));
  }
  return Ok();
}

Result<std::vector<PackEntry>> DecodePacks(ByteSpan value) {
  ByteReader reader(value);
  PGK_ASSIGN_OR_RETURN(const uint64_t writers,
                       reader.VarintMax(kMaxReferencedPacks, "number of writers"));
  std::vector<PackEntry> entries;
  for (uint64_t i = 0; i < writers; ++i) PGK_TRY(DecodeWriter(reader, entries));
  PGK_TRY(reader.ExpectEnd());
  return entries;
}

}  // namespace

Result<ReferenceList> ReferenceList::FromEntries(std::vector<PackEntry> entries,
                                                 TlvExtensions extensions) {
  if (entries.size() > kMaxReferencedPacks) {
    return Err(ErrorCode::kLimitExceeded,
               "a backup that needs {} packs is too large; {} are possible", entries.size(),
               kMaxReferencedPacks)
        .WithHint("split the source over several backups, or choose larger packs");
  }
  ReferenceList list;
  list.entries_ = std::move(entries);
  list.extensions_ = std::move(extensions);
  std::ranges::sort(list.entries_, {}, &PackEntry::name);
  const auto same = std::ranges::adjacent_find(list.entries_, {}, &PackEntry::name);
  if (same != list.entries_.end()) {
    return Err(ErrorCode::kInvalidArgument, "the pack {} is named twice", same->name.Key());
  }
  const auto check = [&list]() -> Status {
    for (const PackEntry& entry : list.entries_) PGK_TRY(CheckEntry(entry));
    return CheckFingerprints(list);
  };
  if (const Status checked = check(); !checked) {
    return Error(ErrorCode::kInvalidArgument, checked.error().message());
  }
  return list;
}

const PackEntry* ReferenceList::Find(const PackName& name) const {
  const auto found = std::ranges::lower_bound(entries_, name, {}, &PackEntry::name);
  return found != entries_.end() && found->name == name ? &*found : nullptr;
}

std::vector<WriterId> ReferenceList::Writers() const {
  std::vector<WriterId> writers;
  for (const PackEntry& entry : entries_) {
    if (writers.empty() || writers.back() != entry.name.writer) {
      writers.push_back(entry.name.writer);
    }
  }
  return writers;
}

Result<Bytes> EncodeReferenceList(const ReferenceList& list, const ObjectIdentity& identity,
                                  const crypto::SigningKey& signer) {
  const Bytes body = EncodeReferenceListBody(list);
  if (body.size() + kEnvelopeHeaderBytes + kSignedTailBytes > kMaxReferenceListObjectBytes) {
    return Err(ErrorCode::kLimitExceeded, "the reference list of {} packs has {} bytes, too many",
               list.entries().size(), body.size())
        .WithHint("split the source over several backups, or choose larger packs");
  }
  return SealEnvelope(ObjectClass::kReferenceList, identity, body, &signer);
}

Result<ReferenceList> DecodeReferenceList(ByteSpan object, const ObjectIdentity& identity,
                                          const SignerSet& signers) {
  const std::string key = ReferenceListKey(identity.subject);
  PGK_ASSIGN_OR_RETURN(const Envelope envelope,
                       OpenEnvelope(object, {.object_class = ObjectClass::kReferenceList,
                                             .key = key,
                                             .repository = identity.repository,
                                             .subject = identity.subject,
                                             .rule = SignerRule::kRequired,
                                             .signers = &signers}));
  Result<ReferenceList> list = DecodeReferenceListBody(envelope.body);
  if (!list) return InObject(key, std::move(list).error());
  return list;
}

Bytes EncodeReferenceListBody(const ReferenceList& list) {
  const std::vector<PackEntry>& entries = list.entries();
  Bytes packs;
  ByteWriter writer(packs);
  writer.Varint(list.Writers().size());
  for (auto begin = entries.begin(); begin != entries.end();) {
    const auto end = std::find_if(begin, entries.end(), [&begin](const PackEntry& entry) {
      return entry.name.writer != begin->name.writer;
    });
    writer.Raw(begin->name.writer.bytes);
    writer.Varint(static_cast<uint64_t>(end - begin));
    for (; begin != end; ++begin) EncodeEntry(writer, *begin);
  }
  TlvWriter fields;
  fields.AddBytes(kTagPacks, std::move(packs));
  fields.AddExtensions(list.extensions());
  return fields.Finish();
}

Result<ReferenceList> DecodeReferenceListBody(ByteSpan body) {
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(body));
  PGK_ASSIGN_OR_RETURN(TlvExtensions extensions, fields.Extensions({kTagPacks}));
  PGK_ASSIGN_OR_RETURN(const ByteSpan packs, fields.Require(kTagPacks, "the list of packs"));
  PGK_ASSIGN_OR_RETURN(std::vector<PackEntry> entries, DecodePacks(packs));
  Result<ReferenceList> list =
      ReferenceList::FromEntries(std::move(entries), std::move(extensions));
  if (!list) return Error(ErrorCode::kCorruption, list.error().message());
  return list;
}

}  // namespace pgkeep::repository
