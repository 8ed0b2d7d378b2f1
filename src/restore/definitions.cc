#include "restore/definitions.h"

#include <fmt/core.h>
#include <chrono>
#include <utility>

#include "archive/toc_encoder.h"
#include "base/child_process.h"
#include "base/file_util.h"
#include "crypto/random.h"
#include "restore/pg_restore_messages.h"

namespace pgkeep::restore {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;
// What a statement that is cancelled may need before pg_restore is killed.
constexpr Duration kStopGrace = std::chrono::seconds(10);

constexpr std::string_view kPrefix = "pgkeep-restore-";
constexpr std::string_view kFileName = "definitions";
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

DefinitionArchive::DefinitionArchive(std::unique_ptr<WorkDirectory> directory)
    : directory_(std::move(directory)), path_(JoinPath(directory_->path(), kFileName)) {}

Result<std::unique_ptr<DefinitionArchive>> DefinitionArchive::Write(FileSystem& files,
                                                                    const std::string& parent,
                                                                    archive::Toc toc) {
  PGK_ASSIGN_OR_RETURN(const Bytes bytes, archive::EncodeWithoutData(std::move(toc)));
  PGK_ASSIGN_OR_RETURN(auto directory, WorkDirectory::Make(files, parent.empty() ? "/tmp" : parent,
                                                           kPrefix, [](MutableByteSpan out) {
                                                             crypto::SystemRandom().Fill(out);
                                                           }));
  auto archive = std::unique_ptr<DefinitionArchive>(new DefinitionArchive(std::move(directory)));
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.CreateNew(archive->path_, 0600));
  PGK_TRY(file->WriteAll(bytes));
  PGK_TRY(file->Close());
  return archive;
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
