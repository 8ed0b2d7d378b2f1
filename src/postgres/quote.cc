#include "postgres/quote.h"

namespace pgkeep::postgres {

std::string QuoteIdentifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char character : name) {
    if (character == '"') quoted += '"';
    quoted += character;
  }
  return quoted + '"';
}

std::string QuoteQualified(std::string_view schema, std::string_view name) {
  return QuoteIdentifier(schema) + '.' + QuoteIdentifier(name);
}

std::string QuoteLiteral(std::string_view value) {
  // The space keeps the E from growing onto a word before it.
  std::string quoted = value.find('\\') == std::string_view::npos ? "'" : " E'";
  for (const char character : value) {
    if (character == '\'' || character == '\\') quoted += character;
    quoted += character;
  }
  return quoted + '\'';
}

}  // namespace pgkeep::postgres
