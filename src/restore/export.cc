#include "restore/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "archive/archive_writer.h"
#include "archive/contents.h"
#include "archive/toc_index.h"
#include "base/child_process.h"
#include "base/file_util.h"
#include "base/task_group.h"
#include "restore/backup_source.h"
#include "restore/large_object_index.h"
#include "restore/row_source.h"
#include "restore/script_file.h"

namespace pgkeep::restore {
namespace {

using archive::ArchiveWriter;
using archive::DataWriter;

struct ExportTable {
  int32_t dump_id = 0;
  std::string name;
  RowStream rows;
};

// One export.
class Run {
 public:
  Run(const ExportOptions& options, FileSystem& files, Progress& progress, std::stop_token stop)
      : options_(options), files_(files), progress_(progress), stop_(std::move(stop)) {}

  Result<ExportReport> Execute(repository::Repository& repository);

 private:
  Status Plan(repository::Repository& repository);
  Result<std::unique_ptr<ArchiveWriter>> Create();
  Status WriteTables(ArchiveWriter& archive);
  Status WriteTable(ArchiveWriter& archive, const ExportTable& table, const std::stop_token& stop);
  Status WriteLargeObjects(ArchiveWriter& archive);
  Status WriteGlobals();
  Status Measure();

  const ExportOptions& options_;
  FileSystem& files_;
  Progress& progress_;
  const std::stop_token stop_;
  std::unique_ptr<BackupSource> source_;
  std::vector<ExportTable> tables_;  // in the order in which they are written
  std::optional<LargeObjectIndex> large_object_index_;
  std::vector<uint32_t> large_objects_;
  std::unique_ptr<ScriptFile> script_;
  ExportReport report_;
};

Status Run::Plan(repository::Repository& repository) {
  progress_.BeginPhase("planning");
  if (options_.jobs == 0) {
    return Err(ErrorCode::kInvalidArgument, "an export needs at least one job");
  }
  const Result<FileInfo> there = files_.StatNoFollow(options_.output);
  if (there.ok()) {
    return Err(ErrorCode::kAlreadyExists, "{} is there already", options_.output)
        .WithHint("remove it, or choose another name");
  }
  if (there.error().code() != ErrorCode::kNotFound) return there.error();
  PGK_ASSIGN_OR_RETURN(source_, BackupSource::Open(repository, options_.backup, options_.database));
  const archive::TocIndex index(source_->toc());
  PGK_ASSIGN_OR_RETURN(const std::vector<archive::TableData> data, archive::ListTableData(index));
  for (const archive::TableData& table : data) {
    PGK_ASSIGN_OR_RETURN(RowStream rows, source_->TableRows(table));
    tables_.push_back({.dump_id = table.dump_id,
                       .name = table.schema + "." + table.name,
                       .rows = std::move(rows)});
  }
  PGK_ASSIGN_OR_RETURN(archive::LargeObjects objects, archive::ListLargeObjects(source_->toc()));
  large_objects_ = std::move(objects.oids);
  if (options_.format != ExportFormat::kDirectory) return Ok();
  std::ranges::stable_sort(tables_, [](const ExportTable& left, const ExportTable& right) {
    return left.rows.entry.bytes > right.rows.entry.bytes;
  });
  return Ok();
}

Result<std::unique_ptr<ArchiveWriter>> Run::Create() {
  archive::ArchiveOptions how;
  how.compression = options_.compression;
  how.gzip_level = options_.gzip_level;
  switch (options_.format) {
    case ExportFormat::kDirectory:
      return archive::CreateDirectoryArchive(files_, options_.output, source_->toc(), how);
    case ExportFormat::kCustom:
      return archive::CreateCustomFile(files_, options_.output, source_->toc(), how);
    case ExportFormat::kPlain:
    case ExportFormat::kGlobals:  // which is no archive, and does not come here
      break;
  }
  how.compression = archive::Compression::kNone;
  PGK_ASSIGN_OR_RETURN(
      const logical::ClientProgram program,
      logical::FindRestoreProgram(static_cast<int>(source_->attributes().server_version_num),
                                  options_.programs, stop_));
  PGK_ASSIGN_OR_RETURN(script_, ScriptFile::Create(files_, options_.output, program));
  how.durable = false;
  return archive::CreateCustomFile(files_, script_->archive_path(), source_->toc(), how);
}

Status Run::WriteTable(ArchiveWriter& archive, const ExportTable& table,
                       const std::stop_token& stop) {
  progress_.SetObject(table.name);
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<DataWriter> writer,
                       archive.StartTableData(table.dump_id));
  PGK_ASSIGN_OR_RETURN(const auto stream, source_->OpenStream(table.rows));
  RowSource rows(*stream, source_->hash());
  uint64_t counted = 0;
  PGK_TRY(rows.Read(0, table.rows.entry.units, [&](ByteSpan text) -> Status {
    if (stop.stop_requested()) return Err(ErrorCode::kCancelled, "the export was interrupted");
    PGK_TRY(writer->Write(text));
    progress_.AddBytes(text.size());
    progress_.AddRows(rows.fingerprint().rows - counted);
    counted = rows.fingerprint().rows;
    return Ok();
  }));
  if (rows.fingerprint() != table.rows.attributes.fingerprint) {
    return Err(ErrorCode::kCorruption,
               "the rows in the backup are not those that were backed up ({} read, {} recorded)",
               rows.fingerprint().rows, table.rows.attributes.fingerprint.rows)
        .WithHint("run 'pgkeep verify --data 100' on the backup, and export another one");
  }
  PGK_TRY(writer->Finish());
  progress_.AddObjects();
  return Ok();
}

Status Run::WriteTables(ArchiveWriter& archive) {
  progress_.BeginPhase("data");
  uint64_t bytes = 0;
  for (const ExportTable& table : tables_) bytes += table.rows.entry.bytes;
  progress_.SetTotalBytes(bytes, false);
  progress_.SetTotalObjects(tables_.size());
  const bool parallel = options_.format == ExportFormat::kDirectory;
  const size_t workers = parallel ? std::min<size_t>(options_.jobs, tables_.size()) : 1;
  std::atomic<size_t> next = 0;
  TaskGroup group(stop_);
  for (size_t worker = 0; worker < workers; ++worker) {
    group.Spawn(fmt::format("export-{}", worker), [&](std::stop_token stop) -> Status {
      for (size_t i = next++; i < tables_.size(); i = next++) {
        if (stop.stop_requested()) return Err(ErrorCode::kCancelled, "the export was interrupted");
        PGK_TRY_CONTEXT("writing table " + tables_[i].name, WriteTable(archive, tables_[i], stop));
      }
      return Ok();
    });
  }
  PGK_TRY(group.Wait());
  for (const ExportTable& table : tables_) report_.rows += table.rows.attributes.fingerprint.rows;
  report_.tables = tables_.size();
  report_.text_bytes = bytes;
  return Ok();
}

Status Run::WriteLargeObjects(ArchiveWriter& archive) {
  if (large_objects_.empty()) return Ok();
  progress_.BeginPhase("large_objects");
  PGK_ASSIGN_OR_RETURN(const std::optional<RowStream> rows, source_->LargeObjectRows());
  if (!rows) {
    return Err(ErrorCode::kCorruption, "the backup has no bytes of its {} large objects",
               large_objects_.size());
  }
  progress_.SetTotalBytes(rows->entry.bytes, false);
  progress_.SetTotalObjects(large_objects_.size());
  PGK_ASSIGN_OR_RETURN(const auto stream, source_->OpenStream(*rows));
  PGK_ASSIGN_OR_RETURN(
      const LargeObjectIndex index,
      LargeObjectIndex::Build(
          *stream, source_->hash(), [this](uint64_t bytes) { progress_.AddBytes(bytes); }, stop_));
  if (index.fingerprint() != rows->attributes.fingerprint) {
    return Err(ErrorCode::kCorruption,
               "the large objects in the backup are not those that were backed up")
        .WithHint("run 'pgkeep verify --data 100' on the backup, and export another one");
  }
  const std::set<uint32_t> known(large_objects_.begin(), large_objects_.end());
  for (const uint32_t oid : index.Oids()) {
    if (known.contains(oid)) continue;
    return Err(ErrorCode::kCorruption, "large object {} has bytes but no definition", oid);
  }
  for (const uint32_t oid : large_objects_) {
    if (stop_.stop_requested()) return Err(ErrorCode::kCancelled, "the export was interrupted");
    PGK_ASSIGN_OR_RETURN(const std::unique_ptr<DataWriter> writer, archive.StartLargeObject(oid));
    PGK_TRY(index.Read(*stream, oid, [&](ByteSpan bytes) { return writer->Write(bytes); }));
    PGK_TRY(writer->Finish());
    progress_.AddObjects();
  }
  report_.large_objects = large_objects_.size();
  report_.text_bytes += rows->entry.bytes;
  return Ok();
}

Status Run::Measure() {
  if (options_.format != ExportFormat::kDirectory) {
    PGK_ASSIGN_OR_RETURN(const FileInfo info, files_.Stat(options_.output));
    report_.output_bytes = info.size;
    return Ok();
  }
  return files_.VisitDirectory(options_.output, [this](const DirectoryEntry& entry) -> Status {
    PGK_ASSIGN_OR_RETURN(const FileInfo info, files_.Stat(JoinPath(options_.output, entry.name)));
    report_.output_bytes += info.size;
    return Ok();
  });
}

// They may have passwords.
Status Run::WriteGlobals() {
  progress_.BeginPhase("finishing");
  PGK_ASSIGN_OR_RETURN(const Bytes sql, source_->Globals());
  return WriteFileDurably(files_, options_.output, sql, 0600, false);
}

Result<ExportReport> Run::Execute(repository::Repository& repository) {
  if (options_.format == ExportFormat::kGlobals) {
    progress_.BeginPhase("planning");
    PGK_ASSIGN_OR_RETURN(source_,
                         BackupSource::Open(repository, options_.backup, options_.database));
    PGK_TRY(WriteGlobals());
    PGK_TRY(Measure());
    return report_;
  }
  PGK_TRY(Plan(repository));
  {
    PGK_ASSIGN_OR_RETURN(const std::unique_ptr<ArchiveWriter> archive, Create());
    PGK_TRY(WriteTables(*archive));
    PGK_TRY(WriteLargeObjects(*archive));
    progress_.BeginPhase("finishing");
    PGK_TRY(archive->Finish());
  }
  if (script_) PGK_TRY(script_->Finish(stop_));
  PGK_TRY(Measure());
  return report_;
}

}  // namespace

Result<ExportReport> ExportBackup(repository::Repository& repository, const ExportOptions& options,
                                  FileSystem& files, Progress& progress, std::stop_token stop) {
  return Run(options, files, progress, std::move(stop)).Execute(repository);
}

}  // namespace pgkeep::restore
