#include "repository/base_list.h"

#include <algorithm>

#include "repository/limits.h"

namespace pgkeep::repository {
namespace {

constexpr size_t kIdBytes = 16;

}  // namespace

Bytes EncodeBases(const std::vector<BackupId>& bases) {
  Bytes value;
  for (const BackupId& base : bases) Append(value, base.bytes);
  return value;
}

Result<std::vector<BackupId>> DecodeBases(ByteSpan value) {
  const size_t count = value.size() / kIdBytes;
  if (value.size() % kIdBytes != 0 || count > kMaxBases) {
    return Err(ErrorCode::kCorruption, "the list of bases has an impossible length");
  }
  std::vector<BackupId> bases;
  for (size_t i = 0; i < count; ++i) {
    const BackupId base = BackupId::FromBytes(value.subspan(i * kIdBytes, kIdBytes));
    if (base.IsZero() || std::ranges::find(bases, base) != bases.end()) {
      return Err(ErrorCode::kCorruption, "a base is zero or named twice");
    }
    bases.push_back(base);
  }
  return bases;
}

}  // namespace pgkeep::repository
