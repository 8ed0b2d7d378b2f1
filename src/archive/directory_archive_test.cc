#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "archive/archive_writer.h"
#include "archive/toc_reader.h"
#include "archive/toc_test_kit.h"
#include "base/error.h"
#include "base/file_util.h"
#include "base/task_group.h"
#include "testing/faulty_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep::archive {
namespace {

constexpr ArchiveOptions kPlain{.compression = Compression::kNone, .durable = false};

std::set<std::string> NamesIn(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : PosixFileSystem().ReadDirectory(directory).value()) {
    names.insert(entry.name);
  }
  return names;
}

std::string ReadText(const std::string& path) {
  return std::string(AsText(ReadWholeFile(PosixFileSystem(), path, 1 << 20).value()));
}

Status Fill(Result<std::unique_ptr<DataWriter>> writer, std::string_view text) {
  PGK_TRY(writer);
  for (size_t at = 0; at < text.size(); at += 3) {
    PGK_TRY((*writer)->Write(AsBytes(text.substr(at, 3))));
  }
  return (*writer)->Finish();
}

// A whole archive with two large objects.
Status WriteAll(FileSystem& files, const std::string& directory, const ArchiveOptions& options) {
  PGK_ASSIGN_OR_RETURN(const auto archive,
                       CreateDirectoryArchive(files, directory, SmallToc(2), options));
  PGK_TRY(Fill(archive->StartTableData(12), "2\ttwo\n"));
  PGK_TRY(Fill(archive->StartTableData(11), ""));
  PGK_TRY(Fill(archive->StartLargeObject(5002), "large"));
  PGK_TRY(Fill(archive->StartLargeObject(5001), ""));
  return archive->Finish();
}

TEST(DirectoryArchive, HasTheFilesOfPgDump) {
  const testing::TemporaryDirectory root;
  const std::string path = root.Join("archive");
  ASSERT_TRUE(WriteAll(PosixFileSystem(), path, kPlain).ok());
  EXPECT_EQ(NamesIn(path), (std::set<std::string>{"toc.dat", "blobs.toc", "11.dat", "12.dat",
                                                  "blob_5001.dat", "blob_5002.dat"}));
  EXPECT_EQ(ReadText(path + "/11.dat"), "\\.\n\n\n");
  EXPECT_EQ(ReadText(path + "/12.dat"), "2\ttwo\n\\.\n\n\n");
  EXPECT_EQ(ReadText(path + "/blob_5001.dat"), "");
  EXPECT_EQ(ReadText(path + "/blob_5002.dat"), "large");
  EXPECT_EQ(ReadText(path + "/blobs.toc"), "5001 blob_5001.dat\n5002 blob_5002.dat\n");
  EXPECT_EQ(PosixFileSystem().Stat(path)->mode, 0700U);
  EXPECT_EQ(PosixFileSystem().Stat(path + "/12.dat")->mode, 0600U);

  const Toc toc = ReadDirectoryToc(PosixFileSystem(), path).value();
  EXPECT_EQ(toc.header.format, ArchiveFormat::kTar);
  EXPECT_EQ(toc.header.compression, Compression::kNone);
  ASSERT_EQ(toc.entries.size(), SmallToc(2).entries.size());
  for (const TocEntry& entry : toc.entries) {
    const std::string expected = entry.kind == "BLOBS"        ? "blobs.toc"
                                 : entry.kind == "TABLE DATA" ? fmt::format("{}.dat", entry.dump_id)
                                                              : "";
    EXPECT_EQ(entry.file_name, expected);
  }
}

TEST(DirectoryArchive, CompressesEachFile) {
  const testing::TemporaryDirectory root;
  const std::string path = root.Join("archive");
  ASSERT_TRUE(WriteAll(PosixFileSystem(), path, {.gzip_level = 9}).ok());
  EXPECT_EQ(NamesIn(path), (std::set<std::string>{"toc.dat", "blobs.toc", "11.dat.gz", "12.dat.gz",
                                                  "blob_5001.dat.gz", "blob_5002.dat.gz"}));
  EXPECT_TRUE(ReadText(path + "/11.dat.gz").starts_with("\x1f\x8b"));
  EXPECT_TRUE(ReadText(path + "/blob_5001.dat.gz").starts_with("\x1f\x8b"));
  const Toc toc = ReadDirectoryToc(PosixFileSystem(), path).value();
  EXPECT_EQ(toc.header.compression, Compression::kGzip);
  EXPECT_EQ(toc.header.gzip_level, 9);
}

TEST(DirectoryArchive, TakesManyEntriesAtTheSameTime) {
  const testing::TemporaryDirectory root;
  constexpr int kTables = 20;
  Toc toc;
  for (int i = 1; i <= kTables; ++i) {
    auto [table, data] = MakeTable(i, fmt::format("t{}", i), 100 + i);
    toc.entries.push_back(std::move(table));
    toc.entries.push_back(std::move(data));
  }
  const auto archive =
      CreateDirectoryArchive(PosixFileSystem(), root.Join("archive"), toc, kPlain).value();
  const std::vector<int32_t> entries = archive->DataEntries();
  ASSERT_EQ(entries.size(), static_cast<size_t>(kTables));
  TaskGroup group;
  for (int job = 0; job < 4; ++job) {
    group.Spawn("job", [&, job](const std::stop_token&) -> Status {
      for (size_t i = static_cast<size_t>(job); i < entries.size(); i += 4) {
        std::string rows;
        for (int row = 0; row < 5000; ++row) rows += fmt::format("{}\t{}\n", entries[i], row);
        PGK_TRY(Fill(archive->StartTableData(entries[i]), rows));
      }
      return Ok();
    });
  }
  ASSERT_TRUE(group.Wait().ok());
  ASSERT_TRUE(archive->Finish().ok());
  for (const int32_t entry : entries) {
    const std::string text = ReadText(root.Join(fmt::format("archive/{}.dat", entry)));
    EXPECT_TRUE(text.starts_with(fmt::format("{}\t0\n", entry)));
    EXPECT_TRUE(text.ends_with(fmt::format("{}\t4999\n\\.\n\n\n", entry)));
  }
}

TEST(DirectoryArchive, IsNotCompleteWithoutAllData) {
  const testing::TemporaryDirectory root;
  const std::string path = root.Join("archive");
  auto archive = CreateDirectoryArchive(PosixFileSystem(), path, SmallToc(2), kPlain).value();
  ASSERT_TRUE(Fill(archive->StartTableData(11), "1\tx\n").ok());
  const Status no_table = archive->Finish();
  ASSERT_FALSE(no_table.ok());
  EXPECT_NE(no_table.error().message().find("1 tables have no data, one is dump id 12"),
            std::string::npos);
  archive->StartTableData(12).value();  // begun, not finished
  EXPECT_FALSE(archive->Finish().ok());
  EXPECT_FALSE(NamesIn(path).contains("toc.dat"));
  archive.reset();
  EXPECT_TRUE(NamesIn(root.path()).empty());

  archive = CreateDirectoryArchive(PosixFileSystem(), path, SmallToc(2), kPlain).value();
  for (const int32_t entry : {11, 12}) {
    ASSERT_TRUE(Fill(archive->StartTableData(entry), "").ok());
  }
  ASSERT_TRUE(Fill(archive->StartLargeObject(5001), "").ok());
  const Status no_object = archive->Finish();
  ASSERT_FALSE(no_object.ok());
  EXPECT_NE(no_object.error().message().find("1 large objects have no data, one is 5002"),
            std::string::npos);
}

TEST(DirectoryArchive, TakesNothingThatItDoesNotHaveOrHasAlready) {
  const testing::TemporaryDirectory root;
  const auto archive =
      CreateDirectoryArchive(PosixFileSystem(), root.path(), SmallToc(1), kPlain).value();
  ASSERT_TRUE(Fill(archive->StartTableData(11), "").ok());
  for (const int32_t id : {1, 11, 20, 99}) {
    EXPECT_EQ(archive->StartTableData(id).error().code(), ErrorCode::kInvalidArgument) << id;
  }
  ASSERT_TRUE(Fill(archive->StartLargeObject(5001), "").ok());
  for (const uint32_t oid : {5001U, 5002U}) {
    EXPECT_EQ(archive->StartLargeObject(oid).error().code(), ErrorCode::kInvalidArgument) << oid;
  }
}

TEST(DirectoryArchive, RefusesDataThatIsNoWholeCopy) {
  const testing::TemporaryDirectory root;
  const auto archive =
      CreateDirectoryArchive(PosixFileSystem(), root.path(), SmallToc(), kPlain).value();
  EXPECT_EQ(Fill(archive->StartTableData(11), "1\tx").error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(Fill(archive->StartTableData(12), "\\.\nDROP").error().code(), ErrorCode::kCorruption);
  EXPECT_FALSE(archive->Finish().ok());
}

TEST(DirectoryArchive, NeedsAnEmptyDirectory) {
  const testing::TemporaryDirectory root;
  ASSERT_TRUE(
      WriteFileDurably(PosixFileSystem(), root.Join("mine"), AsBytes("x"), 0600, false).ok());
  const auto archive = CreateDirectoryArchive(PosixFileSystem(), root.path(), SmallToc(), kPlain);
  EXPECT_EQ(archive.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(NamesIn(root.path()), std::set<std::string>{"mine"});
}

TEST(DirectoryArchive, RemovesOnlyWhatItMade) {
  const testing::TemporaryDirectory root;
  {
    const auto archive =
        CreateDirectoryArchive(PosixFileSystem(), root.path(), SmallToc(), kPlain).value();
    ASSERT_TRUE(Fill(archive->StartTableData(11), "").ok());
    ASSERT_TRUE(
        WriteFileDurably(PosixFileSystem(), root.Join("mine"), AsBytes("x"), 0600, false).ok());
  }
  EXPECT_EQ(NamesIn(root.path()), std::set<std::string>{"mine"});
}

TEST(DirectoryArchive, RefusesTablesOfContentsThatCannotBeExported) {
  const testing::TemporaryDirectory root;
  const auto refuse = [&](const Toc& toc, ArchiveOptions options) {
    const auto archive =
        CreateDirectoryArchive(PosixFileSystem(), root.Join("archive"), toc, options);
    EXPECT_FALSE(archive.ok());
    EXPECT_TRUE(NamesIn(root.path()).empty());
    return archive.ok() ? ErrorCode::kInternal : archive.error().code();
  };
  Toc toc = SmallToc();
  toc.header.version = kVersion16;
  EXPECT_EQ(refuse(toc, kPlain), ErrorCode::kInvalidArgument);
  toc = SmallToc();
  toc.entries.back().oid = toc.entries[3].oid;  // two entries of one table
  EXPECT_EQ(refuse(toc, kPlain), ErrorCode::kCorruption);
  toc = SmallToc();
  toc.entries.back().copy_statement.reset();
  EXPECT_EQ(refuse(toc, kPlain), ErrorCode::kUnsupported);
  toc = SmallToc();
  toc.entries[1].dump_id = 2;
  EXPECT_EQ(refuse(toc, kPlain), ErrorCode::kInvalidArgument);
  toc = SmallToc();
  toc.entries[1].has_data = true;
  EXPECT_EQ(refuse(toc, kPlain), ErrorCode::kInvalidArgument);
  toc = SmallToc(1);
  toc.entries.pop_back();  // large objects without data
  EXPECT_EQ(refuse(toc, kPlain), ErrorCode::kInvalidArgument);
  toc = SmallToc(1);
  toc.entries.push_back(toc.entries.back());
  toc.entries.back().dump_id = 21;
  EXPECT_EQ(refuse(toc, kPlain), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refuse(SmallToc(), {.compression = Compression::kZstd}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refuse(SmallToc(), {.gzip_level = 10}), ErrorCode::kInvalidArgument);
}

// Whatever call fails: an error, and no archive that somebody could take for one.
TEST(DirectoryArchive, LeavesNoArchiveBehindWhenACallFails) {
  for (const bool durable : {false, true}) {
    uint64_t nth = 1;
    for (;; ++nth) {
      const testing::TemporaryDirectory root;
      testing::FaultyFileSystem files(PosixFileSystem());
      files.AddFault({.nth = nth, .os_errno = ENOSPC});
      const std::string path = root.Join("archive");
      const Status status =
          WriteAll(files, path, {.compression = Compression::kNone, .durable = durable});
      if (files.fired() == 0) {
        EXPECT_TRUE(status.ok());
        break;
      }
      // What is only tidied up may fail without harm.
      if (status.ok()) continue;
      EXPECT_EQ(status.error().code(), ErrorCode::kOutOfSpace) << nth;
      EXPECT_FALSE(PosixFileSystem().Stat(path + "/toc.dat").ok()) << nth;
    }
    EXPECT_GT(nth, 15U);
  }
}

TEST(DirectoryArchive, SyncsEveryFileIfAsked) {
  const testing::TemporaryDirectory root;
  const auto syncs = [&](const char* name, bool durable) {
    testing::FaultyFileSystem files(PosixFileSystem());
    EXPECT_TRUE(WriteAll(files, root.Join(name), {.durable = durable}).ok());
    return files.calls(testing::FileCall::kSync);
  };
  EXPECT_EQ(syncs("fast", false) + 4, syncs("durable", true));
}

}  // namespace
}  // namespace pgkeep::archive
