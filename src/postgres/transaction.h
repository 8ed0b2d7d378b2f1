// A transaction block that is not committed by accident.
#pragma once

#include <string_view>

#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::postgres {

// One transaction block on a connection, which it borrows. Without Commit() it is rolled back when
// this goes (if that fails, the server does so when the connection ends). One thread at a time.
class Transaction {
 public:
  // Starts a block: "BEGIN" or a longer form of it. kInvalidArgument if one is open already.
  static Result<Transaction> Begin(Connection& connection, std::string_view statement = "BEGIN");

  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // REQUIRES of both: neither was called before. Success only if the server has committed: it
  // answers COMMIT of a failed transaction with ROLLBACK and no error, which is kPostgres here.
  Status Commit();
  Status Rollback();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}

  Connection* connection_;  // null once it has ended
};

}  // namespace pgkeep::postgres
