#include <algorithm>
#include <memory>
#include <utility>

#include "base/file.h"
#include "base/version.h"
#include "file_tree.h"
#include "repository/backup_writer.h"
#include "tree_backup.h"

namespace pgkeep::tools {
namespace {

constexpr size_t kReadBytes = size_t{1} << 20;

bool IsZero(ByteSpan bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

// Units of zeros are holes: a WAL segment is mostly those.
Status AppendUnits(ByteSpan bytes, uint32_t unit_size, repository::RangeWriter& range) {
  while (!bytes.empty()) {
    const ByteSpan unit = bytes.first(std::min<size_t>(bytes.size(), unit_size));
    if (unit.size() == unit_size && IsZero(unit)) {
      PGK_TRY(range.AppendHoles(1));
    } else {
      PGK_TRY(range.Append(unit));
    }
    bytes = bytes.subspan(unit.size());
  }
  return Ok();
}

Status StoreContent(const std::string& path, uint32_t unit_size, repository::StreamWriter& stream) {
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, PosixFileSystem().OpenRead(path));
  PGK_ASSIGN_OR_RETURN(const auto range, stream.OpenRange(0));
  Bytes buffer(std::max<size_t>(unit_size, kReadBytes / unit_size * unit_size));
  for (uint64_t offset = 0;;) {
    PGK_ASSIGN_OR_RETURN(const size_t size, file->ReadAt(offset, buffer));
    PGK_TRY(AppendUnits(ByteSpan(buffer).first(size), unit_size, *range));
    offset += size;
    if (size < buffer.size()) break;
  }
  return range->Close();
}

Status StoreEntry(const TreeEntry& entry, uint32_t unit_size, repository::SubtreeWriter& subtree) {
  repository::StreamSpec spec;
  spec.name = entry.name;
  spec.kind = entry.kind;
  spec.unit_size = unit_size;
  spec.attributes = EncodeAttributes(entry.mode, entry.target);
  PGK_ASSIGN_OR_RETURN(const auto stream, subtree.OpenStream(std::move(spec)));
  if (entry.kind == kFileStream) {
    PGK_TRY_CONTEXT("storing " + entry.path, StoreContent(entry.path, unit_size, *stream));
  }
  return stream->Finish();
}

}  // namespace

Result<repository::BackupId> StoreTree(repository::Repository& repository,
                                       const std::vector<std::string>& paths,
                                       const StoreOptions& options) {
  PGK_ASSIGN_OR_RETURN(const std::vector<TreeEntry> entries, WalkTree(paths));
  repository::BackupSpec spec;
  spec.source = options.source;
  spec.kind = repository::BackupKind::kFiles;
  spec.label = options.label;
  spec.client_version = std::string(kVersion);
  spec.incremental = options.incremental;
  repository::WriterOptions writer_options;
  writer_options.deliver_threads = options.threads;
  writer_options.upload_threads = options.uploads;
  writer_options.memory_limit = options.memory_bytes;
  PGK_ASSIGN_OR_RETURN(const auto writer, repository::BackupWriter::Begin(
                                              repository, std::move(spec), writer_options));
  PGK_ASSIGN_OR_RETURN(const auto subtree,
                       writer->OpenSubtree({.name = std::string(kSubtreeName),
                                            .snapshot_time = repository.context().clock->Now(),
                                            .attributes = {}}));
  PGK_TRY(ForEachParallel(entries.size(), options.threads, [&](size_t index) {
    return StoreEntry(entries[index], options.unit_size, *subtree);
  }));
  PGK_TRY(subtree->Finish());
  PGK_ASSIGN_OR_RETURN(const repository::CommitReceipt receipt, writer->Commit({}));
  return receipt.backup;
}

}  // namespace pgkeep::tools
