#include "postgres/sqlstate.h"

#include <algorithm>
#include <iterator>

namespace pgkeep::postgres {
namespace {

// A whole SQLSTATE or the two characters of its class. Of several that fit, the first counts.
struct Meaning {
  std::string_view prefix;
  ErrorCode code;
  std::string_view hint;
};

constexpr std::string_view kLookAtServerLog =
    "look at the server's log; this is trouble of the server, not of pgkeep";

constexpr Meaning kMeanings[] = {
    {"08P01", ErrorCode::kProtocol, ""},
    {"08", ErrorCode::kUnavailable,
     "check that the server runs and can be reached, then try again"},
    {"0A", ErrorCode::kUnsupported, ""},
    {"25006", ErrorCode::kRefused,
     "if this server is a standby, connect to its primary; else the role or the database has "
     "default_transaction_read_only = on"},
    {"28P01", ErrorCode::kUnauthenticated,
     "check user and password; keep the password in a password file (~/.pgpass) or in PGPASSWORD"},
    {"28", ErrorCode::kUnauthenticated,
     "check the user, and that pg_hba.conf on the server lets it in from this host"},
    {"3D000", ErrorCode::kNotFound, "check the database name"},
    {"3F000", ErrorCode::kNotFound, ""},
    {"40001", ErrorCode::kBusy,
     "try again; if this is a standby, set hot_standby_feedback = on there"},
    {"40P01", ErrorCode::kBusy, "try again when other sessions do not lock the same tables"},
    {"42501", ErrorCode::kPermission,
     "grant the role what it needs, for instance membership in pg_read_all_data"},
    {"42P01", ErrorCode::kNotFound, ""},
    {"42703", ErrorCode::kNotFound, ""},
    {"42704", ErrorCode::kNotFound, ""},
    {"42883", ErrorCode::kNotFound, ""},
    {"42P04", ErrorCode::kAlreadyExists, ""},
    {"42P06", ErrorCode::kAlreadyExists, ""},
    {"42P07", ErrorCode::kAlreadyExists, ""},
    {"42710", ErrorCode::kAlreadyExists, ""},
    {"53100", ErrorCode::kOutOfSpace, "free space on the disk of the server"},
    {"53200", ErrorCode::kLimitExceeded,
     "the server is out of memory or locks; if it says shared memory, raise its "
     "max_locks_per_transaction"},
    {"53300", ErrorCode::kBusy,
     "wait until sessions end, use fewer jobs, or raise the limit: max_connections of the server, "
     "or CONNECTION LIMIT of the role or database"},
    {"53", ErrorCode::kLimitExceeded, ""},
    {"54", ErrorCode::kLimitExceeded, ""},
    {"55P03", ErrorCode::kBusy,
     "another session holds a lock on the table; find it in pg_locks, or try again later"},
    {"55006", ErrorCode::kBusy, "end the sessions that use it, or try again later"},
    {"57014", ErrorCode::kPostgres,
     "somebody cancelled the statement, or the server's statement_timeout did; try again"},
    {"57P03", ErrorCode::kUnavailable, "the server is starting or stopping; try again soon"},
    {"57P04", ErrorCode::kNotFound, "the database was dropped"},
    {"57P", ErrorCode::kUnavailable,
     "the server ended the session; look at its log for the reason, then try again"},
    {"58", ErrorCode::kIo, kLookAtServerLog},
    {"XX001", ErrorCode::kCorruption,
     "the data of the server is damaged; check it with pg_amcheck before anything else"},
    {"XX002", ErrorCode::kCorruption,
     "an index of the server is damaged; check it with pg_amcheck and rebuild it with REINDEX"},
    {"XX", ErrorCode::kPostgres, kLookAtServerLog},
};

const Meaning* Find(std::string_view sqlstate) {
  const auto* found = std::find_if(
      std::begin(kMeanings), std::end(kMeanings),
      [sqlstate](const Meaning& meaning) { return sqlstate.starts_with(meaning.prefix); });
  return found == std::end(kMeanings) ? nullptr : found;
}

bool IsWellFormed(std::string_view sqlstate) {
  return sqlstate.size() == 5 && std::all_of(sqlstate.begin(), sqlstate.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

}  // namespace

ErrorCode CodeOfSqlState(std::string_view sqlstate) {
  if (!IsWellFormed(sqlstate)) return ErrorCode::kProtocol;
  const Meaning* meaning = Find(sqlstate);
  return meaning == nullptr ? ErrorCode::kPostgres : meaning->code;
}

std::string_view HintOfSqlState(std::string_view sqlstate) {
  const Meaning* meaning = IsWellFormed(sqlstate) ? Find(sqlstate) : nullptr;
  return meaning == nullptr ? std::string_view() : meaning->hint;
}

}  // namespace pgkeep::postgres
