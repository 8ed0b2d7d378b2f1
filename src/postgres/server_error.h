// Errors from what libpq says.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "postgres/connection_params.h"
#include "postgres/libpq.h"
#include "postgres/notice.h"

namespace pgkeep::postgres::internal {

// The error in a failed result, with its SQLSTATE: message, detail, the place (for COPY the line,
// without its content) and the statement `sql` without literals; the hint is ours or the server's.
Error ServerError(const PGresult* result, std::string_view sql);

// A field of an error or notice, "" if it is not there.
std::string_view ErrorField(const PGresult* result, int field);

// The notice in a result that libpq hands to a notice receiver.
Notice MakeNotice(const PGresult* result);

// Why connecting failed. REQUIRES: error verbosity was PQERRORS_VERBOSE all the time, which is the
// only way to learn the SQLSTATE of a failed start.
Error ConnectError(const PGconn* connection, const ConnectionParams& params);

// The same from libpq's text; exposed for tests.
Error ConnectErrorFromText(std::string_view text);

// That the server went away, with the first line of libpq's own words.
Error LostError(std::string_view libpq_message);

}  // namespace pgkeep::postgres::internal
