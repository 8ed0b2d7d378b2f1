#include "archive/toc_reader.h"

#include <array>
#include <limits>
#include <utility>

#include "archive/decimal.h"
#include "base/check.h"
#include "base/error.h"
#include "base/file_util.h"

namespace pgkeep::archive {
namespace {

constexpr std::string_view kMagic = "PGDMP";
constexpr size_t kHeaderByteCount = 6;
constexpr size_t kReadBytes = size_t{64} << 10;

// Names of the steps in messages.
constexpr std::array<const char*, 27> kStepNames = {"magic",
                                                    "version",
                                                    "compression",
                                                    "creation time",
                                                    "database name",
                                                    "server version",
                                                    "pg_dump version",
                                                    "number of entries",
                                                    "dump id",
                                                    "data flag",
                                                    "catalog OID",
                                                    "OID",
                                                    "tag",
                                                    "kind",
                                                    "section",
                                                    "definition",
                                                    "drop statement",
                                                    "copy statement",
                                                    "schema",
                                                    "tablespace",
                                                    "access method",
                                                    "relation kind",
                                                    "owner",
                                                    "OID flag",
                                                    "dependencies",
                                                    "place of data",
                                                    "end"};

template <class... Args>
Error Damaged(fmt::format_string<Args...> format, Args&&... arguments) {
  return Err(ErrorCode::kCorruption, format, std::forward<Args>(arguments)...)
      .WithHint("the archive is damaged or cut off: make the dump again");
}

}  // namespace

// What has arrived from the current field on. Every method gives nothing, and takes nothing, when
// its bytes are not all there.
struct TocReader::Cursor {
  ByteSpan rest;
  uint8_t int_size = 0;
  size_t used = 0;
  // Set by a step that is to be repeated.
  bool again = false;

  std::optional<ByteSpan> Take(size_t count) {
    if (rest.size() - used < count) return {};
    const ByteSpan taken = rest.subspan(used, count);
    used += count;
    return taken;
  }

  Result<std::optional<int32_t>> Int() {
    const auto bytes = Take(size_t{1} + int_size);
    if (!bytes) return std::optional<int32_t>();
    const uint8_t sign = bytes->front();
    uint64_t magnitude = 0;
    for (size_t i = int_size; i > 0; --i) magnitude = magnitude << 8 | (*bytes)[i];
    constexpr uint64_t kMax = std::numeric_limits<int32_t>::max();
    if (sign > 1 || magnitude > kMax + sign || (sign == 1 && magnitude == 0)) {
      return Damaged("integer with sign {} and value {}", sign, magnitude);
    }
    const auto value = static_cast<int64_t>(magnitude);
    return std::optional<int32_t>(static_cast<int32_t>(sign == 1 ? -value : value));
  }

  // An integer of [min, max].
  Result<std::optional<int32_t>> IntBetween(int32_t min, int32_t max) {
    PGK_ASSIGN_OR_RETURN(const std::optional<int32_t> value, Int());
    if (value && (*value < min || *value > max)) {
      return Damaged("{} is not between {} and {}", *value, min, max);
    }
    return value;
  }

  Result<std::optional<OptionalText>> Text() {
    const size_t start = used;
    PGK_ASSIGN_OR_RETURN(const std::optional<int32_t> length, Int());
    if (!length) return std::optional<OptionalText>();
    if (*length == -1) return std::optional<OptionalText>(OptionalText());
    if (*length < 0) return Damaged("length {}", *length);
    if (static_cast<size_t>(*length) > kTocStringBytesMax) {
      return Err(ErrorCode::kLimitExceeded, "text of {} bytes, at most {} are read", *length,
                 kTocStringBytesMax);
    }
    const auto bytes = Take(static_cast<size_t>(*length));
    if (!bytes) {
      used = start;
      return std::optional<OptionalText>();
    }
    const std::string_view text = AsText(*bytes);
    if (text.find('\0') != std::string_view::npos) return Damaged("a NUL inside a text");
    return std::optional<OptionalText>(std::string(text));
  }

  // A text that is never NULL.
  Result<std::optional<std::string>> PresentText() {
    PGK_ASSIGN_OR_RETURN(std::optional<OptionalText> text, Text());
    if (!text) return std::optional<std::string>();
    if (!*text) return Damaged("missing text");
    return std::optional<std::string>(*std::move(*text));
  }

  // An unsigned decimal number as text.
  Result<std::optional<uint32_t>> DecimalText() {
    PGK_ASSIGN_OR_RETURN(const std::optional<std::string> text, PresentText());
    if (!text) return std::optional<uint32_t>();
    const auto value = ParseDecimal<uint32_t>(*text);
    if (!value) return Damaged("a number was expected");
    return std::optional<uint32_t>(*value);
  }
};

Result<bool> TocReader::Feed(ByteSpan piece) {
  PGK_CHECK(!complete() && !failed_, "the reader is complete or failed");
  if (position_ > 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(position_));
    base_ += position_;
    position_ = 0;
  }
  Append(buffer_, piece);
  failed_ = true;  // until it is known that nothing did
  while (!complete()) {
    const Result<bool> arrived = ReadStep();
    if (!arrived.ok()) return Error(arrived.error()).WithContext(DescribePlace());
    if (!*arrived) break;
  }
  const uint64_t needed = complete() ? bytes_read() : base_ + buffer_.size() + 1;
  if (needed > bytes_max_) {
    return Err(ErrorCode::kLimitExceeded,
               "the archive's table of contents is longer than the {} bytes that are read",
               bytes_max_);
  }
  failed_ = false;
  return complete();
}

Result<bool> TocReader::ReadStep() {
  Cursor cursor{.rest = ByteSpan(buffer_).subspan(position_), .int_size = toc_.header.int_size};
  PGK_ASSIGN_OR_RETURN(const bool arrived,
                       step_ < Step::kDumpId ? ReadHeaderField(cursor) : ReadEntryField(cursor));
  if (!arrived) return false;
  position_ += cursor.used;
  if (!cursor.again) PGK_TRY(Advance());
  return true;
}

Status TocReader::Advance() {
  const bool has_relation_kind = toc_.header.version >= kVersion16;
  switch (step_) {
    case Step::kCount:
      step_ = count_ == 0 ? Step::kComplete : Step::kDumpId;
      return Ok();
    case Step::kAccessMethod:
      step_ = has_relation_kind ? Step::kRelationKind : Step::kOwner;
      return Ok();
    case Step::kPlace:
      return EndEntry();
    default:
      step_ = static_cast<Step>(static_cast<int>(step_) + 1);
      return Ok();
  }
}

Status TocReader::EndEntry() {
  if (!seen_.insert(entry_.dump_id).second) {
    return Damaged("dump id {} is there twice", entry_.dump_id);
  }
  toc_.entries.push_back(std::exchange(entry_, {}));
  const bool last = std::cmp_equal(toc_.entries.size(), count_);
  step_ = last ? Step::kComplete : Step::kDumpId;
  return Ok();
}

Result<bool> TocReader::ReadHeaderField(Cursor& cursor) {
  switch (step_) {
    case Step::kMagic: {
      const auto magic = cursor.Take(kMagic.size());
      if (magic && AsText(*magic) != kMagic) {
        return Err(ErrorCode::kCorruption, "not a pg_dump archive: it does not begin with {}",
                   kMagic)
            .WithHint("archives are made by pg_dump in custom or directory format, not as SQL");
      }
      return magic.has_value();
    }
    case Step::kHeaderBytes:
      return ReadHeaderBytes(cursor);
    case Step::kCompression:
      return ReadCompression(cursor);
    case Step::kCreated:
      return ReadCreated(cursor);
    case Step::kCount:
      return ReadCount(cursor);
    default: {
      PGK_ASSIGN_OR_RETURN(auto text, cursor.Text());
      if (!text) return false;
      OptionalText& field = step_ == Step::kDatabase        ? toc_.header.database
                            : step_ == Step::kServerVersion ? toc_.header.server_version
                                                            : toc_.header.dump_version;
      field = *std::move(text);
      return true;
    }
  }
}

Result<bool> TocReader::ReadHeaderBytes(Cursor& cursor) {
  const auto bytes = cursor.Take(kHeaderByteCount);
  if (!bytes) return false;
  ArchiveHeader& header = toc_.header;
  header.version = {(*bytes)[0], (*bytes)[1], (*bytes)[2]};
  if (header.version != kVersion14 && header.version != kVersion15 &&
      header.version != kVersion16) {
    return Err(ErrorCode::kUnsupportedVersion,
               "archive format {}.{}.{}; 1.14, 1.15 and 1.16 are understood", header.version.major,
               header.version.minor, header.version.revision)
        .WithHint("use pg_dump of PostgreSQL 12 to 18, or a newer pgkeep");
  }
  header.int_size = (*bytes)[3];
  header.offset_size = (*bytes)[4];
  if (header.int_size < sizeof(int32_t) || header.int_size > kIntBytesMax ||
      header.offset_size < sizeof(int32_t) || header.offset_size > kOffsetBytesMax) {
    return Damaged("integers of {} and offsets of {} bytes", header.int_size, header.offset_size);
  }
  const uint8_t format = (*bytes)[5];
  if (format != static_cast<uint8_t>(ArchiveFormat::kCustom) &&
      format != static_cast<uint8_t>(ArchiveFormat::kTar)) {
    return Damaged("archive format code {}", format);
  }
  header.format = static_cast<ArchiveFormat>(format);
  return true;
}

Result<bool> TocReader::ReadCompression(Cursor& cursor) {
  if (toc_.header.version >= kVersion15) {
    const auto byte = cursor.Take(1);
    if (!byte) return false;
    if (byte->front() > static_cast<uint8_t>(Compression::kZstd)) {
      return Damaged("code {}", byte->front());
    }
    toc_.header.compression = static_cast<Compression>(byte->front());
    return true;
  }
  PGK_ASSIGN_OR_RETURN(const auto level, cursor.IntBetween(-1, 9));
  if (!level) return false;
  toc_.header.compression = *level == 0 ? Compression::kNone : Compression::kGzip;
  toc_.header.gzip_level = *level == 0 ? -1 : *level;
  return true;
}

Result<bool> TocReader::ReadCreated(Cursor& cursor) {
  CreationTime& time = toc_.header.created;
  for (int32_t* field :
       {&time.second, &time.minute, &time.hour, &time.day, &time.month, &time.year, &time.is_dst}) {
    PGK_ASSIGN_OR_RETURN(const auto value, cursor.Int());
    if (!value) return false;
    *field = *value;
  }
  return true;
}

Result<bool> TocReader::ReadCount(Cursor& cursor) {
  PGK_ASSIGN_OR_RETURN(const auto count, cursor.IntBetween(0, kTocEntriesMax));
  if (!count) return false;
  count_ = *count;
  return true;
}

Result<bool> TocReader::ReadEntryField(Cursor& cursor) {
  switch (step_) {
    case Step::kDumpId:
    case Step::kHasData:
    case Step::kCatalogOid:
    case Step::kOid:
    case Step::kSection:
    case Step::kRelationKind:
      return ReadEntryNumber(cursor);
    case Step::kDependency:
      return ReadDependency(cursor);
    case Step::kPlace:
      return ReadPlace(cursor);
    default:
      return ReadEntryText(cursor);
  }
}

Result<bool> TocReader::ReadEntryNumber(Cursor& cursor) {
  if (step_ == Step::kCatalogOid || step_ == Step::kOid) {
    PGK_ASSIGN_OR_RETURN(const auto oid, cursor.DecimalText());
    if (!oid) return false;
    (step_ == Step::kOid ? entry_.oid : entry_.catalog_oid) = *oid;
    return true;
  }
  constexpr int32_t kMax = std::numeric_limits<int32_t>::max();
  const auto [min, max] = step_ == Step::kDumpId    ? std::pair(1, kMax)
                          : step_ == Step::kHasData ? std::pair(0, 1)
                          : step_ == Step::kSection ? std::pair(1, 4)
                                                    : std::pair(0, 255);
  PGK_ASSIGN_OR_RETURN(const auto value, cursor.IntBetween(min, max));
  if (!value) return false;
  if (step_ == Step::kDumpId) entry_.dump_id = *value;
  if (step_ == Step::kHasData) entry_.has_data = *value == 1;
  if (step_ == Step::kSection) entry_.section = static_cast<Section>(*value);
  if (step_ == Step::kRelationKind) entry_.relation_kind = *value;
  return true;
}

Result<bool> TocReader::ReadEntryText(Cursor& cursor) {
  if (step_ == Step::kTag || step_ == Step::kKind || step_ == Step::kWithOids) {
    PGK_ASSIGN_OR_RETURN(auto text, cursor.PresentText());
    if (!text) return false;
    if (step_ == Step::kTag) entry_.tag = *std::move(text);
    if (step_ == Step::kKind) entry_.kind = *std::move(text);
    // "true" would be a table WITH OIDS, which no pg_dump with these versions knows.
    if (step_ == Step::kWithOids && *text != "false") return Damaged("flag is not \"false\"");
    return true;
  }
  PGK_ASSIGN_OR_RETURN(auto text, cursor.Text());
  if (!text) return false;
  OptionalText& field = step_ == Step::kDefinition      ? entry_.definition
                        : step_ == Step::kDropStatement ? entry_.drop_statement
                        : step_ == Step::kCopyStatement ? entry_.copy_statement
                        : step_ == Step::kSchema        ? entry_.schema
                        : step_ == Step::kTablespace    ? entry_.tablespace
                        : step_ == Step::kAccessMethod  ? entry_.access_method
                                                        : entry_.owner;
  field = *std::move(text);
  return true;
}

Result<bool> TocReader::ReadDependency(Cursor& cursor) {
  PGK_ASSIGN_OR_RETURN(const auto text, cursor.Text());
  if (!text) return false;
  if (!*text) return true;  // NULL ends the list
  const auto id = ParseDecimal<int32_t>(**text);
  if (!id || *id == 0) return Damaged("a dependency that is not a dump id");
  entry_.dependencies.push_back(*id);
  cursor.again = true;
  return true;
}

Result<bool> TocReader::ReadPlace(Cursor& cursor) {
  if (toc_.header.format == ArchiveFormat::kTar) {
    PGK_ASSIGN_OR_RETURN(auto name, cursor.PresentText());
    if (!name) return false;
    entry_.file_name = *std::move(name);
    return true;
  }
  const auto bytes = cursor.Take(size_t{1} + toc_.header.offset_size);
  if (!bytes) return false;
  if (bytes->front() < 1 || bytes->front() > 3) return Damaged("code {}", bytes->front());
  entry_.offset_state = static_cast<OffsetState>(bytes->front());
  for (size_t i = bytes->size() - 1; i > 0; --i) entry_.offset = entry_.offset << 8 | (*bytes)[i];
  return true;
}

std::string TocReader::DescribePlace() const {
  const char* step = kStepNames.at(static_cast<size_t>(step_));
  if (step_ < Step::kDumpId) return fmt::format("{} in the archive's header", step);
  return fmt::format("{} of entry {} of {}", step, toc_.entries.size() + 1, count_);
}

Result<Toc> TocReader::Take() && {
  PGK_CHECK(!failed_, "the reader failed");
  if (complete()) return std::move(toc_);
  return Damaged("the archive ends inside its table of contents: {} bytes, then the {} is missing",
                 base_ + buffer_.size(), DescribePlace());
}

Result<Toc> ReadArchiveHead(const std::function<Result<size_t>(MutableByteSpan)>& read,
                            uint64_t bytes_max) {
  TocReader reader(bytes_max);
  Bytes piece(kReadBytes);
  for (bool complete = false; !complete;) {
    PGK_ASSIGN_OR_RETURN(const size_t count, read(piece));
    if (count == 0) break;
    PGK_ASSIGN_OR_RETURN(complete, reader.Feed(ByteSpan(piece).first(count)));
  }
  return std::move(reader).Take();
}

Result<Toc> DecodeToc(ByteSpan bytes) {
  TocReader reader;
  PGK_TRY(reader.Feed(bytes));
  if (reader.complete() && reader.bytes_read() != bytes.size()) {
    return Damaged("{} bytes follow the archive's table of contents",
                   bytes.size() - reader.bytes_read());
  }
  return std::move(reader).Take();
}

Result<Toc> ReadDirectoryToc(FileSystem& files, const std::string& directory) {
  const std::string path = JoinPath(directory, "toc.dat");
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.OpenRead(path));
  uint64_t offset = 0;
  Result<Toc> toc = ReadArchiveHead([&](MutableByteSpan out) -> Result<size_t> {
    PGK_ASSIGN_OR_RETURN(const size_t count, file->ReadAt(offset, out));
    offset += count;
    return count;
  });
  if (!toc.ok()) return std::move(toc).error().WithContext("reading " + path);
  return toc;
}

}  // namespace pgkeep::archive
