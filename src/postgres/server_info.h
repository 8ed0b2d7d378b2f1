// Facts about the server and the database behind a connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::postgres {

// The oldest server that we support, as server_version_num.
inline constexpr int kOldestServerVersion = 130000;

// What ReadServerInfo() found. Texts are in the connection's encoding.
struct ServerInfo {
  int version_num = 0;  // 150018
  std::string version;  // "15.18 (Debian 15.18-0+deb12u1)"
  int block_size = 0;   // bytes of a page: 8192 nearly everywhere
  bool in_recovery = false;

  std::string database;
  uint32_t database_oid = 0;
  std::string encoding;  // of the database: "UTF8"
  // How the database sorts. A copy with another library or version of it may sort differently.
  std::string collate;
  std::string ctype;
  std::string
      locale_provider;  // "c" libc, "i" ICU, "b" built in (15 and newer; before always libc)
  std::string locale;   // of ICU or the built-in provider; else ""
  std::string collation_version;  // "" where the server knows none

  std::string user;  // current_user
  bool superuser = false;
  bool replication = false;     // may use the replication protocol
  bool reads_all_data = false;  // superuser or member of pg_read_all_data (14 and newer)

  // How many locks fit, all sessions together (max_locks_per_transaction times the sessions and
  // prepared transactions that can be).
  int64_t lock_capacity = 0;

  // Of the cluster; nothing where we are not allowed to ask.
  std::optional<uint64_t> system_identifier;
  std::optional<std::string> data_directory;
};

// Asks for all of it in one snapshot. kUnsupportedVersion if the server is older than
// kOldestServerVersion.
Result<ServerInfo> ReadServerInfo(Connection& connection);

// True if the server's data directory can be read here: its pg_control is there and names the same
// system. A directory of the same name that belongs to another cluster does not count.
bool DataDirectoryIsHere(FileSystem& files, const ServerInfo& info);

}  // namespace pgkeep::postgres
