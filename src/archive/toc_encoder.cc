#include "archive/toc_encoder.h"

#include <fmt/format.h>

#include <bit>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "archive/format_int.h"
#include "archive/limits.h"
#include "base/error.h"

namespace pgkeep::archive {
namespace {

// Appends fields. Errors say what cannot be written, not where.
class Encoder {
 public:
  Encoder(const ArchiveHeader& header, Bytes& out) : header_(header), out_(out) {}

  void Byte(uint8_t value) { out_.push_back(value); }

  void Int(int32_t value) { AppendInt(out_, value, header_.int_size); }

  Status Text(const OptionalText& text) {
    if (!text) {
      Int(-1);
      return Ok();
    }
    return PresentText(*text);
  }

  Status PresentText(std::string_view text) {
    if (text.size() > kTocStringBytesMax) {
      return Err(ErrorCode::kLimitExceeded, "a text of {} bytes", text.size());
    }
    if (text.find('\0') != std::string_view::npos) {
      return Error(ErrorCode::kInvalidArgument, "a text with a NUL in it");
    }
    Int(static_cast<int32_t>(text.size()));
    Append(out_, AsBytes(text));
    return Ok();
  }

  Status Place(const TocEntry& entry) {
    if (header_.format == ArchiveFormat::kTar) return PresentText(entry.file_name.value_or(""));
    const auto bits = static_cast<unsigned>(std::bit_width(entry.offset));
    if (bits > header_.offset_size * 8U) {
      return Err(ErrorCode::kInvalidArgument, "offset {} in {} bytes", entry.offset,
                 header_.offset_size);
    }
    Byte(static_cast<uint8_t>(entry.offset_state));
    AppendLittleEndian(out_, entry.offset, header_.offset_size);
    return Ok();
  }

 private:
  const ArchiveHeader& header_;
  Bytes& out_;
};

Status CheckHeader(const ArchiveHeader& header) {
  if (header.version != kVersion14 && header.version != kVersion15 &&
      header.version != kVersion16) {
    return Err(ErrorCode::kInvalidArgument, "archive format {}.{}.{} cannot be written",
               header.version.major, header.version.minor, header.version.revision);
  }
  if (header.int_size < sizeof(int32_t) || header.int_size > kIntBytesMax ||
      header.offset_size < sizeof(int32_t) || header.offset_size > kOffsetBytesMax) {
    return Err(ErrorCode::kInvalidArgument, "integers of {} and offsets of {} bytes",
               header.int_size, header.offset_size);
  }
  const bool has_level = header.compression == Compression::kGzip && header.version < kVersion15;
  const bool level_fits =
      has_level ? header.gzip_level >= -1 && header.gzip_level <= 9 && header.gzip_level != 0
                : header.gzip_level == -1;
  if (!level_fits || (header.version < kVersion15 && header.compression > Compression::kGzip)) {
    return Err(ErrorCode::kInvalidArgument, "compression {} with level {} in format 1.{}",
               static_cast<int>(header.compression), header.gzip_level, header.version.minor);
  }
  return Ok();
}

Status EncodeHeader(const ArchiveHeader& header, Encoder& out) {
  PGK_TRY(CheckHeader(header));
  for (const char letter : std::string_view("PGDMP")) out.Byte(static_cast<uint8_t>(letter));
  for (const uint8_t byte : {header.version.major, header.version.minor, header.version.revision,
                             header.int_size, header.offset_size}) {
    out.Byte(byte);
  }
  out.Byte(static_cast<uint8_t>(header.format));
  if (header.version >= kVersion15) {
    out.Byte(static_cast<uint8_t>(header.compression));
  } else {
    out.Int(header.compression == Compression::kNone ? 0 : header.gzip_level);
  }
  const CreationTime& time = header.created;
  for (const int32_t field :
       {time.second, time.minute, time.hour, time.day, time.month, time.year, time.is_dst}) {
    out.Int(field);
  }
  PGK_TRY(out.Text(header.database));
  PGK_TRY(out.Text(header.server_version));
  return out.Text(header.dump_version);
}

Status EncodeEntry(const ArchiveHeader& header, const TocEntry& entry, Encoder& out) {
  if (entry.dump_id <= 0) {
    return Err(ErrorCode::kInvalidArgument, "dump id {}", entry.dump_id);
  }
  out.Int(entry.dump_id);
  out.Int(static_cast<int32_t>(entry.has_data));
  PGK_TRY(out.PresentText(fmt::format("{}", entry.catalog_oid)));
  PGK_TRY(out.PresentText(fmt::format("{}", entry.oid)));
  PGK_TRY(out.PresentText(entry.tag));
  PGK_TRY(out.PresentText(entry.kind));
  out.Int(static_cast<int32_t>(entry.section));
  for (const OptionalText* text : {&entry.definition, &entry.drop_statement, &entry.copy_statement,
                                   &entry.schema, &entry.tablespace, &entry.access_method}) {
    PGK_TRY(out.Text(*text));
  }
  const bool has_relation_kind = header.version >= kVersion16;
  if (entry.relation_kind < 0 || entry.relation_kind > (has_relation_kind ? 255 : 0)) {
    return Err(ErrorCode::kInvalidArgument, "relation kind {} in format 1.{}", entry.relation_kind,
               header.version.minor);
  }
  if (has_relation_kind) out.Int(entry.relation_kind);
  PGK_TRY(out.Text(entry.owner));
  PGK_TRY(out.PresentText("false"));
  for (const int32_t dependency : entry.dependencies) {
    if (dependency <= 0) return Err(ErrorCode::kInvalidArgument, "dependency {}", dependency);
    PGK_TRY(out.PresentText(fmt::format("{}", dependency)));
  }
  out.Int(-1);
  return out.Place(entry);
}

}  // namespace

Result<Bytes> EncodeToc(const Toc& toc) {
  Bytes bytes;
  Encoder out(toc.header, bytes);
  PGK_TRY_CONTEXT("writing an archive's header", EncodeHeader(toc.header, out));
  if (toc.entries.size() > static_cast<size_t>(kTocEntriesMax)) {
    return Err(ErrorCode::kLimitExceeded, "an archive of {} entries", toc.entries.size());
  }
  out.Int(static_cast<int32_t>(toc.entries.size()));
  std::unordered_set<int32_t> seen;
  for (const TocEntry& entry : toc.entries) {
    Status status = EncodeEntry(toc.header, entry, out);
    if (status.ok() && !seen.insert(entry.dump_id).second) {
      status = Err(ErrorCode::kInvalidArgument, "dump id {} is used twice", entry.dump_id);
    }
    if (!status.ok()) {
      return std::move(status).error().WithContext(
          fmt::format("writing {} {} into an archive", entry.kind, entry.tag));
    }
  }
  return bytes;
}

Result<Bytes> EncodeWithoutData(Toc toc) {
  toc.header.format = ArchiveFormat::kCustom;
  toc.header.compression = Compression::kNone;
  toc.header.gzip_level = -1;
  for (TocEntry& entry : toc.entries) {
    entry.offset_state = entry.has_data ? OffsetState::kNotSet : OffsetState::kNoData;
    entry.offset = 0;
  }
  return EncodeToc(toc);
}

}  // namespace pgkeep::archive
