#include "archive/toc_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "archive/toc_encoder.h"
#include "archive/toc_test_kit.h"
#include "base/error.h"
#include "base/file_util.h"
#include "testing/damage.h"
#include "testing/temporary_directory.h"

namespace pgkeep::archive {
namespace {

// The head of a stream, fed in pieces of one size.
Result<Toc> ReadInPieces(ByteSpan bytes, size_t piece) {
  size_t at = 0;
  return ReadArchiveHead([&](MutableByteSpan out) -> Result<size_t> {
    const size_t count = std::min({piece, bytes.size() - at, out.size()});
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(at), count, out.begin());
    at += count;
    return count;
  });
}

TEST(TocReader, ReadsARealCustomArchive) {
  const Toc toc = ReadInPieces(RealCustomArchive(), 4096).value();
  EXPECT_EQ(toc.header.version, kVersion14);
  EXPECT_EQ(toc.header.format, ArchiveFormat::kCustom);
  EXPECT_EQ(toc.header.compression, Compression::kNone);
  EXPECT_EQ(toc.header.created.year, 126);
  EXPECT_EQ(toc.header.database, "t");
  EXPECT_EQ(toc.header.server_version, "15.18 (Debian 15.18-0+deb12u1)");
  ASSERT_EQ(toc.entries.size(), 64U);
  EXPECT_EQ(toc.entries[0].kind, "ENCODING");
  EXPECT_EQ(toc.entries[0].schema, std::nullopt);
  const auto data = std::ranges::find(toc.entries, 3538, &TocEntry::dump_id);
  ASSERT_NE(data, toc.entries.end());
  EXPECT_EQ(data->kind, "TABLE DATA");
  EXPECT_EQ(data->tag, "i");
  EXPECT_EQ(data->oid, 16413U);
  EXPECT_EQ(data->section, Section::kData);
  EXPECT_EQ(data->copy_statement, "COPY public.i (id, s, r) FROM stdin;\n");
  EXPECT_EQ(data->definition, std::nullopt);
  EXPECT_EQ(data->dependencies, std::vector<int32_t>{225});
  EXPECT_TRUE(data->has_data);
  EXPECT_EQ(data->offset_state, OffsetState::kNotSet);
  const auto identity = std::ranges::find(toc.entries, 223, &TocEntry::dump_id);
  EXPECT_EQ(identity->drop_statement, "");  // not NULL
}

TEST(TocReader, ReadsARealDirectory) {
  const testing::TemporaryDirectory directory;
  const Bytes bytes = RealDirectoryToc();
  ASSERT_TRUE(
      WriteFileDurably(PosixFileSystem(), directory.Join("toc.dat"), bytes, 0600, false).ok());
  const Toc toc = ReadDirectoryToc(PosixFileSystem(), directory.path()).value();
  EXPECT_EQ(toc.header.format, ArchiveFormat::kTar);
  EXPECT_EQ(toc.header.compression, Compression::kGzip);
  EXPECT_EQ(toc.header.gzip_level, -1);
  const auto blobs = std::ranges::find(toc.entries, "BLOBS", &TocEntry::kind);
  EXPECT_EQ(blobs->file_name, "blobs.toc");
  EXPECT_EQ(EncodeToc(toc).value(), bytes);
}

TEST(TocReader, ReadsTheVersionsAfter14) {
  const Bytes bytes16 = MadeCustomToc16();
  const Toc toc16 = DecodeToc(bytes16).value();
  EXPECT_EQ(toc16.header.version, kVersion16);
  EXPECT_EQ(toc16.header.compression, Compression::kZstd);
  const auto root = std::ranges::find(toc16.entries, "h", &TocEntry::tag);
  EXPECT_EQ(root->relation_kind, 'p');
  EXPECT_EQ(EncodeToc(toc16).value(), bytes16);
  const Bytes bytes15 = MadeDirectoryToc15();
  const Toc toc15 = DecodeToc(bytes15).value();
  EXPECT_EQ(toc15.header.version, kVersion15);
  EXPECT_EQ(toc15.header.compression, Compression::kZstd);
  EXPECT_EQ(EncodeToc(toc15).value(), bytes15);
}

TEST(TocReader, SaysWhichFileItCouldNotRead) {
  const testing::TemporaryDirectory directory;
  const auto missing = ReadDirectoryToc(PosixFileSystem(), directory.path());
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(
      WriteFileDurably(PosixFileSystem(), directory.Join("toc.dat"), AsBytes("PGDM"), 0600, false)
          .ok());
  const auto cut = ReadDirectoryToc(PosixFileSystem(), directory.path());
  EXPECT_EQ(cut.error().code(), ErrorCode::kCorruption);
  EXPECT_NE(cut.error().ToString().find("toc.dat"), std::string::npos);
}

TEST(TocReader, IsCompleteWithTheLastByteOfTheTable) {
  const Bytes archive = RealCustomArchive();
  TocReader reader;
  size_t fed = 0;
  while (!reader.complete()) {
    ASSERT_LT(fed, archive.size());
    ASSERT_TRUE(reader.Feed(ByteSpan(archive).subspan(fed, 1)).ok());
    ++fed;
    EXPECT_LE(reader.bytes_read(), fed);
  }
  EXPECT_EQ(reader.bytes_read(), fed);
  EXPECT_LT(fed, archive.size());  // the data was not needed
  const Toc toc = std::move(reader).Take().value();
  EXPECT_TRUE(BytesEqual(EncodeToc(toc).value(), ByteSpan(archive).first(fed)));
}

TEST(TocReader, DoesNotDependOnHowItIsFed) {
  const Bytes archive = RealCustomArchive();
  const Toc whole = ReadInPieces(archive, archive.size()).value();
  for (const size_t piece : {2U, 3U, 7U, 1000U})
    EXPECT_EQ(ReadInPieces(archive, piece).value(), whole);
}

TEST(TocReader, RefusesEveryTruncation) {
  const Bytes toc = EncodeToc(DecodeToc(RealDirectoryToc()).value()).value();
  for (size_t size = 0; size < toc.size(); ++size) {
    const auto cut = DecodeToc(ByteSpan(toc).first(size));
    ASSERT_FALSE(cut.ok()) << size;
    ASSERT_EQ(cut.error().code(), ErrorCode::kCorruption) << size;
    ASSERT_NE(cut.error().message().find("ends inside"), std::string::npos) << size;
  }
  Bytes longer = toc;
  longer.push_back(0);
  EXPECT_NE(DecodeToc(longer).error().message().find("1 bytes follow"), std::string::npos);
}

TEST(TocReader, StopsAtTheBoundOfBytes) {
  const Bytes archive = RealCustomArchive();
  const size_t size = EncodeToc(ReadInPieces(archive, 4096).value()).value().size();
  for (const size_t piece : {size_t{100}, archive.size()}) {
    const auto read = [&](uint64_t max) {
      TocReader reader(max);
      for (size_t at = 0; at < archive.size(); at += piece) {
        const ByteSpan rest = ByteSpan(archive).subspan(at);
        const auto complete = reader.Feed(rest.first(std::min(piece, rest.size())));
        if (!complete.ok()) return complete;
        if (*complete) break;
      }
      return Result<bool>(reader.complete());
    };
    EXPECT_TRUE(read(size).value());
    const auto refused = read(size - 1);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::kLimitExceeded);
  }
}

// A small table with one field put wrong.
struct HostileCase {
  const char* name;
  size_t at;  // in the encoded table
  Bytes bytes;
  ErrorCode code;
  const char* message;
};

// Offsets in a header whose three texts are NULL: magic 0, version 5, sizes 8, format 10,
// compression 11, time 16, texts 51, 56, 61, count 66; first entry: dump id 71, data flag 76,
// catalog OID 81 (length, then "0"), OID 87, tag 93 (length, "t"), kind 99, section 105,
// definition 110.
const std::vector<HostileCase>& HostileCases() {
  static const std::vector<HostileCase> cases = {
      {"magic", 4, {'X'}, ErrorCode::kCorruption, "not a pg_dump archive"},
      {"old version", 6, {13}, ErrorCode::kUnsupportedVersion, "archive format 1.13.0"},
      {"new version", 6, {17}, ErrorCode::kUnsupportedVersion, "archive format 1.17.0"},
      {"new major version", 5, {2}, ErrorCode::kUnsupportedVersion, "archive format 2.14.0"},
      {"size of integers", 8, {33}, ErrorCode::kCorruption, "integers of 33"},
      {"size of offsets", 9, {0}, ErrorCode::kCorruption, "offsets of 0"},
      {"format", 10, {4}, ErrorCode::kCorruption, "format code 4"},
      {"compression", 12, {10}, ErrorCode::kCorruption, "compression in the archive's header"},
      {"sign", 16, {2}, ErrorCode::kCorruption, "creation time"},
      {"negative zero", 16, {1}, ErrorCode::kCorruption, "creation time"},
      {"length of text", 51, {1, 2, 0, 0, 0}, ErrorCode::kCorruption, "database name"},
      {"huge text", 51, {0, 0, 0, 0, 0x7f}, ErrorCode::kLimitExceeded, "at most 1073741824"},
      {"huge number", 66, {0, 0, 0, 0, 0x80}, ErrorCode::kCorruption, "number of entries"},
      {"too many entries", 66, {0, 0, 0, 0, 0x7f}, ErrorCode::kCorruption, "number of entries"},
      {"no entries left", 66, {0, 0, 0, 0, 0}, ErrorCode::kCorruption, "bytes follow"},
      {"dump id of zero", 71, {0, 0}, ErrorCode::kCorruption, "dump id of entry 1 of 2"},
      {"negative dump id", 71, {1}, ErrorCode::kCorruption, "dump id of entry 1 of 2"},
      {"dump id twice", 71, {0, 2}, ErrorCode::kCorruption, "dump id 2 is there twice"},
      {"data flag", 76, {0, 2}, ErrorCode::kCorruption, "data flag of entry 1"},
      {"catalog OID", 86, {'x'}, ErrorCode::kCorruption, "catalog OID of entry 1"},
      {"missing OID", 81, {1, 1, 0, 0, 0}, ErrorCode::kCorruption, "catalog OID of entry 1"},
      {"NUL in a tag", 98, {0}, ErrorCode::kCorruption, "tag of entry 1"},
      {"section", 106, {5}, ErrorCode::kCorruption, "section of entry 1"},
  };
  return cases;
}

TEST(TocReader, RefusesHostileFields) {
  Toc toc;
  TocEntry entry;
  entry.tag = "t";
  entry.kind = "k";
  entry.dump_id = 1;
  toc.entries.push_back(entry);
  entry.dump_id = 2;
  toc.entries.push_back(entry);
  const Bytes good = EncodeToc(toc).value();
  ASSERT_TRUE(DecodeToc(good).ok());
  for (const HostileCase& hostile : HostileCases()) {
    Bytes bytes = good;
    std::ranges::copy(hostile.bytes, bytes.begin() + static_cast<ptrdiff_t>(hostile.at));
    const auto read = DecodeToc(bytes);
    ASSERT_FALSE(read.ok()) << hostile.name;
    EXPECT_EQ(read.error().code(), hostile.code) << hostile.name;
    EXPECT_NE(read.error().ToString().find(hostile.message), std::string::npos)
        << hostile.name << ": " << read.error().ToString();
  }
}

TEST(TocReader, RefusesOddTextsAtTheEndOfAnEntry) {
  Toc toc;
  TocEntry entry;
  entry.dump_id = 1;
  entry.tag = "t";
  entry.kind = "k";
  entry.dependencies = {7};
  toc.entries.push_back(entry);
  const Bytes good = EncodeToc(toc).value();
  // From the end: offset 8, state 1, NULL 5, "7" with its length 6, "false" with its length 10.
  for (const auto& [from_end, bytes, message] :
       {std::tuple{9, Bytes{4}, "place of data"}, std::tuple{15, Bytes{'0'}, "dependencies"},
        std::tuple{15, Bytes{'-'}, "dependencies"}, std::tuple{21, Bytes{'E'}, "OID flag"}}) {
    Bytes bad = good;
    std::ranges::copy(bytes, bad.end() - from_end);
    const auto read = DecodeToc(bad);
    ASSERT_FALSE(read.ok()) << message << from_end;
    EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
    EXPECT_NE(read.error().ToString().find(message), std::string::npos) << read.error().ToString();
  }
}

TEST(ReadArchiveHead, PassesOnTheErrorOfItsSource) {
  const auto toc = ReadArchiveHead(
      [](MutableByteSpan) { return Result<size_t>(Error(ErrorCode::kTimeout, "no answer")); });
  EXPECT_EQ(toc.error().code(), ErrorCode::kTimeout);
}

TEST(TocReader, RefusesTheEmptyStream) {
  const auto toc = ReadInPieces({}, 10);
  EXPECT_EQ(toc.error().code(), ErrorCode::kCorruption);
  EXPECT_FALSE(toc.error().hint().empty());
}

// Whatever can be written is read back; whatever is read is written again with the same bytes, also
// after damage.
RC_GTEST_PROP(TocReader, HasOneForm, (uint64_t seed)) {
  testing::SeededRandom random(seed);
  const ArchiveVersion version = std::array{kVersion14, kVersion15, kVersion16}[random.Next() % 3];
  const auto format = random.Next() % 2 == 0 ? ArchiveFormat::kCustom : ArchiveFormat::kTar;
  const Toc toc = RandomToc(random, version, format);
  const Bytes bytes = EncodeToc(toc).value();
  RC_ASSERT(DecodeToc(bytes).value() == toc);
  RC_ASSERT(ReadInPieces(bytes, 1 + random.Next() % 100).value() == toc);
  for (int i = 0; i < 30; ++i) {
    Bytes damaged = bytes;
    testing::Damage(random, damaged);
    const auto decoded = DecodeToc(damaged);
    if (!decoded.ok()) continue;
    RC_ASSERT(EncodeToc(*decoded).value() == damaged);
  }
}

TEST(TocReader, KeepsRealTablesThroughDamage) {
  testing::SeededRandom random(14);
  const Bytes real = RealDirectoryToc();
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    Bytes damaged = real;
    testing::Damage(random, damaged);
    const auto decoded = DecodeToc(damaged);
    refused += decoded.ok() ? 0 : 1;
    if (decoded.ok()) {
      EXPECT_EQ(EncodeToc(*decoded).value(), damaged);
    }
  }
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace pgkeep::archive
