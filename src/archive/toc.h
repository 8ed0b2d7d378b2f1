// The table of contents of a pg_dump archive, as values: what the header says, and one entry for
// every object that the dump can create or fill.
//
// Facts are from PostgreSQL's src/bin/pg_dump (pg_backup_archiver.c, pg_backup_directory.c and
// pg_backup_custom.c of 15, and their successors for versions 1.15 and 1.16). Texts are bytes in
// the encoding that the entry "ENCODING" names. Nothing here has behaviour; all of it is safe to
// read from several threads.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgkeep::archive {

// A text that may be NULL. NULL and the empty text mean different things to pg_restore, for example
// in copy_statement and schema.
using OptionalText = std::optional<std::string>;

// Version of the archive's layout, not of PostgreSQL: 1.14 is written by pg_dump 12 to 15, 1.15 by
// 16, 1.16 by 17 and 18. A pg_restore reads its own version and older ones.
struct ArchiveVersion {
  uint8_t major = 1;
  uint8_t minor = 14;
  uint8_t revision = 0;

  friend auto operator<=>(const ArchiveVersion&, const ArchiveVersion&) = default;
};

inline constexpr ArchiveVersion kVersion14{1, 14, 0};
inline constexpr ArchiveVersion kVersion15{1, 15, 0};
inline constexpr ArchiveVersion kVersion16{1, 16, 0};

// Where the data of the archive is. The values are bytes of the format.
enum class ArchiveFormat : uint8_t {
  // In the same file, behind the table of contents.
  kCustom = 1,
  // In files beside toc.dat: the tar format, and the directory format, which calls itself tar.
  kTar = 3,
};

// How data is compressed, as the header says it. The values are bytes of the format since 1.15.
enum class Compression : uint8_t { kNone = 0, kGzip = 1, kLz4 = 2, kZstd = 3 };

// Local time of the dumping machine, field by field as in struct tm. Nobody wrote down the zone.
struct CreationTime {
  int32_t second = 0;
  int32_t minute = 0;
  int32_t hour = 0;
  int32_t day = 1;
  int32_t month = 0;  // 0 to 11
  int32_t year = 70;  // since 1900
  int32_t is_dst = 0;

  friend bool operator==(const CreationTime&, const CreationTime&) = default;
};

// What stands before the entries.
struct ArchiveHeader {
  ArchiveVersion version;
  uint8_t int_size = 4;     // bytes of an integer, without its sign
  uint8_t offset_size = 8;  // bytes of a file offset, without its state
  ArchiveFormat format = ArchiveFormat::kCustom;
  Compression compression = Compression::kNone;
  // Only before 1.15, and only for kGzip: -1 (zlib's default) or 1 to 9.
  int32_t gzip_level = -1;
  CreationTime created;
  OptionalText database;
  OptionalText server_version;  // "15.18 (Debian 15.18-0+deb12u1)"
  OptionalText dump_version;    // of pg_dump

  friend bool operator==(const ArchiveHeader&, const ArchiveHeader&) = default;
};

// In which part of a restore an entry runs. The values are those of the format. Comments and
// privileges are kNone: they run with what is before them (see EffectiveSections()).
enum class Section : uint8_t { kNone = 1, kPreData = 2, kData = 3, kPostData = 4 };

// What is known of the place of an entry's data in a custom archive. The values are bytes of the
// format.
enum class OffsetState : uint8_t { kNotSet = 1, kSet = 2, kNoData = 3 };

// One object of the archive, or the data of one.
struct TocEntry {
  int32_t dump_id = 0;       // positive, unique in the archive; what dependencies name
  bool has_data = false;     // there is (or will be) data of its own: tables and large objects
  uint32_t catalog_oid = 0;  // of the system catalog that holds the object, 0 if there is none
  uint32_t oid = 0;          // of the object; for TABLE DATA that of the table
  std::string tag;           // the name, or "table name" for what belongs to a table
  std::string kind;          // "TABLE", "TABLE DATA", ... (the format's "desc"; see EntryKind)
  Section section = Section::kPreData;
  OptionalText definition;      // SQL that creates it
  OptionalText drop_statement;  // SQL that drops it
  OptionalText copy_statement;  // "COPY s.t (columns) FROM stdin;\n"
  OptionalText schema;          // NULL: the object is in no schema
  OptionalText tablespace;
  OptionalText access_method;
  int32_t relation_kind = 0;  // pg_class.relkind; since 1.16, otherwise 0
  OptionalText owner;
  std::vector<int32_t> dependencies;  // dump ids; some may not be in the archive

  // Custom format: where the data is. With other states than kSet the offset means nothing, and is
  // kept only so that writing gives the same bytes.
  OffsetState offset_state = OffsetState::kNoData;
  uint64_t offset = 0;
  // Tar and directory format: the file that holds the data, "" for none.
  OptionalText file_name;

  friend bool operator==(const TocEntry&, const TocEntry&) = default;
};

// A whole table of contents. The order of the entries is the order of a serial restore.
struct Toc {
  ArchiveHeader header;
  std::vector<TocEntry> entries;

  friend bool operator==(const Toc&, const Toc&) = default;
};

}  // namespace pgkeep::archive
