// Round trips of random values: what is encoded is decoded to the same value, whatever it is.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "repository/clean_text.h"
#include "repository/limits.h"
#include "testing/control_samples.h"

namespace pgkeep::repository {
namespace {

template <size_t N>
rc::Gen<ByteArray<N>> AnyArray() {
  return rc::gen::container<ByteArray<N>>(rc::gen::arbitrary<uint8_t>());
}

rc::Gen<WriterId> AnyWriter() {
  return rc::gen::map(AnyArray<16>(), [](const ByteArray<16>& bytes) {
    WriterId id{bytes};
    id.bytes[15] |= 1;  // never zero
    return id;
  });
}

rc::Gen<std::string> AnyText() {
  return rc::gen::map(rc::gen::arbitrary<std::string>(),
                      [](const std::string& text) { return CleanText(text); });
}

rc::Gen<Timestamp> AnyTime() {
  return rc::gen::map(rc::gen::inRange<int64_t>(0, kMaxObjectTime.time_since_epoch().count()),
                      [](int64_t micros) { return Timestamp(Duration(micros)); });
}

rc::Gen<std::optional<Timestamp>> AnyOptionalTime() {
  return rc::gen::oneOf(rc::gen::just(std::optional<Timestamp>()),
                        rc::gen::map(AnyTime(), [](Timestamp t) { return std::optional(t); }));
}

rc::Gen<TlvExtensions> AnyExtensions() {
  return rc::gen::map(rc::gen::container<std::map<uint16_t, Bytes>>(
                          rc::gen::inRange<uint16_t>(0x100, 0x7fff), rc::gen::arbitrary<Bytes>()),
                      [](const std::map<uint16_t, Bytes>& fields) {
                        TlvExtensions extensions;
                        for (const auto& [tag, value] : fields) extensions.push_back({tag, value});
                        return extensions;
                      });
}

std::vector<BackupId> AnyBases() {
  const auto ids = *rc::gen::container<std::set<BackupId>>(AnyWriter());
  std::vector<BackupId> bases(ids.begin(), ids.end());
  if (bases.size() > kMaxBases) bases.resize(kMaxBases);
  return bases;
}

NodePointer AnyPointer(bool something) {
  if (!something) return {};
  if (*rc::gen::arbitrary<bool>()) {
    Bytes payload = *rc::gen::arbitrary<Bytes>();
    payload.push_back(1);
    payload.resize(std::min<size_t>(payload.size(), kMaxInlinePayloadBytes));
    return NodePointer::Inline(payload);
  }
  NodeRef ref;
  ref.writer = *AnyWriter();
  ref.seq = *rc::gen::inRange<uint32_t>(0, kMaxPackSeq + 1);
  ref.offset = *rc::gen::inRange<uint32_t>(96, 30'000'000);
  ref.rlen = *rc::gen::inRange<uint32_t>(1, kMaxNodeFrameRlen);
  ref.clen = *rc::gen::inRange<uint32_t>(1, ref.rlen + 1);
  ref.id = *AnyArray<32>();
  return NodePointer::Reference(ref);
}

RC_GTEST_PROP(RandomBodies, TlvFieldsComeBack, ()) {
  const auto fields = *rc::gen::arbitrary<std::map<uint16_t, Bytes>>();
  TlvWriter writer;
  for (const auto& [tag, value] : fields) writer.Add(tag, value);
  const Bytes body = writer.Finish();
  const TlvReader reader = TlvReader::Parse(body).value();
  for (const auto& [tag, value] : fields) RC_ASSERT(ToBytes(*reader.Find(tag)) == value);
}

RC_GTEST_PROP(RandomBodies, CleanTextIsCleanAndStaysAsItIs, (const std::string& text)) {
  const std::string clean = CleanText(text);
  RC_ASSERT(IsCleanText(clean));
  RC_ASSERT(CleanText(clean) == clean);
  RC_ASSERT((clean == text) == IsCleanText(text));
}

RC_GTEST_PROP(RandomBodies, PinsComeBack, ()) {
  const PinObject pin{.bases = AnyBases(),
                      .client_version = *AnyText(),
                      .started = *AnyOptionalTime(),
                      .extensions = *AnyExtensions()};
  RC_ASSERT(DecodePinBody(EncodePinBody(pin)).value() == pin);
}

RC_GTEST_PROP(RandomBodies, DecisionsComeBack, (bool commit)) {
  DecisionObject decision;
  decision.verdict = commit ? Verdict::kCommit : Verdict::kAbort;
  if (commit) {
    decision.manifest_sha256 = *AnyArray<32>();
    decision.reference_list_sha256 = *AnyArray<32>();
  } else {
    decision.reason = *AnyText();
  }
  decision.time = *AnyOptionalTime();
  decision.extensions = *AnyExtensions();
  RC_ASSERT(DecodeDecisionBody(EncodeDecisionBody(decision)).value() == decision);
}

RC_GTEST_PROP(RandomBodies, ExpiriesLeasesAndHeartbeatsComeBack, ()) {
  const ExpiryObject expiry{
      .time = *AnyOptionalTime(), .reason = *AnyText(), .extensions = *AnyExtensions()};
  RC_ASSERT(DecodeExpiryBody(EncodeExpiryBody(expiry)).value() == expiry);
  const LeaseObject lease{
      .time = *AnyOptionalTime(), .holder = *AnyText(), .extensions = *AnyExtensions()};
  RC_ASSERT(DecodeLeaseBody(EncodeLeaseBody(lease)).value() == lease);
  const HeartbeatObject heartbeat{.time = *AnyOptionalTime(), .extensions = *AnyExtensions()};
  RC_ASSERT(DecodeHeartbeatBody(EncodeHeartbeatBody(heartbeat)).value() == heartbeat);
}

RC_GTEST_PROP(RandomBodies, CollectionPlansComeBack, ()) {
  GcPlanObject plan;
  plan.time = *AnyOptionalTime();
  plan.extensions = *AnyExtensions();
  for (const uint32_t seq :
       *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange<uint32_t>(0, kMaxPackSeq + 1))) {
    plan.entries.push_back({PackName{*AnyWriter(), PackKind::kData, seq}.Key(), *AnyText()});
  }
  RC_ASSERT(DecodeGcPlanBody(EncodeGcPlanBody(plan)).value() == plan);
}

RC_GTEST_PROP(RandomBodies, ConfigurationsComeBack, ()) {
  ConfigObject config;
  config.features = {*rc::gen::arbitrary<uint32_t>(), *rc::gen::arbitrary<uint32_t>(),
                     *rc::gen::arbitrary<uint32_t>(), *rc::gen::arbitrary<uint32_t>()};
  config.generation = *rc::gen::inRange<uint64_t>(1, UINT64_MAX);
  config.operator_public_key = *AnyArray<32>();
  auto keys = *rc::gen::container<std::set<ByteArray<32>>>(AnyArray<32>());
  keys.insert(ByteArray<32>{1});
  for (const auto& key : keys) {
    if (config.recipients.size() < kMaxRecipients) config.recipients.push_back(key);
    config.signers.push_back({key, *rc::gen::element(SignerState::kActive, SignerState::kRetired)});
  }
  config.mode = *rc::gen::element(RepositoryMode::kConditionalCreate, RepositoryMode::kExclusive);
  config.created = *AnyOptionalTime();
  if (*rc::gen::arbitrary<bool>()) {
    config.pack_bytes = *rc::gen::inRange<uint32_t>(kMinPackTargetBytes, kMaxPackBytes + 1);
    config.zstd_level = *rc::gen::inRange<int8_t>(-7, 13);
    config.key_mode = *rc::gen::element(KeyMode::kSimple, KeyMode::kSplit);
  }
  config.probe = *AnyText();
  config.extensions = *AnyExtensions();
  RC_ASSERT(DecodeConfigBody(EncodeConfigBody(config)).value() == config);
}

RC_GTEST_PROP(RandomBodies, ReferenceListsComeBack, ()) {
  std::vector<PackEntry> entries;
  for (const WriterId& writer : *rc::gen::container<std::set<WriterId>>(AnyWriter())) {
    PackEntry meta;
    meta.name = {writer, PackKind::kMeta, *rc::gen::inRange<uint32_t>(0, kMaxPackSeq + 1)};
    meta.size = kMaxPackBytes;
    meta.sha256 = *AnyArray<32>();
    entries.push_back(meta);
    for (const uint32_t seq :
         *rc::gen::container<std::set<uint32_t>>(rc::gen::inRange<uint32_t>(0, kMaxPackSeq + 1))) {
      PackEntry data;
      data.name = {writer, PackKind::kData, seq};
      data.size = *rc::gen::inRange<uint64_t>(1'000, kMaxPackBytes + 1);
      data.sha256 = *AnyArray<32>();
      data.etag = *rc::gen::arbitrary<std::string>();
      data.all_units = *rc::gen::inRange<uint64_t>(0, kMaxUnitsPerPack + 1);
      data.live_units = *rc::gen::inRange<uint64_t>(0, data.all_units + 1);
      data.fingerprints = FingerprintPlace{meta.name.seq, 96, 10, *rc::gen::inRange(10U, 1000U)};
      if (data.etag.size() > kMaxEtagBytes) data.etag.resize(kMaxEtagBytes);
      entries.push_back(data);
    }
  }
  const ReferenceList list = ReferenceList::FromEntries(entries, *AnyExtensions()).value();
  RC_ASSERT(list.entries().size() == entries.size());
  RC_ASSERT(DecodeReferenceListBody(EncodeReferenceListBody(list)).value() == list);
}

RC_GTEST_PROP(RandomBodies, ManifestsComeBack, ()) {
  Manifest manifest;
  manifest.kind =
      *rc::gen::element(BackupKind::kLogical, BackupKind::kPhysical, BackupKind::kFiles);
  manifest.state = *rc::gen::element(BackupState::kComplete, BackupState::kPartial);
  manifest.started = *AnyTime();
  manifest.finished = *AnyTime();
  manifest.bases = AnyBases();
  manifest.reference_list_sha256 = *AnyArray<32>();
  manifest.session_sha256 = *AnyArray<32>();
  for (const std::string& name : *rc::gen::arbitrary<std::set<std::string>>()) {
    if (name.empty() || name.size() > kMaxSubtreeNameBytes) continue;
    SubtreeEntry entry;
    entry.name = name;
    entry.snapshot_time = *AnyTime();
    entry.attributes = *rc::gen::arbitrary<Bytes>();
    entry.streams = *rc::gen::arbitrary<uint64_t>();
    entry.directory = AnyPointer(entry.streams != 0);
    entry.units = *rc::gen::arbitrary<uint64_t>();
    entry.bytes = *rc::gen::arbitrary<uint64_t>();
    entry.new_units = *rc::gen::arbitrary<uint64_t>();
    entry.new_bytes = *rc::gen::arbitrary<uint64_t>();
    entry.stored_bytes = *rc::gen::arbitrary<uint64_t>();
    manifest.subtrees.push_back(entry);
  }
  manifest.source = *AnyText();
  manifest.label = *AnyText();
  if (*rc::gen::arbitrary<bool>()) {
    manifest.sequence = SourceSequence{*rc::gen::arbitrary<uint64_t>(), *AnyArray<32>()};
  }
  manifest.client_version = *AnyText();
  manifest.host = *AnyText();
  manifest.attributes = *rc::gen::arbitrary<Bytes>();
  manifest.extensions = *AnyExtensions();
  RC_ASSERT(DecodeManifestPlaintext(EncodeManifestPlaintext(manifest)).value() == manifest);
}

}  // namespace
}  // namespace pgkeep::repository
