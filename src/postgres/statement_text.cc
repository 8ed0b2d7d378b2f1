#include "postgres/statement_text.h"

#include <cstddef>

namespace pgkeep::postgres::internal {
namespace {

constexpr size_t kSummaryMax = 160;

bool IsNameCharacter(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '_' || byte >= 0x80;
}

// The `$tag$` at the start of `text`, or nothing.
std::string_view DollarTag(std::string_view text) {
  size_t end = 1;
  while (end < text.size() && IsNameCharacter(text[end])) ++end;
  if (end >= text.size() || text[end] != '$') return {};
  if (end > 1 && text[1] >= '0' && text[1] <= '9') return {};
  return text.substr(0, end + 1);
}

// Length of the literal in single quotes at the start of `text`. Takes a backslash for an escape
// always: where it is none, too much is hidden rather than too little.
size_t QuotedLength(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '\'') {
      return i + 1;
    }
  }
  return text.size();
}

// Length of the literal at the start of `text`, 0 if there is none.
size_t LiteralLength(std::string_view text) {
  if (text.front() == '\'') return QuotedLength(text);
  if (text.front() != '$') return 0;
  const std::string_view tag = DollarTag(text);
  if (tag.empty()) return 0;
  const size_t end = text.find(tag, tag.size());
  return end == std::string_view::npos ? text.size() : end + tag.size();
}

}  // namespace

std::string SummarizeStatement(std::string_view sql) {
  std::string shown;
  // A literal may be cut off only with its end: so stop looking at the text, not at the summary.
  for (size_t i = 0; i < sql.size() && shown.size() <= kSummaryMax;) {
    const size_t literal = LiteralLength(sql.substr(i));
    if (literal > 0) {
      shown += "'...'";
      i += literal;
    } else {
      shown += sql[i++];
    }
  }
  return OneLine(shown, kSummaryMax);
}

std::string OneLine(std::string_view text, size_t max_bytes) {
  std::string line;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    const bool blank = byte <= ' ' || byte == 0x7f;
    if (blank && (line.empty() || line.back() == ' ')) continue;
    if (line.size() >= max_bytes) return line + "...";
    line += blank ? ' ' : character;
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace pgkeep::postgres::internal
