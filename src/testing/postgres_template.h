// What initdb makes, made once and copied for every test.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace pgkeep::testing {

// The user that a server runs as: it refuses to be root.
struct ServerUser {
  uid_t uid = 0;
  gid_t gid = 0;
  // What to put before the words of a program to run it as this user; empty if we are it.
  std::vector<std::string> prefix;
};

// Ourselves, or if we are root the user "postgres", or else "nobody".
const ServerUser& PostgresServerUser();

// The directory of the server programs: $PGKEEP_TEST_PG_BIN, or that of the newest version below
// /usr/lib/postgresql. Aborts when there is none.
const std::string& PostgresPrograms();

// A data directory that nobody has used, owned by PostgresServerUser(), for a copy. It is in the
// directory of the test program and is made when it is missing; several processes may ask at once.
std::string PostgresTemplate();

}  // namespace pgkeep::testing
