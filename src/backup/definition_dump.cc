#include "backup/definition_dump.h"

#include <fmt/core.h>

#include <chrono>
#include <utility>
#include <vector>

#include "archive/toc_reader.h"
#include "base/file_util.h"

namespace pgkeep::backup {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;
constexpr size_t kGlobalsBytesMax = size_t{256} << 20;
// What a cancelled COPY may need on a busy server before pg_dump is killed.
constexpr Duration kStopGrace = std::chrono::seconds(10);

std::string LockWait(Duration timeout) {
  return fmt::format("--lock-wait-timeout={}",
                     std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count());
}

// pg_dumpall, unlike pg_dump, takes a database's name for a connection string if it looks like one.
bool LooksLikeConninfo(std::string_view name) {
  return name.find('=') != std::string_view::npos || name.starts_with("postgresql://") ||
         name.starts_with("postgres://");
}

}  // namespace

DefinitionDump::DefinitionDump(logical::ClientProgram program, std::unique_ptr<ChildProcess> child)
    : program_(std::move(program)), child_(std::move(child)) {}

Result<std::unique_ptr<DefinitionDump>> DefinitionDump::Start(const DumpRequest& request) {
  std::vector<std::string> arguments = {
      "--dbname=" + request.params.ToConninfo(),
      "--format=custom",
      "--compress=0",
      "--no-password",
      "--snapshot=" + request.snapshot,
      "--encoding=" + request.encoding,
      LockWait(request.lock_timeout),
  };
  if (!request.role.empty()) arguments.push_back("--role=" + request.role);
  for (std::string& argument : DumpArguments(request.filter)) {
    arguments.push_back(std::move(argument));
  }
  PGK_ASSIGN_OR_RETURN(ChildSpec spec, logical::MakeClientSpec(request.program, request.params,
                                                               std::move(arguments)));
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<ChildProcess> child, ChildProcess::Start(std::move(spec)));
  return std::unique_ptr<DefinitionDump>(new DefinitionDump(request.program, std::move(child)));
}

Result<archive::Toc> DefinitionDump::ReadContents(std::stop_token stop) {
  archive::TocReader reader;
  Bytes buffer(kReadBytes);
  for (bool complete = false; !complete;) {
    PGK_ASSIGN_OR_RETURN(const size_t size, child_->Read(buffer, stop));
    if (size == 0) {
      PGK_ASSIGN_OR_RETURN(const ChildEnd end, child_->Wait(stop));
      return logical::ProgramFailed(program_, "reading the definitions", end, child_->errors());
    }
    const ByteSpan piece = ByteSpan(buffer).first(size);
    Append(bytes_, piece);
    PGK_ASSIGN_OR_RETURN(complete, reader.Feed(piece));
  }
  bytes_.resize(reader.bytes_read());
  return std::move(reader).Take();
}

void DefinitionDump::Stop() { child_->Stop(kStopGrace); }

Result<Bytes> DumpGlobals(const logical::ClientProgram& program,
                          const postgres::ConnectionParams& params, bool passwords,
                          Duration lock_timeout, const std::string& role, std::stop_token stop) {
  logical::ClientProgram dumpall = program;
  dumpall.path = JoinPath(ParentDirectory(program.path), "pg_dumpall");
  std::vector<std::string> arguments = {"--dbname=" + params.ToConninfo(), "--globals-only",
                                        "--no-password", LockWait(lock_timeout)};
  const std::string database = params.Get("dbname");
  // Otherwise it goes to the database "postgres" or "template1".
  if (!database.empty() && !LooksLikeConninfo(database)) {
    arguments.push_back("--database=" + database);
  }
  if (!passwords) arguments.emplace_back("--no-role-passwords");
  if (!role.empty()) arguments.push_back("--role=" + role);
  PGK_ASSIGN_OR_RETURN(ChildSpec spec,
                       logical::MakeClientSpec(dumpall, params, std::move(arguments)));
  PGK_ASSIGN_OR_RETURN(ChildOutput output,
                       RunChild(std::move(spec), kGlobalsBytesMax, std::move(stop)));
  if (!output.end.success()) {
    return logical::ProgramFailed(dumpall, "reading roles and tablespaces", output.end,
                                  output.errors);
  }
  return std::move(output.out);
}

}  // namespace pgkeep::backup
