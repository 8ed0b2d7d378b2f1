#include "repository/config_object.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/endian.h"
#include "base/wire.h"
#include "codec/codec.h"
#include "repository/envelope.h"
#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

enum Tag : uint16_t {
  kTagFormat = 0x8001,
  kTagFeatures = 0x8002,
  kTagSuite = 0x8003,
  kTagGeneration = 0x8004,
  kTagOperatorKey = 0x8005,
  kTagRecipients = 0x8006,
  kTagSigners = 0x8007,
  kTagMode = 0x8008,
  kTagCreated = 0x0009,
  kTagPackBytes = 0x000a,
  kTagZstdLevel = 0x000b,
  kTagKeyMode = 0x000c,
  kTagProbe = 0x000d,
};

// Features that this program knows; format version 1 begins without any.
constexpr FeatureFlags kKnownFeatures = {.read = 0, .write = 0, .collect = 0, .check = 0};

constexpr size_t kPublicKeyBytes = 32;
constexpr size_t kSignerBytes = kPublicKeyBytes + 1;

Result<FeatureFlags> DecodeFeatures(ByteSpan value) {
  ByteReader reader(value);
  FeatureFlags flags;
  PGK_ASSIGN_OR_RETURN(flags.read, reader.U32());
  PGK_ASSIGN_OR_RETURN(flags.write, reader.U32());
  PGK_ASSIGN_OR_RETURN(flags.collect, reader.U32());
  PGK_ASSIGN_OR_RETURN(flags.check, reader.U32());
  return flags;
}

Result<std::vector<crypto::BoxPublicKey>> DecodeRecipients(ByteSpan value) {
  const size_t count = value.size() / kPublicKeyBytes;
  if (value.size() % kPublicKeyBytes != 0 || count < 1 || count > kMaxRecipients) {
    return Err(ErrorCode::kCorruption, "the list of data recipients has an impossible length");
  }
  std::vector<crypto::BoxPublicKey> recipients(count);
  for (size_t i = 0; i < count; ++i) {
    std::ranges::copy(value.subspan(i * kPublicKeyBytes, kPublicKeyBytes), recipients[i].begin());
  }
  if (std::set(recipients.begin(), recipients.end()).size() != count) {
    return Err(ErrorCode::kCorruption, "a data recipient is listed twice");
  }
  return recipients;
}

Result<std::vector<Signer>> DecodeSigners(ByteSpan value) {
  const size_t count = value.size() / kSignerBytes;
  if (value.size() % kSignerBytes != 0 || count < 1 || count > kMaxSigners) {
    return Err(ErrorCode::kCorruption, "the list of signers has an impossible length");
  }
  std::vector<Signer> signers(count);
  std::set<crypto::PublicKey> seen;
  for (size_t i = 0; i < count; ++i) {
    const ByteSpan entry = value.subspan(i * kSignerBytes, kSignerBytes);
    std::ranges::copy(entry.first(kPublicKeyBytes), signers[i].public_key.begin());
    const uint8_t state = entry[kPublicKeyBytes];
    if (state != static_cast<uint8_t>(SignerState::kActive) &&
        state != static_cast<uint8_t>(SignerState::kRetired)) {
      return Err(ErrorCode::kCorruption, "a signer has the unknown state {}", state);
    }
    signers[i].state = static_cast<SignerState>(state);
    if (!seen.insert(signers[i].public_key).second) {
      return Err(ErrorCode::kCorruption, "a signer is listed twice");
    }
  }
  return signers;
}

// Format and suite first: they decide whether the rest may be understood.
Status DecodeVersion(const TlvReader& fields, ConfigObject& config) {
  PGK_ASSIGN_OR_RETURN(config.format_major, fields.RequireU16(kTagFormat, "the format version"));
  if (config.format_major > kFormatMajor) {
    return Err(ErrorCode::kUnsupportedVersion,
               "was written by a newer pgkeep: format {}, this one reads up to {}",
               config.format_major, kFormatMajor);
  }
  if (config.format_major == 0) return Err(ErrorCode::kCorruption, "the format version is 0");
  PGK_ASSIGN_OR_RETURN(config.suite, fields.RequireU8(kTagSuite, "the cipher suite"));
  if (config.suite != kSuiteAes256Gcm) {
    return Err(ErrorCode::kUnsupportedVersion,
               "was written by a newer pgkeep: it uses the unknown cipher suite {}", config.suite);
  }
  return Ok();
}

Status DecodeDefaults(const TlvReader& fields, ConfigObject& config) {
  PGK_ASSIGN_OR_RETURN(config.created, fields.OptionalTime(kTagCreated, "the creation time"));
  if (fields.Has(kTagPackBytes)) {
    PGK_ASSIGN_OR_RETURN(const ByteSpan value,
                         fields.RequireSize(kTagPackBytes, 4, "the pack size"));
    config.pack_bytes = LoadLe32(value.data());
    if (*config.pack_bytes < kMinPackTargetBytes || *config.pack_bytes > kMaxPackBytes) {
      return Err(ErrorCode::kCorruption, "the pack size {} is out of range", *config.pack_bytes);
    }
  }
  if (fields.Has(kTagZstdLevel)) {
    PGK_ASSIGN_OR_RETURN(const uint8_t value, fields.RequireU8(kTagZstdLevel, "the zstd level"));
    config.zstd_level = static_cast<int8_t>(value);
    if (*config.zstd_level < codec::kZstdLevelMin || *config.zstd_level > codec::kZstdLevelMax) {
      return Err(ErrorCode::kCorruption, "the zstd level {} is out of range", *config.zstd_level);
    }
  }
  if (fields.Has(kTagKeyMode)) {
    PGK_ASSIGN_OR_RETURN(const uint8_t value, fields.RequireU8(kTagKeyMode, "the key mode"));
    if (value != static_cast<uint8_t>(KeyMode::kSimple) &&
        value != static_cast<uint8_t>(KeyMode::kSplit)) {
      return Err(ErrorCode::kCorruption, "the key mode {} is unknown", value);
    }
    config.key_mode = static_cast<KeyMode>(value);
  }
  PGK_ASSIGN_OR_RETURN(config.probe, fields.Text(kTagProbe, "the result of the probe"));
  return Ok();
}

Result<ConfigObject> DecodeSignedBy(const Envelope& envelope, uint64_t generation,
                                    const crypto::PublicKey* operator_key) {
  // First: what a stranger has signed says nothing, not even that it needs a newer program.
  if (operator_key != nullptr && *envelope.signer != *operator_key) {
    return Err(ErrorCode::kWrongKey, "was signed by another operator key than this key file's")
        .WithHint(
            "use the key file of this repository; if it is the right one, the configuration "
            "is forged");
  }
  PGK_ASSIGN_OR_RETURN(ConfigObject config, DecodeConfigBody(envelope.body));
  if (*envelope.signer != config.operator_public_key) {
    return Err(ErrorCode::kCorruption, "was not signed by the operator key that it names");
  }
  if (config.generation != generation) {
    return Err(ErrorCode::kCorruption, "holds the generation {}, not {}", config.generation,
               generation);
  }
  return config;
}

}  // namespace

Result<Bytes> EncodeConfig(const ConfigObject& config, const RepositoryId& repository,
                           const crypto::SigningKey& operator_key) {
  if (config.operator_public_key != operator_key.public_key()) {
    return Err(ErrorCode::kInvalidArgument, "the configuration names another operator key");
  }
  const Bytes body = EncodeConfigBody(config);
  // The reader's rules are the writer's rules: nothing is written that could not be read again.
  if (const Result<ConfigObject> check = DecodeConfigBody(body); !check) {
    return Error(ErrorCode::kInvalidArgument, check.error().message())
        .WithContext("new configuration");
  }
  return SealEnvelope(ObjectClass::kConfig, {repository, {}}, body, &operator_key);
}

Result<ConfigObject> DecodeConfig(ByteSpan object, const RepositoryId& repository,
                                  uint64_t generation, const crypto::PublicKey* operator_key) {
  const std::string key = ConfigKey(generation);
  PGK_ASSIGN_OR_RETURN(const Envelope envelope,
                       OpenEnvelope(object, {.object_class = ObjectClass::kConfig,
                                             .key = key,
                                             .repository = repository,
                                             .subject = WriterId{},
                                             .rule = SignerRule::kSelf}));
  Result<ConfigObject> config = DecodeSignedBy(envelope, generation, operator_key);
  if (!config) return InObject(key, std::move(config).error());
  return config;
}

Status RequireFeatures(const ConfigObject& config, FeatureUse use) {
  struct Row {
    const char* verb;
    uint32_t needed;
    uint32_t known;
  };
  const FeatureFlags& flags = config.features;
  const Row rows[] = {
      {"read", flags.read, kKnownFeatures.read},
      {"written to", flags.write, kKnownFeatures.write},
      {"cleaned up", flags.collect, kKnownFeatures.collect},
      {"checked", flags.check, kKnownFeatures.check},
  };
  const Row& row = rows[static_cast<size_t>(use)];
  const uint32_t unknown = row.needed & ~row.known;
  if (unknown == 0) return Ok();
  return Err(ErrorCode::kUnsupportedVersion,
             "the repository uses features of a newer pgkeep (flags {:08x}) and cannot be {} by "
             "this one",
             unknown, row.verb)
      .WithHint("upgrade pgkeep on this machine");
}

Bytes EncodeConfigBody(const ConfigObject& config) {
  TlvWriter fields;
  fields.AddU16(kTagFormat, config.format_major);
  Bytes features;
  ByteWriter writer(features);
  writer.U32(config.features.read);
  writer.U32(config.features.write);
  writer.U32(config.features.collect);
  writer.U32(config.features.check);
  fields.AddBytes(kTagFeatures, std::move(features));
  fields.AddU8(kTagSuite, config.suite);
  fields.AddU64(kTagGeneration, config.generation);
  fields.Add(kTagOperatorKey, config.operator_public_key);
  Bytes recipients;
  for (const crypto::BoxPublicKey& recipient : config.recipients) Append(recipients, recipient);
  fields.AddBytes(kTagRecipients, std::move(recipients));
  Bytes signers;
  for (const Signer& signer : config.signers) {
    Append(signers, signer.public_key);
    signers.push_back(static_cast<uint8_t>(signer.state));
  }
  fields.AddBytes(kTagSigners, std::move(signers));
  fields.AddU8(kTagMode, static_cast<uint8_t>(config.mode));
  fields.AddOptionalTime(kTagCreated, config.created);
  if (config.pack_bytes) fields.AddU32(kTagPackBytes, *config.pack_bytes);
  if (config.zstd_level) fields.AddU8(kTagZstdLevel, static_cast<uint8_t>(*config.zstd_level));
  if (config.key_mode) fields.AddU8(kTagKeyMode, static_cast<uint8_t>(*config.key_mode));
  fields.AddText(kTagProbe, config.probe);
  fields.AddExtensions(config.extensions);
  return fields.Finish();
}

Result<ConfigObject> DecodeConfigBody(ByteSpan body) {
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(body));
  ConfigObject config;
  PGK_TRY(DecodeVersion(fields, config));
  PGK_ASSIGN_OR_RETURN(
      config.extensions,
      fields.Extensions({kTagFormat, kTagFeatures, kTagSuite, kTagGeneration, kTagOperatorKey,
                         kTagRecipients, kTagSigners, kTagMode, kTagCreated, kTagPackBytes,
                         kTagZstdLevel, kTagKeyMode, kTagProbe}));
  PGK_ASSIGN_OR_RETURN(const ByteSpan features,
                       fields.RequireSize(kTagFeatures, 16, "the feature flags"));
  PGK_ASSIGN_OR_RETURN(config.features, DecodeFeatures(features));
  PGK_ASSIGN_OR_RETURN(config.generation, fields.RequireU64(kTagGeneration, "the generation"));
  if (config.generation == 0) return Err(ErrorCode::kCorruption, "the generation is 0");
  PGK_ASSIGN_OR_RETURN(const ByteSpan operator_key,
                       fields.RequireSize(kTagOperatorKey, kPublicKeyBytes, "the operator key"));
  std::ranges::copy(operator_key, config.operator_public_key.begin());
  PGK_ASSIGN_OR_RETURN(const ByteSpan recipients,
                       fields.Require(kTagRecipients, "the list of data recipients"));
  PGK_ASSIGN_OR_RETURN(config.recipients, DecodeRecipients(recipients));
  PGK_ASSIGN_OR_RETURN(const ByteSpan signers, fields.Require(kTagSigners, "the list of signers"));
  PGK_ASSIGN_OR_RETURN(config.signers, DecodeSigners(signers));
  PGK_ASSIGN_OR_RETURN(const uint8_t mode, fields.RequireU8(kTagMode, "the mode"));
  if (mode != static_cast<uint8_t>(RepositoryMode::kConditionalCreate) &&
      mode != static_cast<uint8_t>(RepositoryMode::kExclusive)) {
    return Err(ErrorCode::kCorruption, "the mode {} is unknown", mode);
  }
  config.mode = static_cast<RepositoryMode>(mode);
  PGK_TRY(DecodeDefaults(fields, config));
  return config;
}

}  // namespace pgkeep::repository
