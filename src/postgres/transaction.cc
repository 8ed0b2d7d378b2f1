#include "postgres/transaction.h"

#include <utility>

namespace pgkeep::postgres {

Result<Transaction> Transaction::Begin(Connection& connection, std::string_view statement) {
  if (connection.in_transaction()) {
    return Error(ErrorCode::kInvalidArgument, "a transaction is open on the connection already");
  }
  PGK_TRY(connection.Execute(statement));
  return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  // When this fails, the connection has ended and the server rolls back.
  if (connection_ != nullptr && connection_->in_transaction()) static_cast<void>(Rollback());
}

Status Transaction::Commit() {
  PGK_ASSIGN_OR_RETURN(const QueryResult result,
                       std::exchange(connection_, nullptr)->Query("COMMIT"));
  if (result.command_tag() == "COMMIT") return Ok();
  return Error(ErrorCode::kPostgres, "the transaction was rolled back instead of committed")
      .WithHint("a statement in it failed before; look at the first error");
}

Status Transaction::Rollback() { return std::exchange(connection_, nullptr)->Execute("ROLLBACK"); }

}  // namespace pgkeep::postgres
