#include "repository/object_names.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/check.h"
#include "repository/clean_text.h"
#include "repository/limits.h"

namespace pgkeep::repository {
namespace {

using Kind = ObjectName::Kind;

constexpr size_t kIdDigits = 32;

// A number in its one form: decimal without leading zeros, at least 1.
std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || text.front() == '0') return std::nullopt;
  return value;
}

// Exactly eight digits of `base`, lower case.
std::optional<uint32_t> ParseEightDigits(std::string_view text, int base) {
  const bool upper_case = std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'F'; });
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (text.size() != 8 || !whole || upper_case) return std::nullopt;
  return value;
}

// Takes `prefix` off the front of `text`, if it is there.
bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<ObjectName> ParseNumbered(Kind kind, std::string_view rest) {
  const std::optional<uint64_t> number = ParseNumber(rest);
  if (!number) return std::nullopt;
  return ObjectName{.kind = kind, .writer = {}, .lease = {}, .number = *number};
}

std::optional<ObjectName> ParseWriter(Kind kind, std::string_view rest) {
  const Result<WriterId> writer = WriterId::FromHex(rest);
  if (!writer) return std::nullopt;
  return ObjectName{.kind = kind, .writer = *writer, .lease = {}, .number = 0};
}

std::optional<ObjectName> ParsePinOrHeartbeat(std::string_view rest) {
  std::optional<ObjectName> name = ParseWriter(Kind::kPin, rest.substr(0, kIdDigits));
  if (!name || rest.size() == kIdDigits) return name;
  rest.remove_prefix(kIdDigits);
  if (!TakePrefix(rest, ".")) return std::nullopt;
  const std::optional<uint64_t> number = ParseNumber(rest);
  if (!number) return std::nullopt;
  name->kind = Kind::kHeartbeat;
  name->number = *number;
  return name;
}

std::optional<ObjectName> ParsePack(Kind kind, std::string_view rest) {
  std::optional<ObjectName> name = ParseWriter(kind, rest.substr(0, kIdDigits));
  if (!name) return std::nullopt;
  rest.remove_prefix(kIdDigits);
  if (!TakePrefix(rest, "/")) return std::nullopt;
  const std::optional<uint32_t> seq = ParseEightDigits(rest, 10);
  if (!seq) return std::nullopt;
  name->number = *seq;
  return name;
}

std::optional<ObjectName> ParseEight(Kind kind, std::string_view rest, int base) {
  const std::optional<uint32_t> number = ParseEightDigits(rest, base);
  if (!number) return std::nullopt;
  return ObjectName{.kind = kind, .writer = {}, .lease = {}, .number = *number};
}

std::optional<ObjectName> ParseLease(std::string_view rest) {
  const Result<LeaseId> lease = LeaseId::FromHex(rest);
  if (!lease) return std::nullopt;
  return ObjectName{.kind = Kind::kLease, .writer = {}, .lease = *lease, .number = 0};
}

std::optional<ObjectName> ParseKey(std::string_view key) {
  if (TakePrefix(key, kConfigPrefix)) return ParseNumbered(Kind::kConfig, key);
  if (TakePrefix(key, kConfigCopyPrefix)) return ParseNumbered(Kind::kConfigCopy, key);
  if (TakePrefix(key, kKeySlotPrefix)) return ParseEight(Kind::kKeySlot, key, 16);
  if (TakePrefix(key, kSessionPrefix)) return ParseWriter(Kind::kSession, key);
  if (TakePrefix(key, kPinPrefix)) return ParsePinOrHeartbeat(key);
  if (TakePrefix(key, kDataPackPrefix)) return ParsePack(Kind::kDataPack, key);
  if (TakePrefix(key, kMetaPackPrefix)) return ParsePack(Kind::kMetaPack, key);
  if (TakePrefix(key, kManifestPrefix)) return ParseWriter(Kind::kManifest, key);
  if (TakePrefix(key, kReferenceListPrefix)) return ParseWriter(Kind::kReferenceList, key);
  if (TakePrefix(key, kDecisionPrefix)) return ParseWriter(Kind::kDecision, key);
  if (TakePrefix(key, kExpiryPrefix)) return ParseWriter(Kind::kExpiry, key);
  if (TakePrefix(key, kGcPlanPrefix)) {
    const std::optional<ObjectName> name = ParseEight(Kind::kGcPlan, key, 10);
    return name && name->number == 0 ? std::nullopt : name;
  }
  if (TakePrefix(key, kLeasePrefix)) return ParseLease(key);
  return std::nullopt;
}

std::string WriterKey(std::string_view prefix, const WriterId& writer) {
  return fmt::format("{}{}", prefix, writer.Hex());
}

std::string NumberedKey(std::string_view prefix, uint64_t number) {
  PGK_CHECK(number >= 1);
  return fmt::format("{}{}", prefix, number);
}

}  // namespace

std::string ConfigKey(uint64_t generation) { return NumberedKey(kConfigPrefix, generation); }

std::string ConfigCopyKey(uint64_t generation) {
  return NumberedKey(kConfigCopyPrefix, generation);
}

std::string KeySlotKey(uint32_t slot) { return fmt::format("{}{:08x}", kKeySlotPrefix, slot); }

std::string SessionKey(const WriterId& writer) { return WriterKey(kSessionPrefix, writer); }

std::string PinKey(const WriterId& writer) { return WriterKey(kPinPrefix, writer); }

std::string HeartbeatKey(const WriterId& writer, uint64_t number) {
  return NumberedKey(PinKey(writer) + ".", number);
}

std::string ManifestKey(const WriterId& writer) { return WriterKey(kManifestPrefix, writer); }

std::string ReferenceListKey(const WriterId& writer) {
  return WriterKey(kReferenceListPrefix, writer);
}

std::string DecisionKey(const WriterId& writer) { return WriterKey(kDecisionPrefix, writer); }

std::string ExpiryKey(const WriterId& writer) { return WriterKey(kExpiryPrefix, writer); }

std::string GcPlanKey(uint32_t number) {
  PGK_CHECK(number >= 1 && number <= kMaxGcPlanNumber);
  return fmt::format("{}{:08}", kGcPlanPrefix, number);
}

std::string LeaseKey(const LeaseId& lease) {
  return fmt::format("{}{}", kLeasePrefix, lease.Hex());
}

std::string PackPrefix(PackKind kind, const WriterId& writer) {
  return WriterKey(kind == PackKind::kData ? kDataPackPrefix : kMetaPackPrefix, writer) + "/";
}

std::string ObjectName::Key() const {
  const auto small = static_cast<uint32_t>(number);
  switch (kind) {
    case Kind::kConfig:
      return ConfigKey(number);
    case Kind::kConfigCopy:
      return ConfigCopyKey(number);
    case Kind::kKeySlot:
      return KeySlotKey(small);
    case Kind::kSession:
      return SessionKey(writer);
    case Kind::kPin:
      return PinKey(writer);
    case Kind::kHeartbeat:
      return HeartbeatKey(writer, number);
    case Kind::kDataPack:
      return PackName{writer, PackKind::kData, small}.Key();
    case Kind::kMetaPack:
      return PackName{writer, PackKind::kMeta, small}.Key();
    case Kind::kManifest:
      return ManifestKey(writer);
    case Kind::kReferenceList:
      return ReferenceListKey(writer);
    case Kind::kDecision:
      return DecisionKey(writer);
    case Kind::kExpiry:
      return ExpiryKey(writer);
    case Kind::kGcPlan:
      return GcPlanKey(small);
    case Kind::kLease:
      return LeaseKey(lease);
  }
  PGK_CHECK(false, "unknown kind of object name");
  return {};
}

Result<ObjectName> ObjectName::Parse(std::string_view key) {
  if (std::optional<ObjectName> name = ParseKey(key)) return *name;
  // A listing is input: what it shows goes to logs only cleaned.
  return Err(ErrorCode::kInvalidArgument, "'{}' does not name an object of a repository",
             CleanText(key));
}

}  // namespace pgkeep::repository
