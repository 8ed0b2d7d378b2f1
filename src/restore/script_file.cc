#include "restore/script_file.h"

#include <utility>

#include "base/child_process.h"
#include "base/file_util.h"

namespace pgkeep::restore {
namespace {

constexpr uint32_t kFileMode = 0600;  // what a dump may contain is for nobody else
constexpr size_t kPieceBytes = size_t{256} << 10;

}  // namespace

ScriptFile::ScriptFile(FileSystem& files, std::string path, logical::ClientProgram program)
    : files_(files),
      path_(std::move(path)),
      archive_path_(path_ + ".archive"),
      part_path_(path_ + ".part"),
      program_(std::move(program)) {}

Result<std::unique_ptr<ScriptFile>> ScriptFile::Create(FileSystem& files, const std::string& path,
                                                       logical::ClientProgram program) {
  for (const char* suffix : {".archive", ".part"}) {
    const Result<FileInfo> there = files.StatNoFollow(path + suffix);
    if (there.ok()) {
      return Err(ErrorCode::kAlreadyExists, "{}{} is there already", path, suffix)
          .WithHint("remove it if no other export is running, or choose another name");
    }
    if (there.error().code() != ErrorCode::kNotFound) return there.error();
  }
  return std::unique_ptr<ScriptFile>(new ScriptFile(files, path, std::move(program)));
}

ScriptFile::~ScriptFile() {
  static_cast<void>(files_.Remove(archive_path_));
  static_cast<void>(files_.Remove(part_path_));
}

Status ScriptFile::Convert(File& file, std::stop_token stop) {
  ChildSpec spec;
  spec.words = {program_.path, "--file=-", archive_path_};
  spec.environment = EnvironmentWithout({"PG", "LC_", "LANG"});
  spec.environment.emplace_back("LC_ALL=C");
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<ChildProcess> child,
                       ChildProcess::Start(std::move(spec)));
  Bytes buffer(kPieceBytes);
  while (true) {
    PGK_ASSIGN_OR_RETURN(const size_t size, child->Read(buffer, stop));
    if (size == 0) break;
    PGK_TRY(file.WriteAll(ByteSpan(buffer).first(size)));
  }
  PGK_ASSIGN_OR_RETURN(const ChildEnd end, child->Wait(stop));
  if (end.success()) return Ok();
  return logical::ProgramFailed(program_, "making the script", end, child->errors());
}

Status ScriptFile::Finish(std::stop_token stop) {
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files_.CreateNew(part_path_, kFileMode));
  PGK_TRY(Convert(*file, std::move(stop)));
  PGK_TRY(file->Sync());
  PGK_TRY(file->Close());
  Status renamed = files_.RenameNoReplace(part_path_, path_);
  if (!renamed.ok() && renamed.error().code() == ErrorCode::kUnsupported) {
    if (files_.StatNoFollow(path_).ok()) {
      return Err(ErrorCode::kAlreadyExists, "{} is there already", path_);
    }
    renamed = files_.Rename(part_path_, path_);
  }
  PGK_TRY(renamed);
  return files_.SyncDirectory(ParentDirectory(path_));
}

}  // namespace pgkeep::restore
