// The keys of a repository's objects: the only place that builds and parses them (control.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "repository/ids.h"

namespace pgkeep::repository {

// Prefixes for listings. Each ends where the variable part begins.
inline constexpr std::string_view kConfigPrefix = "config.";
inline constexpr std::string_view kConfigCopyPrefix = "cfgcopy/";
inline constexpr std::string_view kKeySlotPrefix = "key/";
inline constexpr std::string_view kSessionPrefix = "ses/";
inline constexpr std::string_view kPinPrefix = "pin/";  // pins and heartbeats
inline constexpr std::string_view kDataPackPrefix = "p/";
inline constexpr std::string_view kMetaPackPrefix = "m/";
inline constexpr std::string_view kManifestPrefix = "man/";
inline constexpr std::string_view kReferenceListPrefix = "ref/";
inline constexpr std::string_view kDecisionPrefix = "dec/";
inline constexpr std::string_view kExpiryPrefix = "exp/";
inline constexpr std::string_view kGcPlanPrefix = "gcplan/";
inline constexpr std::string_view kLeasePrefix = "lease/";
inline constexpr std::string_view kExportPrefix = "export/";
inline constexpr std::string_view kWalPrefix = "wal/";

// Generations, heartbeats and plans are numbered from 1. REQUIRES: number >= 1 (and at most
// kMaxGcPlanNumber for plans, whose names have eight digits so that they list in order).
inline constexpr uint32_t kMaxGcPlanNumber = 99'999'999;
std::string ConfigKey(uint64_t generation);
std::string ConfigCopyKey(uint64_t generation);
std::string KeySlotKey(uint32_t slot);
std::string SessionKey(const WriterId& writer);
std::string PinKey(const WriterId& writer);
std::string HeartbeatKey(const WriterId& writer, uint64_t number);
std::string ManifestKey(const WriterId& writer);
std::string ReferenceListKey(const WriterId& writer);
std::string DecisionKey(const WriterId& writer);
std::string ExpiryKey(const WriterId& writer);
std::string GcPlanKey(uint32_t number);
std::string LeaseKey(const LeaseId& lease);

// Prefix of all data or metadata packs of one writer: "p/<writer>/".
std::string PackPrefix(PackKind kind, const WriterId& writer);

// What a key names. `number` is the generation, slot, heartbeat or plan; `id` the writer or the
// lease.
struct ObjectName {
  enum class Kind {
    kConfig,
    kConfigCopy,
    kKeySlot,
    kSession,
    kPin,
    kHeartbeat,
    kDataPack,
    kMetaPack,
    kManifest,
    kReferenceList,
    kDecision,
    kExpiry,
    kGcPlan,
    kLease,
  };

  Kind kind = Kind::kConfig;
  WriterId writer;      // zero where the kind has none
  LeaseId lease;        // kLease only
  uint64_t number = 0;  // config, slot, heartbeat, plan, pack sequence

  bool operator==(const ObjectName&) const = default;

  // The one key that Parse() maps to this name.
  std::string Key() const;

  // Parses any key of the kinds above. kInvalidArgument for every other text, also where it differs
  // from the canonical key in case or leading zeros only; callers decide whether a stranger in a
  // listing is ignored or reported.
  static Result<ObjectName> Parse(std::string_view key);
};

}  // namespace pgkeep::repository
