// The names that everything in a repository is known by.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/array.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/result.h"
#include "crypto/random.h"

namespace pgkeep::repository {

namespace internal {
// The strict parser behind Id16::FromHex: 32 lower-case digits, because keys are case-exact.
Result<ByteArray<16>> ParseIdHex(std::string_view text);
}  // namespace internal

// A random 128-bit name. The tag keeps names of different things apart. A plain value; ordered by
// its bytes, which is also the order of its hexadecimal text.
template <class Tag>
struct Id16 {
  ByteArray<16> bytes{};

  auto operator<=>(const Id16&) const = default;

  bool IsZero() const {
    return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
  }

  // 32 lower-case digits.
  std::string Hex() const { return HexEncode(bytes); }

  // The inverse of Hex(). kInvalidArgument for everything else, upper-case digits too.
  static Result<Id16> FromHex(std::string_view text) {
    PGK_ASSIGN_OR_RETURN(const auto bytes, internal::ParseIdHex(text));
    return Id16{bytes};
  }

  // A copy of exactly 16 bytes. REQUIRES: bytes.size() == 16.
  static Id16 FromBytes(ByteSpan source) {
    PGK_CHECK(source.size() == 16, "an id has 16 bytes");
    Id16 id;
    std::ranges::copy(source, id.bytes.begin());
    return id;
  }

  // A new one. Never zero, which stands for "nobody" in some objects.
  static Id16 New(crypto::RandomSource& random) {
    Id16 id;
    do {
      random.Fill(id.bytes);
    } while (id.IsZero());
    return id;
  }
};

// One repository; in every object, so that objects of two repositories cannot be mixed.
using RepositoryId = Id16<struct RepositoryTag>;

// One attempt to write a backup, never used twice.
using WriterId = Id16<struct WriterTag>;

// A backup is known by the writer that committed it.
using BackupId = WriterId;

// One holder of the lease of exclusive mode.
using LeaseId = Id16<struct LeaseTag>;

// What a pack holds; the values are bytes of the format.
enum class PackKind : uint8_t { kData = 1, kMeta = 2 };

// Names one pack. Ordered by writer, kind, number: the order of the reference list.
struct PackName {
  WriterId writer;
  PackKind kind = PackKind::kData;
  uint32_t seq = 0;  // at most kMaxPackSeq; data and metadata packs are numbered apart

  auto operator<=>(const PackName&) const = default;

  // "p/<writer>/<seq8>" or "m/<writer>/<seq8>". REQUIRES: seq <= kMaxPackSeq.
  std::string Key() const;

  // The inverse of Key(). kInvalidArgument for everything that Key() does not make.
  static Result<PackName> Parse(std::string_view key);
};

}  // namespace pgkeep::repository

// Ids are random, so any eight of their bytes spread well. An attacker who chooses ids can slow a
// hash table down; tables whose size he controls are ordered ones.
template <class Tag>
struct std::hash<pgkeep::repository::Id16<Tag>> {
  size_t operator()(const pgkeep::repository::Id16<Tag>& id) const noexcept {
    size_t value = 0;
    for (size_t i = 0; i < sizeof(value); ++i) value = value << 8 | id.bytes[i];
    return value;
  }
};
