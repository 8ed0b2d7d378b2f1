#include "repository/ids.h"

#include "repository/limits.h"
#include "repository/object_names.h"

namespace pgkeep::repository {

namespace internal {

Result<ByteArray<16>> ParseIdHex(std::string_view text) {
  const bool lower_case = std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (text.size() != 32 || !lower_case) {
    return Err(ErrorCode::kInvalidArgument, "an id has 32 lower-case hexadecimal digits");
  }
  PGK_ASSIGN_OR_RETURN(const Bytes bytes, HexDecode(text));
  ByteArray<16> id{};
  std::ranges::copy(bytes, id.begin());
  return id;
}

}  // namespace internal

std::string PackName::Key() const {
  PGK_CHECK(seq <= kMaxPackSeq);
  return fmt::format("{}{:08}", PackPrefix(kind, writer), seq);
}

Result<PackName> PackName::Parse(std::string_view key) {
  PGK_ASSIGN_OR_RETURN(const ObjectName name, ObjectName::Parse(key));
  const bool data = name.kind == ObjectName::Kind::kDataPack;
  if (!data && name.kind != ObjectName::Kind::kMetaPack) {
    return Err(ErrorCode::kInvalidArgument, "'{}' does not name a pack", key);
  }
  return PackName{name.writer, data ? PackKind::kData : PackKind::kMeta,
                  static_cast<uint32_t>(name.number)};
}

}  // namespace pgkeep::repository
