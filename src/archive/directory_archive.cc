#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "archive/archive_writer.h"
#include "archive/copy_text_guard.h"
#include "archive/data_encoder.h"
#include "archive/data_ledger.h"
#include "archive/prepare_export.h"
#include "archive/toc_encoder.h"
#include "base/error.h"
#include "base/file_util.h"
#include "base/mutex.h"

namespace pgkeep::archive {
namespace {

// What a dump may contain is for nobody else.
constexpr uint32_t kFileMode = 0600;
constexpr uint32_t kDirectoryMode = 0700;

// One data file: opened, filled, closed.
class DataFile {
 public:
  DataFile(std::unique_ptr<File> file, std::unique_ptr<DataEncoder> encoder, bool durable)
      : file_(std::move(file)),
        encoder_(std::move(encoder)),
        durable_(durable),
        sink_([this](ByteSpan piece) { return file_->WriteAll(piece); }) {}

  Status Write(ByteSpan bytes) { return encoder_->Write(bytes, sink_); }

  Status Finish() {
    PGK_TRY(encoder_->Finish(sink_));
    if (durable_) PGK_TRY(file_->Sync());
    return file_->Close();
  }

 private:
  const std::unique_ptr<File> file_;
  const std::unique_ptr<DataEncoder> encoder_;
  const bool durable_;
  const ByteSink sink_;
};

class TableFileWriter final : public DataWriter {
 public:
  TableFileWriter(std::unique_ptr<DataFile> file, DataLedger& ledger, int32_t dump_id)
      : file_(std::move(file)), ledger_(ledger), dump_id_(dump_id) {}

  Status Write(ByteSpan bytes) override {
    PGK_TRY(guard_.Take(bytes));
    return file_->Write(bytes);
  }

  Status Finish() override {
    PGK_TRY(guard_.CheckEnd());
    PGK_TRY(file_->Write(AsBytes(kCopyEnd)));
    PGK_TRY(file_->Finish());
    ledger_.FinishTable(dump_id_);
    return Ok();
  }

 private:
  const std::unique_ptr<DataFile> file_;
  DataLedger& ledger_;
  const int32_t dump_id_;
  CopyTextGuard guard_;
};

class LargeObjectFileWriter final : public DataWriter {
 public:
  LargeObjectFileWriter(std::unique_ptr<DataFile> file, DataLedger& ledger, uint32_t oid)
      : file_(std::move(file)), ledger_(ledger), oid_(oid) {}

  Status Write(ByteSpan bytes) override { return file_->Write(bytes); }

  Status Finish() override {
    PGK_TRY(file_->Finish());
    ledger_.FinishLargeObject(oid_);
    return Ok();
  }

 private:
  const std::unique_ptr<DataFile> file_;
  DataLedger& ledger_;
  const uint32_t oid_;
};

// toc.dat is written last: a directory without it is no archive to anybody.
class DirectoryArchive final : public ArchiveWriter {
 public:
  DirectoryArchive(FileSystem& files, std::string directory, Toc toc, const ArchiveOptions& options)
      : files_(files),
        directory_(std::move(directory)),
        toc_(std::move(toc)),
        options_(options),
        ledger_(toc_) {}
  ~DirectoryArchive() override {
    if (!finished_) RemoveFiles();
  }

  // Makes sure of an empty directory.
  Status Open();

  const std::vector<int32_t>& DataEntries() const override { return ledger_.entries(); }
  Result<std::unique_ptr<DataWriter>> StartTableData(int32_t dump_id) override;
  Result<std::unique_ptr<DataWriter>> StartLargeObject(uint32_t oid) override;
  Status Finish() override;

 private:
  Result<std::unique_ptr<DataFile>> CreateFile(const std::string& stem);
  // Remembers a file as made by this archive and gives its path.
  std::string Own(const std::string& name);
  Status WriteLargeObjectList();
  void RemoveFiles();

  FileSystem& files_;
  const std::string directory_;
  const Toc toc_;
  const ArchiveOptions options_;
  DataLedger ledger_;
  bool made_directory_ = false;
  bool finished_ = false;

  Mutex mutex_;
  std::vector<std::string> paths_ PGK_GUARDED_BY(mutex_);
};

Status DirectoryArchive::Open() {
  const Status made = files_.CreateDirectory(directory_, kDirectoryMode);
  if (made.ok()) {
    made_directory_ = true;
    return options_.durable ? files_.SyncDirectory(ParentDirectory(directory_)) : Ok();
  }
  if (made.error().code() != ErrorCode::kAlreadyExists) return made;
  return files_.VisitDirectory(directory_, [&](const DirectoryEntry& entry) -> Status {
    return Err(ErrorCode::kAlreadyExists, "directory {} is not empty: it contains {}", directory_,
               entry.name)
        .WithHint("name a new directory for the archive");
  });
}

std::string DirectoryArchive::Own(const std::string& name) {
  std::string path = JoinPath(directory_, name);
  const MutexLock lock(mutex_);
  paths_.push_back(path);
  return path;
}

Result<std::unique_ptr<DataFile>> DirectoryArchive::CreateFile(const std::string& stem) {
  PGK_ASSIGN_OR_RETURN(auto encoder, DataEncoder::Make(codec::DeflateWrapper::kGzip, options_));
  const char* suffix = options_.compression == Compression::kGzip ? ".gz" : "";
  const std::string name = stem + ".dat" + suffix;
  PGK_ASSIGN_OR_RETURN(auto file, files_.CreateNew(JoinPath(directory_, name), kFileMode));
  Own(name);
  return std::make_unique<DataFile>(std::move(file), std::move(encoder), options_.durable);
}

Result<std::unique_ptr<DataWriter>> DirectoryArchive::StartTableData(int32_t dump_id) {
  PGK_TRY(ledger_.BeginTable(dump_id));
  PGK_ASSIGN_OR_RETURN(auto file, CreateFile(fmt::format("{}", dump_id)));
  return std::make_unique<TableFileWriter>(std::move(file), ledger_, dump_id);
}

Result<std::unique_ptr<DataWriter>> DirectoryArchive::StartLargeObject(uint32_t oid) {
  PGK_TRY(ledger_.BeginLargeObject(oid));
  PGK_ASSIGN_OR_RETURN(auto file, CreateFile(fmt::format("blob_{}", oid)));
  return std::make_unique<LargeObjectFileWriter>(std::move(file), ledger_, oid);
}

Status DirectoryArchive::WriteLargeObjectList() {
  std::string list;
  for (const TocEntry& entry : toc_.entries) {
    if (entry.kind == "BLOB") list += fmt::format("{0} blob_{0}.dat\n", entry.oid);
  }
  return WriteFileDurably(files_, Own("blobs.toc"), AsBytes(list), kFileMode, false);
}

Status DirectoryArchive::Finish() {
  PGK_TRY(ledger_.CheckComplete());
  if (ledger_.large_object_entry()) PGK_TRY(WriteLargeObjectList());
  PGK_ASSIGN_OR_RETURN(const Bytes toc, EncodeToc(toc_));
  // Makes all names in the directory durable, and is last: what it names is there.
  PGK_TRY(WriteFileDurably(files_, Own("toc.dat"), toc, kFileMode, false));
  finished_ = true;
  return Ok();
}

// Only what this archive made, toc.dat first; what cannot be removed is left, and is no archive.
void DirectoryArchive::RemoveFiles() {
  std::vector<std::string> paths;
  {
    const MutexLock lock(mutex_);
    paths.swap(paths_);
  }
  std::ranges::reverse(paths);
  for (const std::string& path : paths) static_cast<void>(files_.Remove(path));
  if (made_directory_) static_cast<void>(files_.RemoveDirectory(directory_));
}

}  // namespace

Result<std::unique_ptr<ArchiveWriter>> CreateDirectoryArchive(FileSystem& files,
                                                              const std::string& directory, Toc toc,
                                                              const ArchiveOptions& options) {
  PGK_TRY(DataEncoder::Make(codec::DeflateWrapper::kGzip, options));
  PGK_ASSIGN_OR_RETURN(Toc prepared, PrepareExport(std::move(toc), ArchiveFormat::kTar, options));
  auto archive = std::make_unique<DirectoryArchive>(files, directory, std::move(prepared), options);
  PGK_TRY(archive->Open());
  return std::unique_ptr<ArchiveWriter>(std::move(archive));
}

}  // namespace pgkeep::archive
