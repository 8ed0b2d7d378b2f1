// Gives the tests in Python what src/archive can do: reads tables of contents of real archives,
// lists and selects from them, and writes archives from files with the data of each entry.
#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive_writer.h"
#include "archive/contents.h"
#include "archive/convert.h"
#include "archive/selection.h"
#include "archive/toc_encoder.h"
#include "archive/toc_reader.h"
#include "base/error.h"
#include "base/file_util.h"
#include "base/hex.h"
#include "base/task_group.h"

namespace pgkeep::archive {
namespace {

using Arguments = std::span<const std::string>;

constexpr uint64_t kFileBytesMax = uint64_t{1} << 30;

Result<size_t> ReadStandardInput(MutableByteSpan out) {
  // Small reads, so that a table of contents arrives in many pieces.
  return std::fread(out.data(), 1, std::min<size_t>(out.size(), 1000), stdin);
}

Status WriteStandardOutput(ByteSpan bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size()) return Ok();
  return Error(ErrorCode::kIo, "cannot write to standard output");
}

Result<Toc> ReadToc(const std::string& path) {
  PGK_ASSIGN_OR_RETURN(const Bytes bytes, ReadWholeFile(PosixFileSystem(), path, kFileBytesMax));
  TocReader reader;
  PGK_TRY(reader.Feed(bytes));
  return std::move(reader).Take();
}

Status WriteFile(const std::string& path, ByteSpan bytes) {
  return WriteFileDurably(PosixFileSystem(), path, bytes, 0644, true);
}

// head OUT: the table of contents at the head of standard input.
Status Head(Arguments arguments) {
  PGK_ASSIGN_OR_RETURN(const Toc toc, ReadArchiveHead(ReadStandardInput));
  PGK_ASSIGN_OR_RETURN(const Bytes bytes, EncodeToc(toc));
  return WriteFile(arguments[0], bytes);
}

// check FILE: whether the table of contents of an archive is written again with the same bytes.
Status Check(Arguments arguments) {
  PGK_ASSIGN_OR_RETURN(const Bytes file,
                       ReadWholeFile(PosixFileSystem(), arguments[0], kFileBytesMax));
  PGK_ASSIGN_OR_RETURN(const Toc toc, ReadToc(arguments[0]));
  PGK_ASSIGN_OR_RETURN(const Bytes bytes, EncodeToc(toc));
  if (bytes.size() > file.size() || !BytesEqual(bytes, ByteSpan(file).first(bytes.size()))) {
    return Error(ErrorCode::kInternal, "the table of contents is written differently");
  }
  if (toc.header.format == ArchiveFormat::kTar && bytes.size() != file.size()) {
    return Error(ErrorCode::kInternal, "the table of contents is shorter than its file");
  }
  fmt::print("{}\n", toc.entries.size());
  return Ok();
}

std::string Hex(std::string_view text) { return "x" + HexEncode(AsBytes(text)); }

// list TOC: what has data, tab separated, texts in hexadecimal digits behind an x.
Status List(Arguments arguments) {
  PGK_ASSIGN_OR_RETURN(const Toc toc, ReadToc(arguments[0]));
  const TocIndex index(toc);
  PGK_ASSIGN_OR_RETURN(const auto tables, ListTableData(index));
  for (const TableData& table : tables) {
    fmt::print("table\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", table.dump_id, table.table_oid,
               Hex(table.schema), Hex(table.name), table.columns ? Hex(*table.columns) : "-",
               table.root ? Hex(*table.root) : "-", table.table_entry.value_or(0));
  }
  PGK_ASSIGN_OR_RETURN(const auto sequences, ListSequenceValues(index));
  for (const SequenceValue& sequence : sequences) {
    fmt::print("sequence\t{}\t{}\t{}\n", sequence.dump_id, Hex(sequence.schema),
               Hex(sequence.name));
  }
  PGK_ASSIGN_OR_RETURN(const LargeObjects objects, ListLargeObjects(toc));
  for (const uint32_t oid : objects.oids) fmt::print("large_object\t{}\n", oid);
  for (const int32_t id : ListMaterializedViewRefreshes(toc)) fmt::print("refresh\t{}\n", id);
  return Ok();
}

// without-data TOC OUT: an archive of definitions.
Status WithoutData(Arguments arguments) {
  PGK_ASSIGN_OR_RETURN(Toc toc, ReadToc(arguments[0]));
  PGK_ASSIGN_OR_RETURN(const Bytes bytes, EncodeWithoutData(std::move(toc)));
  return WriteFile(arguments[1], bytes);
}

Result<std::string> FromHex(const std::string& text) {
  PGK_ASSIGN_OR_RETURN(const Bytes bytes, HexDecode(text.substr(1)));
  return std::string(AsText(bytes));
}

// select TOC LIST (table SCHEMA NAME | schema SCHEMA)...: names as in `list`. Writes a list for
// pg_restore of what is selected and needed.
Status SelectEntries(Arguments arguments) {
  PGK_ASSIGN_OR_RETURN(const Toc toc, ReadToc(arguments[0]));
  SelectionRequest request;
  for (size_t i = 2; i < arguments.size();) {
    PGK_ASSIGN_OR_RETURN(std::string schema, FromHex(arguments[i + 1]));
    if (arguments[i] == "schema") {
      request.schemas.push_back(std::move(schema));
      i += 2;
    } else {
      PGK_ASSIGN_OR_RETURN(std::string name, FromHex(arguments[i + 2]));
      request.tables.push_back({std::move(schema), std::move(name)});
      i += 3;
    }
  }
  const TocIndex index(toc);
  PGK_ASSIGN_OR_RETURN(const Selection selection, Select(index, request));
  for (const LeftOut& left : selection.left_out) {
    const TocEntry& entry = *index.Find(left.dump_id);
    fmt::print("left\t{}\t{}\t{}\n", entry.kind, Hex(entry.tag), DescribeReason(left.reason));
  }
  std::vector<int32_t> ids = selection.entries;
  ids.insert(ids.end(), selection.needed.begin(), selection.needed.end());
  std::vector<int32_t> ordered;
  for (const TocEntry& entry : Subset(toc, ids).entries) ordered.push_back(entry.dump_id);
  for (const int32_t id : selection.entries) {
    const TocEntry& entry = *index.Find(id);
    fmt::print("selected\t{}\t{}\n", entry.kind, Hex(entry.tag));
  }
  for (const int32_t id : selection.needed) {
    const TocEntry& entry = *index.Find(id);
    fmt::print("needed\t{}\t{}\n", entry.kind, Hex(entry.tag));
  }
  return WriteFile(arguments[1], AsBytes(FormatUseList(index, ordered)));
}

Status Fill(DataWriter& writer, const std::string& path) {
  PGK_ASSIGN_OR_RETURN(const auto file, PosixFileSystem().OpenRead(path));
  Bytes piece(5000);
  for (uint64_t offset = 0;;) {
    PGK_ASSIGN_OR_RETURN(const size_t count, file->ReadAt(offset, piece));
    if (count == 0) return writer.Finish();
    PGK_TRY(writer.Write(ByteSpan(piece).first(count)));
    offset += count;
  }
}

// One step of writing: a table, or a large object.
struct DataTask {
  int32_t dump_id = 0;
  uint32_t large_object = 0;
};

Status WriteData(ArchiveWriter& archive, const DataTask& task, const std::string& directory) {
  if (task.large_object != 0) {
    PGK_ASSIGN_OR_RETURN(const auto writer, archive.StartLargeObject(task.large_object));
    return Fill(*writer, fmt::format("{}/lo_{}", directory, task.large_object));
  }
  PGK_ASSIGN_OR_RETURN(const auto writer, archive.StartTableData(task.dump_id));
  return Fill(*writer, fmt::format("{}/{}.copy", directory, task.dump_id));
}

Result<std::unique_ptr<ArchiveWriter>> Create(const std::string& format, const std::string& out,
                                              Toc toc, const ArchiveOptions& options) {
  if (format == "directory") {
    return CreateDirectoryArchive(PosixFileSystem(), out, std::move(toc), options);
  }
  if (format == "custom") return CreateCustomFile(PosixFileSystem(), out, std::move(toc), options);
  return CreateCustomStream(WriteStandardOutput, std::move(toc), options);
}

// write directory|custom|stream gzip|none JOBS TOC DATA OUT: DATA holds <dump id>.copy, lo_<oid>.
Status Write(Arguments arguments) {
  PGK_ASSIGN_OR_RETURN(Toc toc, ReadToc(arguments[3]));
  PGK_ASSIGN_OR_RETURN(toc, ConvertToVersion14(std::move(toc)));
  PGK_ASSIGN_OR_RETURN(const LargeObjects objects, ListLargeObjects(toc));
  const bool gzip = arguments[1] == "gzip";
  PGK_ASSIGN_OR_RETURN(
      const auto archive,
      Create(arguments[0], arguments[5], std::move(toc),
             {.compression = gzip ? Compression::kGzip : Compression::kNone, .durable = false}));
  std::vector<DataTask> tasks;
  for (const int32_t id : archive->DataEntries()) {
    const bool large = !objects.data_entries.empty() && objects.data_entries.front() == id;
    if (!large) tasks.push_back({.dump_id = id});
    if (!large) continue;
    for (const uint32_t oid : objects.oids) tasks.push_back({.large_object = oid});
  }
  std::atomic<size_t> next = 0;
  TaskGroup group;
  for (int job = 0; job < std::stoi(arguments[2]); ++job) {
    group.Spawn("job", [&](std::stop_token stop) -> Status {
      for (size_t i = next++; i < tasks.size() && !stop.stop_requested(); i = next++) {
        PGK_TRY(WriteData(*archive, tasks[i], arguments[4]));
      }
      return Ok();
    });
  }
  PGK_TRY(group.Wait());
  return archive->Finish();
}

Status Run(Arguments arguments) {
  const std::string command = arguments.empty() ? "" : arguments[0];
  const Arguments rest = arguments.empty() ? arguments : arguments.subspan(1);
  if (command == "head" && rest.size() == 1) return Head(rest);
  if (command == "check" && rest.size() == 1) return Check(rest);
  if (command == "list" && rest.size() == 1) return List(rest);
  if (command == "without-data" && rest.size() == 2) return WithoutData(rest);
  if (command == "select" && rest.size() >= 4) return SelectEntries(rest);
  if (command == "write" && rest.size() == 6) return Write(rest);
  return Error(ErrorCode::kInvalidArgument, "see archive_tool.cc for the commands");
}

}  // namespace
}  // namespace pgkeep::archive

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const pgkeep::Status status = pgkeep::archive::Run(arguments);
  if (status.ok()) return std::fflush(stdout) == 0 ? 0 : 1;
  fmt::print(stderr, "archive_tool: {}\n", status.error().Describe());
  return 1;
}
