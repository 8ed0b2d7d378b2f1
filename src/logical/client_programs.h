// PostgreSQL's own client programs: finding one that fits the server, and running it without giving
// secrets away.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/child_process.h"
#include "base/file.h"
#include "base/result.h"
#include "postgres/connection_params.h"

namespace pgkeep::logical {

// A program that was found.
struct ClientProgram {
  std::string path;
  int major = 0;
  int minor = 0;
  std::string version;  // as it prints it: "15.18 (Debian 15.18-0+deb12u1)"
};

// Where programs are looked for.
struct ProgramSearch {
  // If not empty, nothing else is looked at: the user says where they are.
  std::string only_directory;
  std::vector<std::string> directories;
};

// Where packages put each version (/usr/lib/postgresql/*/bin, /usr/pgsql-*/bin), then the
// directories of $PATH (as `path`).
ProgramSearch DefaultProgramSearch(FileSystem& files, std::string_view path);

// Finds `name` ("pg_dump") for a server of this version (150018): of the server's major version if
// there is one, else the next newer; older ones refuse to work, and could not know what to do.
//   kNotFound            there is none at all
//   kUnsupportedVersion  only older ones
// Programs that do not run or do not say their version are passed over.
Result<ClientProgram> FindProgram(std::string_view name, int server_version_num,
                                  const ProgramSearch& search, std::stop_token stop);

// Finds pg_restore for a target of this version: of its major version if there is one, else the
// nearest older, since a server knows the statements of older programs, else the nearest newer.
// kNotFound if there is none.
Result<ClientProgram> FindRestoreProgram(int server_version_num, const ProgramSearch& search,
                                         std::stop_token stop);

// Reads "pg_dump (PostgreSQL) 15.18 (Debian ...)"; kProtocol for anything else. `path` is copied.
Result<ClientProgram> ParseProgramVersion(std::string_view output, std::string path);

// What to start `program` with: `arguments`, the variables of this process without those that
// change what PostgreSQL's programs do, messages in English, and the password in PGPASSWORD.
// Arguments that lead to the server are the caller's: "--dbname=" + params.ToConninfo().
// kUnsupported if `params` hold a secret that cannot be handed over safely.
Result<ChildSpec> MakeClientSpec(const ClientProgram& program,
                                 const postgres::ConnectionParams& params,
                                 std::vector<std::string> arguments);

// kChildFailed with the first thing that the program complained about, in one line, for one that
// ended badly. `what` says what it was for: "reading the definitions".
Error ProgramFailed(const ClientProgram& program, std::string_view what, const ChildEnd& end,
                    std::string_view errors);

}  // namespace pgkeep::logical
