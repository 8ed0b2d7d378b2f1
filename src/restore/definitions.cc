#include "restore/definitions.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "archive/toc_encoder.h"
#include "base/array.h"
#include "base/child_process.h"
#include "base/file_util.h"
#include "base/hex.h"
#include "base/log.h"
#include "crypto/random.h"
#include "restore/pg_restore_messages.h"

namespace pgkeep::restore {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;
// What a statement that is cancelled may need before pg_restore is killed.
constexpr Duration kStopGrace = std::chrono::seconds(10);

constexpr std::string_view kPrefix = "pgkeep-restore-";
constexpr size_t kHexLength = 32;
constexpr std::string_view kFileName = "definitions";
constexpr int kAgainMax = 3;

bool IsOurName(std::string_view name) {
  if (!name.starts_with(kPrefix)) return false;
  name.remove_prefix(kPrefix.size());
  return name.size() == kHexLength &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Removes one directory if it is ours and nobody holds it. Only an own one is opened: others could
// have put a link in its place.
void RemoveIfAbandoned(FileSystem& files, const std::string& directory) {
  const Result<FileInfo> info = files.StatNoFollow(directory);
  if (!info.ok() || info->type != FileInfo::Type::kDirectory || info->owner != ::geteuid()) return;
  const auto lock = files.TryLock(directory);
  if (!lock.ok()) return;
  static_cast<void>(files.Remove(JoinPath(directory, kFileName)));
  const Status removed = files.RemoveDirectory(directory);
  if (removed.ok()) {
    Log(LogLevel::kInfo, "restore", "removed {}, which a restore that was killed left", directory);
  }
}

// What stays behind hinders nobody: it is no reason not to restore.
void RemoveAbandoned(FileSystem& files, const std::string& parent) {
  const Status walked = files.VisitDirectory(parent, [&](const DirectoryEntry& entry) {
    if (IsOurName(entry.name)) RemoveIfAbandoned(files, JoinPath(parent, entry.name));
    return Ok();
  });
  if (walked.ok()) return;
  Log(LogLevel::kDebug, "restore", "looking for what killed restores left in {}: {}", parent,
      walked.error().ToString());
}

Result<ChildEnd> ReadMessages(ChildProcess& child, PgRestoreMessages& messages,
                              std::stop_token stop) {
  Bytes buffer(kReadBytes);
  while (true) {
    PGK_ASSIGN_OR_RETURN(const size_t size, child.Read(buffer, stop));
    if (size == 0) break;
    messages.Feed(AsText(ByteSpan(buffer).first(size)));
  }
  messages.Finish();
  return child.Wait(stop);
}

}  // namespace

DefinitionArchive::DefinitionArchive(FileSystem& files, std::string directory,
                                     std::unique_ptr<FileLock> lock)
    : files_(files),
      lock_(std::move(lock)),
      directory_(std::move(directory)),
      path_(JoinPath(directory_, kFileName)) {}

Result<std::unique_ptr<DefinitionArchive>> DefinitionArchive::Make(FileSystem& files,
                                                                   const std::string& parent) {
  ByteArray<16> random{};
  crypto::SystemRandom().Fill(random);
  std::string directory = JoinPath(parent, std::string(kPrefix) + HexEncode(random));
  PGK_TRY(files.CreateDirectory(directory, 0700));
  auto lock = files.TryLock(directory);
  if (!lock.ok()) static_cast<void>(files.RemoveDirectory(directory));
  PGK_ASSIGN_OR_RETURN(auto held, std::move(lock));
  // Taken away before it was locked: there is no directory any more that the lock is for.
  PGK_TRY(files.StatNoFollow(directory));
  return std::unique_ptr<DefinitionArchive>(
      new DefinitionArchive(files, std::move(directory), std::move(held)));
}

Result<std::unique_ptr<DefinitionArchive>> DefinitionArchive::Write(FileSystem& files,
                                                                    const std::string& parent,
                                                                    archive::Toc toc) {
  PGK_ASSIGN_OR_RETURN(const Bytes bytes, archive::EncodeWithoutData(std::move(toc)));
  const std::string where = parent.empty() ? "/tmp" : parent;
  RemoveAbandoned(files, where);
  auto made = Make(files, where);
  // Another restore may have come by before the new directory was locked.
  for (int again = 0; !made.ok() && again < kAgainMax; ++again) {
    const ErrorCode code = made.error().code();
    if (code != ErrorCode::kBusy && code != ErrorCode::kNotFound) break;
    made = Make(files, where);
  }
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<DefinitionArchive> archive, std::move(made));
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.CreateNew(archive->path_, 0600));
  PGK_TRY(file->WriteAll(bytes));
  PGK_TRY(file->Close());
  return archive;
}

DefinitionArchive::~DefinitionArchive() {
  static_cast<void>(files_.Remove(path_));
  static_cast<void>(files_.RemoveDirectory(directory_));
}

Result<std::vector<std::string>> RunDefinitions(const DefinitionRun& run,
                                                const DefinitionArchive& archive,
                                                std::stop_token stop) {
  std::vector<std::string> arguments = {"--dbname=" + run.params.ToConninfo(), "--no-password",
                                        "--section=" + run.section};
  if (run.jobs > 1) arguments.push_back(fmt::format("--jobs={}", run.jobs));
  if (!run.owners) arguments.emplace_back("--no-owner");
  if (!run.privileges) arguments.emplace_back("--no-privileges");
  arguments.push_back(archive.path());
  PGK_ASSIGN_OR_RETURN(ChildSpec spec,
                       logical::MakeClientSpec(run.program, run.params, std::move(arguments)));
  // All of it is read, not only the end.
  spec.errors_in_output = true;
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<ChildProcess> child,
                       ChildProcess::Start(std::move(spec)));
  PgRestoreMessages messages;
  const Result<ChildEnd> end = ReadMessages(*child, messages, stop);
  if (!end.ok()) {
    child->Stop(kStopGrace);
    return end.error();
  }
  if (!end->success() && !messages.reached_end()) {
    return logical::ProgramFailed(run.program, fmt::format("restoring the {}", run.section), *end,
                                  messages.beginning());
  }
  if (messages.count() > messages.errors().size()) {
    messages.errors().push_back(fmt::format("and {} more errors of pg_restore",
                                            messages.count() - messages.errors().size()));
  }
  if (!end->success() && messages.errors().empty() && messages.harmless() == 0) {
    messages.errors().push_back(fmt::format("pg_restore {} without saying why", end->Describe()));
  }
  return std::move(messages.errors());
}

}  // namespace pgkeep::restore
