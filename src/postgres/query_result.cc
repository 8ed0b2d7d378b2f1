#include "postgres/query_result.h"

#include <charconv>

#include "postgres/libpq.h"
#include "postgres/statement_text.h"

namespace pgkeep::postgres {
namespace {

int ToInt(size_t index) { return static_cast<int>(index); }

// The whole text as a number, or nothing.
template <class Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

void QueryResult::Free::operator()(pg_result* result) const { PQclear(result); }

QueryResult::QueryResult(pg_result* owned) : result_(owned) {}

size_t QueryResult::rows() const { return static_cast<size_t>(PQntuples(result_.get())); }
size_t QueryResult::columns() const { return static_cast<size_t>(PQnfields(result_.get())); }
std::string_view QueryResult::command_tag() const { return PQcmdStatus(result_.get()); }

Status QueryResult::ExpectColumns(size_t columns) const {
  if (this->columns() == columns) return Ok();
  return Err(ErrorCode::kProtocol, "the server returned {} columns where {} were expected",
             this->columns(), columns);
}

Status QueryResult::ExpectRows(size_t rows) const {
  if (this->rows() == rows) return Ok();
  return Err(ErrorCode::kProtocol, "the server returned {} rows where {} were expected",
             this->rows(), rows);
}

Result<size_t> QueryResult::ColumnNamed(std::string_view name) const {
  // Not PQfnumber(), which folds case and takes quotes away.
  for (size_t i = 0; i < columns(); ++i) {
    if (PQfname(result_.get(), ToInt(i)) == name) return i;
  }
  return Err(ErrorCode::kProtocol, "the server returned no column '{}'", name);
}

Result<std::optional<std::string_view>> QueryResult::NullableText(size_t row, size_t column) const {
  if (row >= rows() || column >= columns()) {
    return Err(ErrorCode::kProtocol, "row {} column {} of a result of {} rows and {} columns", row,
               column, rows(), columns());
  }
  if (PQgetisnull(result_.get(), ToInt(row), ToInt(column)) != 0) {
    return std::optional<std::string_view>();
  }
  const int length = PQgetlength(result_.get(), ToInt(row), ToInt(column));
  return std::optional<std::string_view>(std::string_view(
      PQgetvalue(result_.get(), ToInt(row), ToInt(column)), static_cast<size_t>(length)));
}

Result<std::string_view> QueryResult::Text(size_t row, size_t column) const {
  PGK_ASSIGN_OR_RETURN(const std::optional<std::string_view> text, NullableText(row, column));
  if (text) return *text;
  return WrongValue(row, column, "a value");
}

Result<int64_t> QueryResult::Int64(size_t row, size_t column) const {
  PGK_ASSIGN_OR_RETURN(const std::string_view text, Text(row, column));
  const std::optional<int64_t> number = ParseNumber<int64_t>(text);
  if (number) return *number;
  return WrongValue(row, column, "a whole number");
}

Result<uint64_t> QueryResult::UInt64(size_t row, size_t column) const {
  PGK_ASSIGN_OR_RETURN(const std::string_view text, Text(row, column));
  const std::optional<uint64_t> number = ParseNumber<uint64_t>(text);
  if (number) return *number;
  return WrongValue(row, column, "a whole number from 0 on");
}

Result<uint32_t> QueryResult::Oid(size_t row, size_t column) const {
  PGK_ASSIGN_OR_RETURN(const std::string_view text, Text(row, column));
  const std::optional<uint32_t> number = ParseNumber<uint32_t>(text);
  if (number) return *number;
  return WrongValue(row, column, "an oid");
}

Result<bool> QueryResult::Bool(size_t row, size_t column) const {
  PGK_ASSIGN_OR_RETURN(const std::string_view text, Text(row, column));
  if (text == "t") return true;
  if (text == "f") return false;
  return WrongValue(row, column, "true or false");
}

Error QueryResult::WrongValue(size_t row, size_t column, std::string_view wanted) const {
  constexpr size_t kShownMax = 40;
  const Result<std::optional<std::string_view>> text = NullableText(row, column);
  const std::string shown =
      text.ok() && *text ? "'" + internal::OneLine(**text, kShownMax) + "'" : std::string("null");
  return Err(ErrorCode::kProtocol, "column '{}' of row {} is {}, where {} was expected",
             PQfname(result_.get(), ToInt(column)), row, shown, wanted);
}

}  // namespace pgkeep::postgres
