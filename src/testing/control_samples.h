// One object of each class of control objects, the same on every run: for golden files, for tests
// that hold for all classes, and for the first inputs of fuzzers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/crc32c.h"
#include "crypto/hash.h"
#include "repository/config_object.h"
#include "repository/decision_object.h"
#include "repository/envelope.h"
#include "repository/expiry_object.h"
#include "repository/gc_plan_object.h"
#include "repository/key_bundle.h"
#include "repository/key_ring.h"
#include "repository/key_slot.h"
#include "repository/lease_object.h"
#include "repository/manifest.h"
#include "repository/manifest_seal.h"
#include "repository/object_names.h"
#include "repository/pin_object.h"
#include "repository/reference_list.h"
#include "repository/session_object.h"
#include "testing/seeded_random.h"

namespace pgkeep::testing {

// A repository's keys and names. Each seed is another repository.
struct ControlFixture {
  explicit ControlFixture(uint64_t seed)
      : random(seed),
        repository(repository::RepositoryId::New(random)),
        writer(repository::WriterId::New(random)),
        bundle(repository::KeyBundle::Generate(random)),
        keys(repository::KeyRing::FromBundle(bundle, repository).value()),
        signers(std::vector<repository::Signer>{
            {keys->host_signing_key().public_key(), repository::SignerState::kActive}}) {}

  repository::ObjectIdentity identity() const { return {repository, writer}; }

  SeededRandom random;
  repository::RepositoryId repository;
  repository::WriterId writer;
  repository::KeyBundle bundle;
  std::shared_ptr<const repository::KeyRing> keys;
  repository::SignerSet signers;
};

inline constexpr Timestamp kSampleTime{std::chrono::microseconds(1'795'352'700'000'250)};

// The third generation of a configuration, with every optional field.
inline repository::ConfigObject SampleConfig(const ControlFixture& fixture) {
  repository::ConfigObject config;
  config.generation = 3;
  config.operator_public_key = fixture.keys->operator_public_key();
  config.recipients = fixture.keys->data_public_keys();
  config.signers = {
      {fixture.keys->host_signing_key().public_key(), repository::SignerState::kActive},
      {crypto::Sha256(AsBytes("an old signer")), repository::SignerState::kRetired}};
  config.created = kSampleTime;
  config.pack_bytes = 33'554'432;
  config.zstd_level = int8_t{-2};
  config.key_mode = repository::KeyMode::kSplit;
  config.probe = "directory, conditional create";
  return config;
}

// A random writer key, sealed to the fixture's recipient and to a stranger.
inline repository::SessionObject SampleSession(ControlFixture& fixture) {
  SecretBytes writer_key(repository::kKeyBytes);
  fixture.random.Fill(writer_key.ExposeMutable());
  const auto second = crypto::BoxKeyPair::Generate(fixture.random);
  auto recipients = fixture.keys->data_public_keys();
  recipients.push_back(second.public_key());
  return repository::SealWriterKey(writer_key, recipients, fixture.identity(), fixture.random)
      .value();
}

// A pin on one random base.
inline repository::PinObject SamplePin(ControlFixture& fixture) {
  return {.bases = {repository::BackupId::New(fixture.random)},
          .client_version = "0.1.0",
          .started = kSampleTime,
          .extensions = {}};
}

// A COMMIT of two made-up objects.
inline repository::DecisionObject SampleCommit() {
  return {.verdict = repository::Verdict::kCommit,
          .manifest_sha256 = crypto::Sha256(AsBytes("manifest")),
          .reference_list_sha256 = crypto::Sha256(AsBytes("references")),
          .time = kSampleTime,
          .reason = "",
          .extensions = {}};
}

// An ABORT with a reason.
inline repository::DecisionObject SampleAbort() {
  return {.verdict = repository::Verdict::kAbort,
          .manifest_sha256 = {},
          .reference_list_sha256 = {},
          .time = kSampleTime,
          .reason = "no heartbeat for 24 hours",
          .extensions = {}};
}

// A plan to delete a pack and a pin of the fixture's writer.
inline repository::GcPlanObject SampleGcPlan(const ControlFixture& fixture) {
  return {.time = kSampleTime,
          .entries = {{repository::PackName{fixture.writer, repository::PackKind::kData, 7}.Key(),
                       "in no live backup"},
                      {repository::PinKey(fixture.writer), ""}},
          .extensions = {}};
}

// Packs of two writers, of both kinds.
inline repository::ReferenceList SampleReferenceList(ControlFixture& fixture) {
  using repository::PackKind;
  const auto pack = [](const repository::WriterId& writer, PackKind kind, uint32_t seq) {
    repository::PackEntry entry;
    entry.name = {writer, kind, seq};
    entry.size = 1'000'000 + seq;
    entry.sha256 = crypto::Sha256(AsBytes(entry.name.Key()));
    if (kind == PackKind::kData) {
      entry.etag = "\"d41d8cd98f00b204\"";
      entry.live_units = 40'000;
      entry.all_units = 65'536;
      entry.fingerprints = repository::FingerprintPlace{1, 96, 300'000, 524'300};
    }
    return entry;
  };
  const auto base = repository::WriterId::New(fixture.random);
  return repository::ReferenceList::FromEntries(
             {pack(base, PackKind::kData, 128), pack(base, PackKind::kMeta, 1),
              pack(fixture.writer, PackKind::kData, 0), pack(fixture.writer, PackKind::kMeta, 0),
              pack(fixture.writer, PackKind::kMeta, 1)})
      .value();
}

// A manifest with every optional field and two sub-trees, one without streams.
inline repository::Manifest SampleManifest(ControlFixture& fixture) {
  repository::Manifest manifest;
  manifest.kind = repository::BackupKind::kLogical;
  manifest.state = repository::BackupState::kPartial;
  manifest.started = kSampleTime;
  manifest.finished = kSampleTime + std::chrono::seconds(90);
  manifest.bases = {repository::BackupId::New(fixture.random)};
  manifest.reference_list_sha256 = crypto::Sha256(AsBytes("references"));
  manifest.session_sha256 = crypto::Sha256(AsBytes("session"));
  repository::SubtreeEntry empty;
  empty.name = "empty";
  empty.snapshot_time = kSampleTime;
  repository::SubtreeEntry shop;
  shop.name = "shop";
  shop.snapshot_time = kSampleTime;
  shop.attributes = {1, 2, 3};
  repository::NodeRef ref;
  ref.writer = fixture.writer;
  ref.offset = 96;
  ref.clen = 100;
  ref.rlen = 200;
  ref.id = crypto::Sha256(AsBytes("directory"));
  shop.directory = repository::NodePointer::Reference(ref);
  shop.streams = 12;
  shop.units = 34'567;
  shop.bytes = 283'172'864;
  shop.new_units = 5;
  shop.new_bytes = 40'960;
  shop.stored_bytes = 9'000;
  manifest.subtrees = {empty, shop};
  manifest.source = "production";
  manifest.label = "before the upgrade";
  manifest.sequence = repository::SourceSequence{41, crypto::Sha256(AsBytes("previous"))};
  manifest.client_version = "0.1.0";
  manifest.host = "db1.example";
  manifest.attributes = {9, 8, 7};
  return manifest;
}

// Fixed instead of derived: what a passphrase makes of it is tested elsewhere.
inline repository::KeySlotObject SampleKeySlot() {
  repository::KeySlotObject slot;
  slot.wrapped.salt.fill(0x5a);
  slot.wrapped.wrapped = Bytes(146, 0xa5);
  slot.label = "operator";
  slot.created = kSampleTime;
  return slot;
}

// One class of objects, as tests that hold for all of them see it.
struct ControlCase {
  std::string name;  // of the golden file
  repository::ObjectClass object_class{};
  std::string key;
  repository::SignerRule rule{};
  Bytes body;  // plain fields: of a manifest before it is sealed
  // The object around fields; signed by `signer`, or as the class demands when that is null.
  std::function<Bytes(ByteSpan body, const crypto::SigningKey* signer)> wrap;
  // Decodes as the object of `identity` and encodes the fields again.
  std::function<Result<Bytes>(ByteSpan object, const repository::ObjectIdentity& identity,
                              const repository::SignerSet& signers)>
      recode;
  bool subject_checked = true;  // false where any subject, or none, is right

  Bytes Object() const { return wrap(body, nullptr); }
};

// For printing by test frameworks.
inline std::string PrintCaseName(const ControlCase& sample) { return sample.name; }

// Makes the CRC at the end of an object right again, so that what is checked after it is reached.
inline void MendCrc(Bytes& object) {
  const size_t covered = object.size() - 4;
  const uint32_t crc = codec::Crc32c(ByteSpan(object).first(covered));
  for (size_t i = 0; i < 4; ++i) object[covered + i] = static_cast<uint8_t>(crc >> (8 * i));
}

namespace internal {

// Decodes with `decode(object, identity, signers)` and encodes the fields again.
template <class Decode, class Encode>
auto Recoder(Decode decode, Encode encode) {
  return [decode, encode](ByteSpan object, const repository::ObjectIdentity& identity,
                          const repository::SignerSet& signers) -> Result<Bytes> {
    PGK_ASSIGN_OR_RETURN(const auto value, decode(object, identity, signers));
    return encode(value);
  };
}

// Puts the envelope around fields; signed by `usual_signer` when the test names no other.
inline auto Wrapper(repository::ObjectClass object_class,
                    const repository::ObjectIdentity& identity,
                    const crypto::SigningKey* usual_signer) {
  return [=](ByteSpan body, const crypto::SigningKey* signer) {
    return repository::SealEnvelope(object_class, identity, body,
                                    signer != nullptr ? signer : usual_signer);
  };
}

// Signed by the operator, not by the host.
inline ControlCase ConfigCase(const ControlFixture& fixture) {
  using repository::ConfigObject;
  return {.name = "config",
          .object_class = repository::ObjectClass::kConfig,
          .key = repository::ConfigKey(3),
          .rule = repository::SignerRule::kSelf,
          .body = repository::EncodeConfigBody(SampleConfig(fixture)),
          .wrap = Wrapper(repository::ObjectClass::kConfig, {fixture.repository, {}},
                          fixture.keys->operator_signing_key()),
          .recode = Recoder(
              [keys = fixture.keys](ByteSpan object, const repository::ObjectIdentity& identity,
                                    const repository::SignerSet&) {
                return repository::DecodeConfig(object, identity.repository, 3,
                                                &keys->operator_public_key());
              },
              repository::EncodeConfigBody),
          .subject_checked = false};
}

// The one class that is never signed.
inline ControlCase KeySlotCase(const ControlFixture& fixture) {
  return {.name = "key_slot",
          .object_class = repository::ObjectClass::kKeySlot,
          .key = repository::KeySlotKey(0),
          .rule = repository::SignerRule::kUnsigned,
          .body = repository::EncodeKeySlotBody(SampleKeySlot()),
          .wrap = Wrapper(repository::ObjectClass::kKeySlot, {fixture.repository, {}}, nullptr),
          .recode = Recoder(
              [](ByteSpan object, const repository::ObjectIdentity& identity,
                 const repository::SignerSet&) {
                return repository::DecodeKeySlot(object, identity.repository, 0);
              },
              repository::EncodeKeySlotBody),
          .subject_checked = false};
}

// The one class whose fields are sealed.
inline ControlCase ManifestCase(ControlFixture& fixture) {
  const auto wrap = [keys = fixture.keys, identity = fixture.identity()](
                        ByteSpan body, const crypto::SigningKey* signer) {
    SeededRandom random(7);
    return repository::SealEnvelope(
        repository::ObjectClass::kManifest, identity,
        repository::SealManifestBody(body, identity, keys->meta_key(), random),
        signer != nullptr ? signer : &keys->host_signing_key());
  };
  return {.name = "manifest",
          .object_class = repository::ObjectClass::kManifest,
          .key = repository::ManifestKey(fixture.writer),
          .rule = repository::SignerRule::kRequired,
          .body = repository::EncodeManifestPlaintext(SampleManifest(fixture)),
          .wrap = wrap,
          .recode = Recoder(
              [keys = fixture.keys](ByteSpan object, const repository::ObjectIdentity& identity,
                                    const repository::SignerSet& signers) {
                return repository::DecodeManifest(object, identity, *keys, signers);
              },
              repository::EncodeManifestPlaintext)};
}

// A class of objects that belong to one writer and whose decoder has the usual form.
template <class Decode, class Encode>
ControlCase WriterCase(const ControlFixture& fixture, std::string name, std::string key,
                       repository::ObjectClass object_class, bool is_signed, Bytes body,
                       Decode decode, Encode encode) {
  return {.name = std::move(name),
          .object_class = object_class,
          .key = std::move(key),
          .rule = is_signed ? repository::SignerRule::kRequired : repository::SignerRule::kOptional,
          .body = std::move(body),
          .wrap = Wrapper(object_class, fixture.identity(),
                          is_signed ? &fixture.keys->host_signing_key() : nullptr),
          .recode = Recoder(decode, encode)};
}

// The one class whose subject says nothing.
inline ControlCase GcPlanCase(const ControlFixture& fixture) {
  ControlCase plan = WriterCase(
      fixture, "gc_plan", repository::GcPlanKey(12), repository::ObjectClass::kGcPlan, false,
      repository::EncodeGcPlanBody(SampleGcPlan(fixture)),
      [](ByteSpan object, const repository::ObjectIdentity& identity,
         const repository::SignerSet& signers) {
        return repository::DecodeGcPlan(object, identity.repository, 12, signers);
      },
      repository::EncodeGcPlanBody);
  plan.subject_checked = false;
  return plan;
}

// Its subject is the id of the lease.
inline ControlCase LeaseCase(const ControlFixture& fixture) {
  return WriterCase(
      fixture, "lease", repository::LeaseKey({fixture.writer.bytes}),
      repository::ObjectClass::kLease, false,
      repository::EncodeLeaseBody(
          {.time = kSampleTime, .holder = "db1.example, backup", .extensions = {}}),
      [](ByteSpan object, const repository::ObjectIdentity& identity,
         const repository::SignerSet& signers) {
        return repository::DecodeLease(object, identity.repository, {identity.subject.bytes},
                                       signers);
      },
      repository::EncodeLeaseBody);
}

// Of the same class as a pin.
inline ControlCase HeartbeatCase(const ControlFixture& fixture) {
  return WriterCase(
      fixture, "heartbeat", repository::HeartbeatKey(fixture.writer, 2),
      repository::ObjectClass::kPin, true,
      repository::EncodeHeartbeatBody({.time = kSampleTime, .extensions = {}}),
      [](ByteSpan object, const repository::ObjectIdentity& identity,
         const repository::SignerSet& signers) {
        return repository::DecodeHeartbeat(object, identity, 2, signers);
      },
      repository::EncodeHeartbeatBody);
}

}  // namespace internal

// Every class, as the fixture's host and operator write it.
inline std::vector<ControlCase> AllControlCases(ControlFixture& fixture) {
  using repository::ObjectClass;
  const repository::WriterId& writer = fixture.writer;
  std::vector<ControlCase> cases;
  cases.push_back(internal::ConfigCase(fixture));
  cases.push_back(internal::KeySlotCase(fixture));
  cases.push_back(internal::WriterCase(fixture, "session", repository::SessionKey(writer),
                                       ObjectClass::kSession, true,
                                       repository::EncodeSessionBody(SampleSession(fixture)),
                                       repository::DecodeSession, repository::EncodeSessionBody));
  cases.push_back(internal::WriterCase(fixture, "pin", repository::PinKey(writer),
                                       ObjectClass::kPin, true,
                                       repository::EncodePinBody(SamplePin(fixture)),
                                       repository::DecodePin, repository::EncodePinBody));
  cases.push_back(internal::HeartbeatCase(fixture));
  cases.push_back(internal::ManifestCase(fixture));
  cases.push_back(internal::WriterCase(
      fixture, "reference_list", repository::ReferenceListKey(writer), ObjectClass::kReferenceList,
      true, repository::EncodeReferenceListBody(SampleReferenceList(fixture)),
      repository::DecodeReferenceList, repository::EncodeReferenceListBody));
  cases.push_back(internal::WriterCase(fixture, "commit", repository::DecisionKey(writer),
                                       ObjectClass::kDecision, true,
                                       repository::EncodeDecisionBody(SampleCommit()),
                                       repository::DecodeDecision, repository::EncodeDecisionBody));
  cases.push_back(internal::WriterCase(fixture, "abort", repository::DecisionKey(writer),
                                       ObjectClass::kDecision, false,
                                       repository::EncodeDecisionBody(SampleAbort()),
                                       repository::DecodeDecision, repository::EncodeDecisionBody));
  cases.push_back(internal::WriterCase(
      fixture, "expiry", repository::ExpiryKey(writer), ObjectClass::kExpiry, false,
      repository::EncodeExpiryBody(
          {.time = kSampleTime, .reason = "older than 30 days", .extensions = {}}),
      repository::DecodeExpiry, repository::EncodeExpiryBody));
  cases.push_back(internal::GcPlanCase(fixture));
  cases.push_back(internal::LeaseCase(fixture));
  return cases;
}

}  // namespace pgkeep::testing
