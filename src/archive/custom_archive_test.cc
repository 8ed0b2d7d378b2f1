#include <gtest/gtest.h>

#include <map>
#include <set>

#include "archive/archive_writer.h"
#include "archive/toc_encoder.h"
#include "archive/toc_reader.h"
#include "archive/toc_test_kit.h"
#include "base/error.h"
#include "base/file_util.h"
#include "testing/faulty_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep::archive {
namespace {

constexpr ArchiveOptions kPlain{.compression = Compression::kNone, .durable = false};

Status Fill(Result<std::unique_ptr<DataWriter>> writer, std::string_view text) {
  PGK_TRY(writer);
  PGK_TRY((*writer)->Write(AsBytes(text.substr(0, text.size() / 2))));
  PGK_TRY((*writer)->Write(AsBytes(text.substr(text.size() / 2))));
  return (*writer)->Finish();
}

Status FillAll(ArchiveWriter& archive, const std::string& rows) {
  PGK_TRY(Fill(archive.StartTableData(11), rows));
  PGK_TRY(Fill(archive.StartTableData(12), ""));
  PGK_TRY(Fill(archive.StartLargeObject(5002), "large"));
  PGK_TRY(Fill(archive.StartLargeObject(5001), ""));
  return archive.Finish();
}

Status WriteFile(FileSystem& files, const std::string& path, const ArchiveOptions& options) {
  PGK_ASSIGN_OR_RETURN(const auto archive, CreateCustomFile(files, path, SmallToc(2), options));
  return FillAll(*archive, "1\tone\n");
}

// Reads the blocks of a custom archive, as pg_restore does.
class BlockReader {
 public:
  BlockReader(ByteSpan bytes, size_t at) : bytes_(bytes), at_(at) {}

  uint8_t Byte() { return bytes_[at_++]; }

  int64_t Int() {
    const uint8_t sign = Byte();
    int64_t value = 0;
    for (int i = 0; i < 4; ++i) value += int64_t{Byte()} << (8 * i);
    return sign == 1 ? -value : value;
  }

  std::string Run() {
    std::string text;
    for (int64_t size = Int(); size != 0; size = Int()) {
      EXPECT_LE(size, 65'536);
      text += AsText(bytes_.subspan(at_, static_cast<size_t>(size)));
      at_ += static_cast<size_t>(size);
    }
    return text;
  }

  size_t at() const { return at_; }

 private:
  ByteSpan bytes_;
  size_t at_;
};

Toc HeadOf(ByteSpan archive) {
  TocReader reader;
  EXPECT_TRUE(reader.Feed(archive).value());
  return std::move(reader).Take().value();
}

TEST(CustomArchive, HasTheBlocksOfPgDump) {
  const std::string rows = [] {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += "some\trow\n";
    return text;
  }();
  const testing::TemporaryDirectory root;
  const std::string path = root.Join("archive");
  {
    const auto archive = CreateCustomFile(PosixFileSystem(), path, SmallToc(2), kPlain).value();
    EXPECT_EQ(archive->DataEntries(), (std::vector<int32_t>{11, 12, 20}));
    ASSERT_TRUE(FillAll(*archive, rows).ok());
  }
  const Bytes bytes = ReadWholeFile(PosixFileSystem(), path, 1 << 20).value();
  const Toc toc = HeadOf(bytes);
  BlockReader blocks(bytes, EncodeToc(toc).value().size());
  std::map<int32_t, uint64_t> places{{11, blocks.at()}};
  EXPECT_EQ(blocks.Byte(), 1);
  EXPECT_EQ(blocks.Int(), 11);
  EXPECT_EQ(blocks.Run(), rows + "\\.\n\n\n");
  places[12] = blocks.at();
  EXPECT_EQ(blocks.Byte(), 1);
  EXPECT_EQ(blocks.Int(), 12);
  EXPECT_EQ(blocks.Run(), "\\.\n\n\n");
  places[20] = blocks.at();
  EXPECT_EQ(blocks.Byte(), 3);
  EXPECT_EQ(blocks.Int(), 20);
  EXPECT_EQ(blocks.Int(), 5002);
  EXPECT_EQ(blocks.Run(), "large");
  EXPECT_EQ(blocks.Int(), 5001);
  EXPECT_EQ(blocks.Run(), "");
  EXPECT_EQ(blocks.Int(), 0);
  EXPECT_EQ(blocks.at(), bytes.size());
  for (const TocEntry& entry : toc.entries) {
    EXPECT_EQ(entry.offset_state, entry.has_data ? OffsetState::kSet : OffsetState::kNoData);
    if (entry.has_data) {
      EXPECT_EQ(entry.offset, places[entry.dump_id]) << entry.dump_id;
    }
  }
}

TEST(CustomArchive, LeavesPlacesUnknownInAStream) {
  Bytes bytes;
  const auto archive = CreateCustomStream(
                           [&](ByteSpan piece) {
                             Append(bytes, piece);
                             return Ok();
                           },
                           SmallToc(2), kPlain)
                           .value();
  ASSERT_TRUE(FillAll(*archive, "1\tone\n").ok());
  for (const TocEntry& entry : HeadOf(bytes).entries) {
    EXPECT_EQ(entry.offset_state, entry.has_data ? OffsetState::kNotSet : OffsetState::kNoData);
  }
  const testing::TemporaryDirectory root;
  ASSERT_TRUE(WriteFile(PosixFileSystem(), root.Join("file"), kPlain).ok());
  const Bytes file = ReadWholeFile(PosixFileSystem(), root.Join("file"), 1 << 20).value();
  const size_t head = EncodeToc(HeadOf(bytes)).value().size();
  EXPECT_TRUE(BytesEqual(ByteSpan(file).subspan(head), ByteSpan(bytes).subspan(head)));
}

TEST(CustomArchive, WritesOidsBeyondTheSignedRange) {
  Toc toc = SmallToc(1);
  for (TocEntry& entry : toc.entries) {
    if (entry.kind == "BLOB") entry.oid = 4'000'000'000;
  }
  Bytes bytes;
  const auto archive = CreateCustomStream(
                           [&](ByteSpan piece) {
                             Append(bytes, piece);
                             return Ok();
                           },
                           toc, kPlain)
                           .value();
  ASSERT_TRUE(Fill(archive->StartTableData(11), "").ok());
  ASSERT_TRUE(Fill(archive->StartTableData(12), "").ok());
  ASSERT_TRUE(Fill(archive->StartLargeObject(4'000'000'000), "").ok());
  ASSERT_TRUE(archive->Finish().ok());
  BlockReader blocks(bytes, bytes.size() - 15);  // OID, end of run, end of objects
  EXPECT_EQ(static_cast<uint32_t>(blocks.Int()), 4'000'000'000);
}

TEST(CustomArchive, CompressesWithOneZlibStreamForEachEntry) {
  const testing::TemporaryDirectory root;
  ASSERT_TRUE(WriteFile(PosixFileSystem(), root.Join("archive"), {.gzip_level = 1}).ok());
  const Bytes bytes = ReadWholeFile(PosixFileSystem(), root.Join("archive"), 1 << 20).value();
  const Toc toc = HeadOf(bytes);
  EXPECT_EQ(toc.header.compression, Compression::kGzip);
  BlockReader blocks(bytes, EncodeToc(toc).value().size() + 6);
  EXPECT_TRUE(blocks.Run().starts_with("\x78"));
  EXPECT_EQ(blocks.Byte(), 1);
}

TEST(CustomArchive, TakesEntriesInOrderAndOneByOne) {
  const testing::TemporaryDirectory root;
  const auto make = [&] {
    return CreateCustomFile(PosixFileSystem(), root.Join("archive"), SmallToc(2), kPlain).value();
  };
  const auto is_refused = [](const auto& result) {
    return !result.ok() && result.error().code() == ErrorCode::kInvalidArgument;
  };
  auto archive = make();
  EXPECT_TRUE(is_refused(archive->StartTableData(12)));
  archive.reset();
  archive = make();
  EXPECT_TRUE(is_refused(archive->StartLargeObject(5001)));
  archive.reset();
  archive = make();
  auto first = archive->StartTableData(11).value();
  EXPECT_TRUE(is_refused(archive->StartTableData(12)));
  EXPECT_TRUE(is_refused(archive->Finish()));
  first.reset();
  archive.reset();
  archive = make();
  ASSERT_TRUE(Fill(archive->StartTableData(11), "").ok());
  ASSERT_TRUE(Fill(archive->StartTableData(12), "").ok());
  EXPECT_TRUE(is_refused(archive->Finish()));
  const auto object = archive->StartLargeObject(5001).value();
  EXPECT_TRUE(is_refused(archive->StartLargeObject(5002)));
}

TEST(CustomArchive, NeedsBothNamesFree) {
  const testing::TemporaryDirectory root;
  for (const char* taken : {"archive", "archive.part"}) {
    const std::string path = root.Join(taken);
    ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), path, AsBytes("x"), 0600, false).ok());
    EXPECT_EQ(WriteFile(PosixFileSystem(), root.Join("archive"), kPlain).error().code(),
              ErrorCode::kAlreadyExists);
    EXPECT_EQ(ReadWholeFile(PosixFileSystem(), path, 10)->size(), 1U);
    ASSERT_TRUE(PosixFileSystem().Remove(path).ok());
  }
}

TEST(CustomArchive, HasNoNameUntilItIsComplete) {
  const testing::TemporaryDirectory root;
  const std::string path = root.Join("archive");
  {
    const auto archive = CreateCustomFile(PosixFileSystem(), path, SmallToc(), kPlain).value();
    ASSERT_TRUE(Fill(archive->StartTableData(11), "").ok());
    EXPECT_TRUE(PosixFileSystem().Stat(path + ".part").ok());
    EXPECT_FALSE(PosixFileSystem().Stat(path).ok());
  }
  EXPECT_TRUE(PosixFileSystem().ReadDirectory(root.path())->empty());
}

TEST(CustomArchive, WorksWithoutRenamesThatNeverReplace) {
  const testing::TemporaryDirectory root;
  testing::FaultyFileSystem files(PosixFileSystem());
  files.AddFault({.call = testing::FileCall::kRenameNoReplace, .code = ErrorCode::kUnsupported});
  ASSERT_TRUE(WriteFile(files, root.Join("archive"), kPlain).ok());
  EXPECT_EQ(files.fired(), 1U);
  EXPECT_TRUE(PosixFileSystem().Stat(root.Join("archive")).ok());
}

// Whatever call fails: an error, and no file under the archive's name unless it is whole.
TEST(CustomArchive, LeavesNoArchiveBehindWhenACallFails) {
  const testing::TemporaryDirectory good_root;
  ASSERT_TRUE(WriteFile(PosixFileSystem(), good_root.Join("archive"), kPlain).ok());
  const Bytes good = ReadWholeFile(PosixFileSystem(), good_root.Join("archive"), 1 << 20).value();
  uint64_t nth = 1;
  for (;; ++nth) {
    const testing::TemporaryDirectory root;
    testing::FaultyFileSystem files(PosixFileSystem());
    files.AddFault({.nth = nth, .os_errno = ENOSPC});
    const std::string path = root.Join("archive");
    const Status status =
        WriteFile(files, path, {.compression = Compression::kNone, .durable = true});
    if (files.fired() == 0) {
      EXPECT_TRUE(status.ok());
      break;
    }
    ASSERT_FALSE(status.ok()) << nth;
    EXPECT_EQ(status.error().code(), ErrorCode::kOutOfSpace) << nth;
    const auto left = ReadWholeFile(PosixFileSystem(), path, 1 << 20);
    if (left.ok()) {
      EXPECT_EQ(*left, good) << nth;
    }
  }
  EXPECT_GT(nth, 6U);
}

TEST(CustomArchive, PassesOnTheErrorOfItsSink) {
  const auto archive = CreateCustomStream(
      [](ByteSpan) { return Status(Error(ErrorCode::kIo, "broken pipe")); }, SmallToc(2), kPlain);
  const Status status = archive.ok() ? FillAll(**archive, "1\tone\n") : Status(archive.error());
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message(), "broken pipe");
}

}  // namespace
}  // namespace pgkeep::archive
