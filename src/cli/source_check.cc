#include "cli/source_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backup/database_list.h"
#include "cli/database_check.h"
#include "cli/source_access.h"
#include "cli/text_format.h"
#include "logical/client_programs.h"
#include "postgres/pooler.h"
#include "postgres/server_info.h"
#include "postgres/session_settings.h"

namespace pgkeep::cli {
namespace {

using postgres::Connection;
using postgres::ServerInfo;

// The clocks of retention and of --at are those of hosts and servers.
constexpr Duration kClockTolerance = std::chrono::seconds(30);

// Without superuser's reserve; ours is one of those that are taken.
constexpr std::string_view kFreeConnectionsSql =
    "SELECT pg_catalog.current_setting('max_connections')::pg_catalog.int8"
    " - CASE WHEN (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN 0"
    " ELSE pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int8 END"
    " - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity"
    " WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid())";

class SourceCheck {
 public:
  SourceCheck(const config::SourceSettings& source, const Environment& environment, CheckList& list)
      : source_(source), environment_(environment), list_(list) {
    options_.stop = environment.stop;
  }

  std::optional<uint64_t> Run() {
    auto connection = Connection::Open(ParamsOf(source_, environment_), options_);
    if (!connection.ok()) {
      list_.Bad("connection", connection.error());
      return std::nullopt;
    }
    connection_ = *std::move(connection);
    params_ = connection_->EffectiveParams();
    if (!CheckServer()) return std::nullopt;
    CheckPooling();
    CheckRole();
    CheckPrograms();
    CheckConnections();
    CheckClock();
    return CheckDatabases();
  }

 private:
  bool CheckServer() {
    const Status settings = postgres::ApplyBackupSettings(*connection_, source_.logical.role);
    if (!settings.ok()) {
      list_.Bad("connection", settings.error());
      return false;
    }
    auto server = postgres::ReadServerInfo(*connection_);
    if (!server.ok()) {
      list_.Bad("server", server.error());
      return false;
    }
    server_ = *std::move(server);
    const std::string text =
        fmt::format("PostgreSQL {} at {}{}", server_.version, params_.Describe(),
                    connection_->uses_tls() ? ", with TLS" : "");
    if (server_.in_recovery) {
      list_.Warn("connection", text + ": a standby, which may cancel a long backup",
                 "set hot_standby_feedback = on there, or back up the primary server");
    } else {
      list_.Good("connection", text);
    }
    return true;
  }

  void CheckPooling() {
    const auto pooling = postgres::DetectPooling(*connection_, params_, options_);
    if (!pooling.ok()) {
      list_.Bad("pooler", pooling.error());
    } else if (*pooling == postgres::Pooling::kTransaction) {
      const Status refused = postgres::RefuseTransactionPooling(*connection_, params_, options_);
      list_.Bad("pooler", refused.ok() ? Error(ErrorCode::kRefused,
                                               "a pooler that works by transactions is in between",
                                               "connect to the server itself")
                                       : refused.error());
    } else {
      list_.Good("pooler", *pooling == postgres::Pooling::kNone
                               ? "none in between"
                               : "one that gives each connection a server process of its own");
    }
  }

  void CheckRole() {
    std::string text = server_.user;
    if (server_.superuser) {
      text += ", a superuser";
    } else if (server_.reads_all_data) {
      text += ", which may read all data";
    } else {
      text += ", with the rights that it was granted";
    }
    const auto passwords = postgres::QueryBool(
        *connection_, "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')");
    if (passwords.ok() && !*passwords) text += "; passwords of roles are not in its backups";
    list_.Good("role", std::move(text));
  }

  void CheckPrograms() {
    const logical::ProgramSearch search = ProgramsIn(source_.logical.programs, environment_);
    for (const char* name : {"pg_dump", "pg_dumpall"}) {
      const auto program =
          logical::FindProgram(name, server_.version_num, search, environment_.stop);
      if (program.ok()) {
        list_.Good(name, fmt::format("{}, version {}", program->path, program->version));
      } else {
        list_.Bad(name, program.error());
      }
    }
  }

  void CheckConnections() {
    // Those that read, the leader, and pg_dump.
    const int64_t needed = int64_t{source_.logical.jobs} + 2;
    const auto free = postgres::QueryInt64(*connection_, kFreeConnectionsSql);
    if (!free.ok()) {
      list_.Bad("connections", free.error());
    } else if (*free < needed) {
      list_.Bad("connections", fmt::format("a backup opens {}, and {} are free", needed, *free),
                "end sessions that idle, lower jobs in the configuration, or raise "
                "max_connections of the server");
    } else {
      list_.Good("connections", fmt::format("a backup opens {}, and {} are free", needed, *free));
    }
  }

  void CheckClock() {
    const auto server = postgres::QueryInt64(
        *connection_,
        "SELECT (EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::pg_catalog.int8");
    if (!server.ok()) return list_.Bad("clock", server.error());
    const Duration ahead = Duration(*server) - environment_.clock->Now().time_since_epoch();
    const Duration apart = ahead < Duration::zero() ? -ahead : ahead;
    if (apart <= kClockTolerance) {
      list_.Good("clock", "that of the server and that of this machine agree");
    } else {
      list_.Warn("clock",
                 fmt::format("the server is {} {} of this machine", FormatDuration(apart),
                             ahead > Duration::zero() ? "ahead" : "behind"),
                 "let both keep time by NTP");
    }
  }

  std::optional<uint64_t> CheckDatabases() {
    const auto databases = backup::ListDatabases(*connection_, SelectionOf(source_));
    if (!databases.ok()) {
      list_.Bad("databases", databases.error());
      return std::nullopt;
    }
    std::optional<uint64_t> bytes = 0;
    for (const backup::ListedDatabase& database : *databases) {
      if (!database.available) {
        list_.Bad("database", fmt::format("{}: {}", database.name, database.reason),
                  "look at 'databases' of the source in the configuration");
        continue;
      }
      const auto size = CheckDatabase({.source = source_,
                                       .params = params_.WithDatabase(database.name),
                                       .name = database.name,
                                       .connect = options_},
                                      list_);
      bytes = bytes && size ? std::optional(*bytes + *size) : std::nullopt;
    }
    return bytes;
  }

  const config::SourceSettings& source_;
  const Environment& environment_;
  CheckList& list_;
  postgres::ConnectOptions options_;
  std::unique_ptr<Connection> connection_;
  postgres::ConnectionParams params_;
  ServerInfo server_;
};

}  // namespace

std::optional<uint64_t> CheckSource(const config::SourceSettings& source,
                                    const Environment& environment, CheckList& list) {
  list.Begin("source " + source.name);
  return SourceCheck(source, environment, list).Run();
}

}  // namespace pgkeep::cli
