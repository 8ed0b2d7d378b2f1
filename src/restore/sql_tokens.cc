#include "restore/sql_tokens.h"

#include <algorithm>

namespace pgkeep::restore {
namespace {

using Kind = SqlToken::Kind;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Every byte of a character that is not ASCII counts as a letter, as in the server.
bool StartsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool IsInWord(char c) { return StartsWord(c) || IsDigit(c) || c == '$'; }

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

template <class Predicate>
size_t LengthOf(std::string_view text, Predicate predicate) {
  return static_cast<size_t>(std::ranges::find_if_not(text, predicate) - text.begin());
}

// Up to the quote that closes the text; `begin` is behind the one that opens it.
size_t EndOfQuoted(std::string_view text, size_t begin, char quote, bool backslash) {
  for (size_t i = begin; i < text.size(); ++i) {
    if (backslash && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 >= text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return text.size();
}

size_t EndOfBlockComment(std::string_view text) {
  size_t depth = 0;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const std::string_view pair = text.substr(i, 2);
    if (pair == "/*") {
      ++depth;
      ++i;
    } else if (pair == "*/") {
      ++i;
      if (--depth == 0) return i + 1;
    }
  }
  return text.size();
}

// The end of a text in dollars, 0 if there is none here ($1 is a parameter).
size_t EndOfDollar(std::string_view text) {
  const size_t tag = 1 + LengthOf(text.substr(1), [](char c) { return IsInWord(c) && c != '$'; });
  if (tag >= text.size() || text[tag] != '$' || (tag > 1 && IsDigit(text[1]))) return 0;
  const std::string_view mark = text.substr(0, tag + 1);
  const size_t end = text.find(mark, mark.size());
  return end == std::string_view::npos ? text.size() : end + mark.size();
}

SqlToken NextToken(std::string_view text, bool standard_strings) {
  const char c = text.front();
  const auto take = [text](Kind kind, size_t length) {
    return SqlToken{.kind = kind, .text = text.substr(0, length)};
  };
  if (IsSpace(c)) return take(Kind::kBlank, LengthOf(text, IsSpace));
  if (text.starts_with("--")) return take(Kind::kBlank, std::min(text.find('\n'), text.size()));
  if (text.starts_with("/*")) return take(Kind::kBlank, EndOfBlockComment(text));
  if (c == '"') return take(Kind::kQuoted, EndOfQuoted(text, 1, '"', false));
  if (c == '\'') return take(Kind::kLiteral, EndOfQuoted(text, 1, '\'', !standard_strings));
  if ((c == 'E' || c == 'e') && text.substr(1).starts_with('\'')) {
    return take(Kind::kLiteral, EndOfQuoted(text, 2, '\'', true));
  }
  if (StartsWord(c)) return take(Kind::kWord, LengthOf(text, IsInWord));
  if (IsDigit(c)) {
    return take(Kind::kNumber, LengthOf(text, [](char d) { return IsInWord(d) || d == '.'; }));
  }
  if (c == '$') {
    const size_t end = EndOfDollar(text);
    if (end > 0) return take(Kind::kDollar, end);
  }
  return take(Kind::kSymbol, 1);
}

}  // namespace

std::vector<SqlToken> SplitSql(std::string_view sql, bool standard_strings) {
  std::vector<SqlToken> tokens;
  while (!sql.empty()) {
    tokens.push_back(NextToken(sql, standard_strings));
    sql.remove_prefix(tokens.back().text.size());
  }
  return tokens;
}

std::string NameOf(const SqlToken& token) {
  std::string name(token.text);
  if (token.kind != Kind::kQuoted) {
    // Without quotes the server takes ASCII letters for small ones.
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return name;
  }
  std::string unquoted;
  for (size_t i = 1; i + 1 < name.size(); ++i) {
    unquoted.push_back(name[i]);
    if (name[i] == '"') ++i;
  }
  return unquoted;
}

std::optional<std::string> TextOf(const SqlToken& token, bool standard_strings) {
  std::string_view text = token.text;
  const bool escapes = text.front() != '\'' || !standard_strings;
  text.remove_prefix(text.front() == '\'' ? 1 : 2);
  if (text.empty() || text.back() != '\'') return std::nullopt;
  text.remove_suffix(1);
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'' || (escapes && c == '\\')) {
      if (i + 1 >= text.size() || text[i + 1] != c) return std::nullopt;
      ++i;
    }
    plain.push_back(c);
  }
  return plain;
}

}  // namespace pgkeep::restore
