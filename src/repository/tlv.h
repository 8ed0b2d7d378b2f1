// The body of control objects and key bundles: tag u16 | varint length | value, tags strictly
// ascending. Equal bodies are equal bytes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace pgkeep::repository {

// A reader that does not know a tag with this bit must refuse the whole object.
inline constexpr uint16_t kTlvMandatoryBit = 0x8000;

// Most fields in one body.
inline constexpr size_t kMaxTlvFields = 256;

// Times in objects are from 1970 to the end of the year 9999, so that each can be printed.
inline constexpr Timestamp kMaxObjectTime{Duration{253'402'300'799'999'999}};

// One field.
struct TlvField {
  uint16_t tag = 0;
  Bytes value;
  bool operator==(const TlvField&) const = default;
};

// Optional fields that a newer pgkeep wrote and this one does not know. Kept, so that writing an
// object again loses nothing and gives the same bytes. Ascending, without kTlvMandatoryBit.
using TlvExtensions = std::vector<TlvField>;

// Collects fields in any order and writes them sorted. One thread at a time. Cannot fail: adding a
// tag twice or a time out of range is a programmer error.
class TlvWriter {
 public:
  void Add(uint16_t tag, ByteSpan value);
  void AddBytes(uint16_t tag, Bytes value);
  void AddU8(uint16_t tag, uint8_t value);
  void AddU16(uint16_t tag, uint16_t value);
  void AddU32(uint16_t tag, uint32_t value);
  void AddU64(uint16_t tag, uint64_t value);
  void AddTime(uint16_t tag, Timestamp time);

  // Left out when empty: an optional text has one encoding only. Written as CleanText() makes it.
  void AddText(uint16_t tag, std::string_view text);
  void AddOptionalTime(uint16_t tag, const std::optional<Timestamp>& time);

  void AddExtensions(const TlvExtensions& extensions);

  // The body; the writer is empty afterwards.
  Bytes Finish();

 private:
  std::map<uint16_t, Bytes> fields_;
};

// Reads a body that it borrows. One thread at a time. Errors are kCorruption unless said otherwise.
class TlvReader {
 public:
  // Checks the structure: order, lengths, canonical varints, number of fields. Allocates one small
  // entry per field, none of whose size comes from the input.
  static Result<TlvReader> Parse(ByteSpan body);

  // Refuses unknown mandatory tags with kUnsupportedVersion and returns the unknown optional
  // fields.
  Result<TlvExtensions> Extensions(std::initializer_list<uint16_t> known) const;

  bool Has(uint16_t tag) const { return Find(tag).has_value(); }

  // The value, borrowed; nullopt if there is none.
  std::optional<ByteSpan> Find(uint16_t tag) const;

  // The value of a field that must be there; `what` names it in errors.
  Result<ByteSpan> Require(uint16_t tag, const char* what) const;
  Result<ByteSpan> RequireSize(uint16_t tag, size_t size, const char* what) const;
  Result<uint8_t> RequireU8(uint16_t tag, const char* what) const;
  Result<uint16_t> RequireU16(uint16_t tag, const char* what) const;
  Result<uint64_t> RequireU64(uint16_t tag, const char* what) const;
  Result<Timestamp> RequireTime(uint16_t tag, const char* what) const;

  // Empty when the field is absent. Refuses an empty field and what IsCleanText() refuses.
  Result<std::string> Text(uint16_t tag, const char* what) const;
  Result<std::optional<Timestamp>> OptionalTime(uint16_t tag, const char* what) const;

 private:
  struct Entry {
    uint16_t tag;
    ByteSpan value;
  };
  std::vector<Entry> entries_;
};

// Reads a time of eight bytes and checks its range. kCorruption.
Result<Timestamp> DecodeTime(ByteSpan value, const char* what);

}  // namespace pgkeep::repository
