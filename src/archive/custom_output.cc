#include "archive/custom_output.h"

#include "base/error.h"
#include "base/file_util.h"

namespace pgkeep::archive {
namespace {

// What a dump may contain is for nobody else.
constexpr uint32_t kFileMode = 0600;

Error Taken(const std::string& path) {
  return Err(ErrorCode::kAlreadyExists, "{} exists already", path)
      .WithHint("name a new file for the archive, or remove the old one");
}

class FileOutput final : public CustomOutput {
 public:
  FileOutput(FileSystem& files, std::string path, bool durable)
      : files_(files), path_(std::move(path)), part_path_(path_ + ".part"), durable_(durable) {}
  ~FileOutput() override {
    // What cannot be removed is left, under a name that says what it is.
    if (file_ != nullptr && !published_) static_cast<void>(files_.Remove(part_path_));
  }

  Status Open() {
    PGK_TRY(CheckFree());
    Result<std::unique_ptr<File>> file = files_.CreateNew(part_path_, kFileMode);
    if (!file.ok() && file.error().code() == ErrorCode::kAlreadyExists) return Taken(part_path_);
    if (!file.ok()) return std::move(file).error();
    file_ = std::move(file).value();
    return Ok();
  }

  Status Write(ByteSpan bytes) override { return file_->WriteAll(bytes); }

  bool can_rewrite() const override { return true; }

  Status Complete(ByteSpan beginning) override {
    PGK_TRY(file_->WriteAt(0, beginning));
    if (durable_) PGK_TRY(file_->Sync());
    PGK_TRY(file_->Close());
    Status renamed = files_.RenameNoReplace(part_path_, path_);
    if (!renamed.ok() && renamed.error().code() == ErrorCode::kUnsupported) {
      PGK_TRY(CheckFree());
      renamed = files_.Rename(part_path_, path_);
    }
    if (!renamed.ok()) return renamed;
    published_ = true;
    return durable_ ? files_.SyncDirectory(ParentDirectory(path_)) : Ok();
  }

 private:
  Status CheckFree() {
    const Result<FileInfo> info = files_.StatNoFollow(path_);
    if (info.ok()) return Taken(path_);
    return info.error().code() == ErrorCode::kNotFound ? Ok() : Status(info.error());
  }

  FileSystem& files_;
  const std::string path_;
  const std::string part_path_;
  const bool durable_;
  std::unique_ptr<File> file_;
  bool published_ = false;
};

class StreamOutput final : public CustomOutput {
 public:
  explicit StreamOutput(ByteSink sink) : sink_(std::move(sink)) {}

  Status Write(ByteSpan bytes) override { return sink_(bytes); }
  bool can_rewrite() const override { return false; }
  Status Complete(ByteSpan /*beginning*/) override { return Ok(); }

 private:
  const ByteSink sink_;
};

}  // namespace

Result<std::unique_ptr<CustomOutput>> MakeFileOutput(FileSystem& files, std::string path,
                                                     bool durable) {
  auto output = std::make_unique<FileOutput>(files, std::move(path), durable);
  PGK_TRY(output->Open());
  return std::unique_ptr<CustomOutput>(std::move(output));
}

std::unique_ptr<CustomOutput> MakeStreamOutput(ByteSink sink) {
  return std::make_unique<StreamOutput>(std::move(sink));
}

}  // namespace pgkeep::archive
