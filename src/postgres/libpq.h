// Ownership of what libpq hands out. Included by this room's sources only, and the only one that
// includes libpq.
#pragma once

#include <libpq-fe.h>

#include <memory>

namespace pgkeep::postgres::internal {

// Frees each kind with its own function.
struct PqFree {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

using ConnectionPtr = std::unique_ptr<PGconn, PqFree>;
using ResultPtr = std::unique_ptr<PGresult, PqFree>;
using CancelPtr = std::unique_ptr<PGcancel, PqFree>;
using OptionsPtr = std::unique_ptr<PQconninfoOption, PqFree>;

}  // namespace pgkeep::postgres::internal
