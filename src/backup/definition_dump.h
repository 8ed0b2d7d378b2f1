// The definitions of a database, by pg_dump.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "archive/toc.h"
#include "backup/table_filter.h"
#include "base/bytes.h"
#include "base/child_process.h"
#include "base/clock.h"
#include "base/result.h"
#include "logical/client_programs.h"
#include "postgres/connection_params.h"

namespace pgkeep::backup {

// What pg_dump is to do.
struct DumpRequest {
  logical::ClientProgram program;
  postgres::ConnectionParams params;  // that lead to the very server and database
  std::string encoding;               // of the database
  std::string snapshot;               // that it shall see
  Duration lock_timeout{};
  TableFilter filter;
  std::string role;  // for SET ROLE; empty: none
};

// A pg_dump of which only the head of the stream is wanted: on a pipe it writes the whole table of
// contents before the first row. It then waits for us to read on, and keeps its locks, until it is
// stopped.
//
// Life: Start, ReadContents, Stop; the destructor stops it too. One thread at a time, that which
// started it: pg_dump is ended with it.
class DefinitionDump {
 public:
  static Result<std::unique_ptr<DefinitionDump>> Start(const DumpRequest& request);

  // The table of contents. kChildFailed with pg_dump's complaint if it ended before.
  Result<archive::Toc> ReadContents(std::stop_token stop);

  // Header and table of contents as pg_dump wrote them, and nothing else. REQUIRES: they were read.
  Bytes TakeBytes() { return std::move(bytes_); }

  // Ends it; its running COPY is cancelled on the server. What it says about that is no error.
  void Stop();

 private:
  DefinitionDump(logical::ClientProgram program, std::unique_ptr<ChildProcess> child);

  const logical::ClientProgram program_;
  const std::unique_ptr<ChildProcess> child_;
  Bytes bytes_;
};

// Roles, their settings and tablespaces of the cluster, as SQL of `pg_dumpall --globals-only`,
// which must stand beside `program`. `passwords` false leaves out what the server does not show to
// everybody.
Result<Bytes> DumpGlobals(const logical::ClientProgram& program,
                          const postgres::ConnectionParams& params, bool passwords,
                          Duration lock_timeout, const std::string& role, std::stop_token stop);

}  // namespace pgkeep::backup
