#include <optional>
#include <utility>

#include "postgres/copy_in.h"
#include "postgres/transaction.h"
#include "restore/row_target.h"

namespace pgkeep::restore {
namespace {

class CopyTarget final : public RowTarget {
 public:
  CopyTarget(std::optional<postgres::Transaction> transaction, postgres::CopyIn copy)
      : transaction_(std::move(transaction)), copy_(std::move(copy)) {}

  Status Write(ByteSpan rows) override { return copy_.Write(rows); }

  Result<uint64_t> Finish() override {
    PGK_ASSIGN_OR_RETURN(const uint64_t rows, copy_.Finish());
    if (transaction_) PGK_TRY(transaction_->Commit());
    return rows;
  }

  // If it fails, the connection has ended, and the server takes the rows back all the same.
  void Abort(std::string_view reason) override { static_cast<void>(copy_.Abort(reason)); }

 private:
  std::optional<postgres::Transaction> transaction_;
  postgres::CopyIn copy_;  // goes first
};

}  // namespace

Result<std::unique_ptr<RowTarget>> OpenTable(postgres::Connection& connection,
                                             const std::string& copy_statement,
                                             const std::string& truncate) {
  std::optional<postgres::Transaction> transaction;
  if (!truncate.empty()) {
    PGK_ASSIGN_OR_RETURN(postgres::Transaction begun, postgres::Transaction::Begin(connection));
    transaction.emplace(std::move(begun));
    PGK_TRY(connection.Execute("TRUNCATE TABLE ONLY " + truncate));
  }
  PGK_ASSIGN_OR_RETURN(postgres::CopyIn copy, postgres::CopyIn::Start(connection, copy_statement));
  return std::make_unique<CopyTarget>(std::move(transaction), std::move(copy));
}

}  // namespace pgkeep::restore
