// What the five letters of an error of PostgreSQL mean for us.
#pragma once

#include <string_view>

#include "base/error.h"

namespace pgkeep::postgres {

// The codes that callers ask for by name (PostgreSQL documentation, appendix A).
inline constexpr std::string_view kSqlStateUndefinedTable = "42P01";
inline constexpr std::string_view kSqlStateLockNotAvailable = "55P03";
inline constexpr std::string_view kSqlStateQueryCanceled = "57014";
inline constexpr std::string_view kSqlStateDeadlockDetected = "40P01";
inline constexpr std::string_view kSqlStateSerializationFailure = "40001";
inline constexpr std::string_view kSqlStateInsufficientPrivilege = "42501";
inline constexpr std::string_view kSqlStateOutOfMemory = "53200";

// Our code for an SQLSTATE: kPostgres for what has no closer one, and kProtocol if it is not five
// letters and digits.
ErrorCode CodeOfSqlState(std::string_view sqlstate);

// A sentence that says what the user can do about it; "" if we know no better than the server.
std::string_view HintOfSqlState(std::string_view sqlstate);

}  // namespace pgkeep::postgres
