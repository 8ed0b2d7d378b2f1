#include "repository/gc_plan_object.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/wire.h"
#include "repository/clean_text.h"
#include "repository/limits.h"
#include "repository/object_names.h"
#include "storage/object_store.h"

namespace pgkeep::repository {
namespace {

enum Tag : uint16_t { kTagTime = 0x0001, kTagEntries = 0x0002 };

constexpr size_t kEntryBytesMin = 1 + 1 + 1;  // two lengths and the shortest key

Result<GcPlanEntry> DecodeEntry(ByteReader& reader) {
  PGK_ASSIGN_OR_RETURN(const ByteSpan key, reader.VarBytes(storage::kMaxKeyBytes, "key"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan reason, reader.VarBytes(kMaxTextBytes, "reason"));
  if (!storage::ValidateKey(AsText(key)).ok()) {
    return Err(ErrorCode::kCorruption, "an entry names an impossible key");
  }
  if (!IsCleanText(AsText(reason))) {
    return Err(ErrorCode::kCorruption, "a reason is not plain text");
  }
  return GcPlanEntry{std::string(AsText(key)), std::string(AsText(reason))};
}

}  // namespace

Result<Bytes> EncodeGcPlan(const GcPlanObject& plan, const RepositoryId& repository,
                           crypto::RandomSource& random, const crypto::SigningKey* signer) {
  const Bytes body = EncodeGcPlanBody(plan);
  if (plan.entries.size() > kMaxGcPlanEntries ||
      body.size() + kEnvelopeHeaderBytes + kSignedTailBytes > kMaxGcPlanObjectBytes) {
    return Err(ErrorCode::kLimitExceeded, "the collection plan has too many entries ({})",
               plan.entries.size());
  }
  return SealEnvelope(ObjectClass::kGcPlan, {repository, WriterId::New(random)}, body, signer);
}

Result<GcPlanObject> DecodeGcPlan(ByteSpan object, const RepositoryId& repository, uint32_t number,
                                  const SignerSet& signers) {
  const std::string key = GcPlanKey(number);
  PGK_ASSIGN_OR_RETURN(const Envelope envelope,
                       OpenEnvelope(object, {.object_class = ObjectClass::kGcPlan,
                                             .key = key,
                                             .repository = repository,
                                             .subject = std::nullopt,
                                             .rule = SignerRule::kOptional,
                                             .signers = &signers}));
  Result<GcPlanObject> plan = DecodeGcPlanBody(envelope.body);
  if (!plan) return InObject(key, std::move(plan).error());
  return plan;
}

Bytes EncodeGcPlanBody(const GcPlanObject& plan) {
  Bytes entries;
  ByteWriter writer(entries);
  writer.Varint(plan.entries.size());
  for (const GcPlanEntry& entry : plan.entries) {
    PGK_CHECK(storage::ValidateKey(entry.key).ok());
    writer.VarBytes(AsBytes(entry.key));
    writer.VarBytes(AsBytes(CleanText(entry.reason)));
  }
  TlvWriter fields;
  fields.AddOptionalTime(kTagTime, plan.time);
  fields.AddBytes(kTagEntries, std::move(entries));
  fields.AddExtensions(plan.extensions);
  return fields.Finish();
}

Result<GcPlanObject> DecodeGcPlanBody(ByteSpan body) {
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(body));
  GcPlanObject plan;
  PGK_ASSIGN_OR_RETURN(plan.extensions, fields.Extensions({kTagTime, kTagEntries}));
  PGK_ASSIGN_OR_RETURN(plan.time, fields.OptionalTime(kTagTime, "the time"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan entries, fields.Require(kTagEntries, "the list of keys"));
  ByteReader reader(entries);
  PGK_ASSIGN_OR_RETURN(const uint64_t count,
                       reader.VarintMax(kMaxGcPlanEntries, "number of entries"));
  plan.entries.reserve(std::min<size_t>(count, reader.remaining() / kEntryBytesMin));
  for (uint64_t i = 0; i < count; ++i) {
    PGK_ASSIGN_OR_RETURN(GcPlanEntry entry, DecodeEntry(reader));
    plan.entries.push_back(std::move(entry));
  }
  PGK_TRY(reader.ExpectEnd());
  return plan;
}

}  // namespace pgkeep::repository
