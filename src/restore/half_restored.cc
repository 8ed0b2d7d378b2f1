#include "restore/half_restored.h"

#include <fmt/format.h>

#include "postgres/quote.h"

namespace pgkeep::restore {
namespace {

constexpr std::string_view kAuthor = "pgkeep: ";
constexpr std::string_view kWords = "half restored from backup ";

}  // namespace

std::string HalfRestoredMark(const repository::BackupId& backup, Timestamp begun) {
  return fmt::format("{}{}{}, begun at {}", kAuthor, kWords, backup.Hex(), FormatUtc(begun));
}

std::optional<std::string> ReadHalfRestoredMark(std::string_view comment) {
  if (!comment.starts_with(kAuthor)) return std::nullopt;
  comment.remove_prefix(kAuthor.size());
  if (!comment.starts_with(kWords)) return std::nullopt;
  return std::string(comment);
}

std::string DatabaseCommentSql(std::string_view database, std::string_view comment) {
  return fmt::format("COMMENT ON DATABASE {} IS {}", postgres::QuoteIdentifier(database),
                     comment.empty() ? "NULL" : postgres::QuoteLiteral(comment));
}

}  // namespace pgkeep::restore
