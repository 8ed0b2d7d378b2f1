// The configuration of a repository, `config.<n>` and its copy `cfgcopy/<n>`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/sealed_box.h"
#include "crypto/sign.h"
#include "repository/ids.h"
#include "repository/limits.h"
#include "repository/signer_set.h"
#include "repository/tlv.h"

namespace pgkeep::repository {

// How writers exclude each other (protocol.md).
enum class RepositoryMode : uint8_t { kConditionalCreate = 1, kExclusive = 2 };

// Whether the host that backs up can also read (keys.md).
enum class KeyMode : uint8_t { kSimple = 1, kSplit = 2 };

// What somebody wants to do with a repository; each has feature flags of its own.
enum class FeatureUse : uint8_t { kRead, kWrite, kCollect, kCheck };

// Flags of format features that a program must know before it does one of these.
struct FeatureFlags {
  uint32_t read = 0;
  uint32_t write = 0;
  uint32_t collect = 0;
  uint32_t check = 0;
  bool operator==(const FeatureFlags&) const = default;
};

// AES-256-GCM with HKDF-SHA-256; the only suite of format version 1.
inline constexpr uint8_t kSuiteAes256Gcm = 1;

// One generation of the configuration. A plain value. The highest valid generation counts.
struct ConfigObject {
  uint16_t format_major = kFormatMajor;
  FeatureFlags features;
  uint8_t suite = kSuiteAes256Gcm;
  uint64_t generation = 1;  // the n of its key
  crypto::PublicKey operator_public_key{};
  std::vector<crypto::BoxPublicKey> recipients;  // data recipients, newest last, 1..kMaxRecipients
  std::vector<Signer> signers;                   // every one that ever wrote, 1..kMaxSigners
  RepositoryMode mode = RepositoryMode::kConditionalCreate;
  std::optional<Timestamp> created;
  std::optional<uint32_t> pack_bytes;  // size at which packs are closed
  std::optional<int8_t> zstd_level;
  std::optional<KeyMode> key_mode;
  std::string probe;  // what the probe of the store found; may be empty
  TlvExtensions extensions;
  bool operator==(const ConfigObject&) const = default;
};

// The object `config.<generation>`, signed by the operator key. Errors: kInvalidArgument when the
// configuration is one that DecodeConfig would refuse (no recipient, duplicate signer, sizes out of
// range, operator key different from the signer's).
Result<Bytes> EncodeConfig(const ConfigObject& config, const RepositoryId& repository,
                           const crypto::SigningKey& operator_key);

// Reads and checks `config.<generation>` (or the copy). `operator_key` comes from the key ring: the
// configuration is the root of trust of all other signatures, so it must be signed by that key and
// name it. Null where there are no keys at all (collection, structural checks): then it must be
// signed by the operator key that it names, which finds damage but not a forger. Errors:
// kUnsupportedVersion for a newer format or suite; kWrongKey when it is another repository's or
// another operator's; else as OpenEnvelope. Does not check features: RequireFeatures does.
Result<ConfigObject> DecodeConfig(ByteSpan object, const RepositoryId& repository,
                                  uint64_t generation, const crypto::PublicKey* operator_key);

// Ok when this program knows all features that `use` needs; otherwise kUnsupportedVersion, which
// says what still works and to upgrade.
Status RequireFeatures(const ConfigObject& config, FeatureUse use);

// The body alone; for EncodeConfig, tests and fuzzers. DecodeConfigBody adds no key to its errors.
Bytes EncodeConfigBody(const ConfigObject& config);
Result<ConfigObject> DecodeConfigBody(ByteSpan body);

}  // namespace pgkeep::repository
