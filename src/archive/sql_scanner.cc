#include "archive/sql_scanner.h"

#include <algorithm>

namespace pgkeep::archive {
namespace {

bool StartsPlainName(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

bool IsInPlainName(char c) { return StartsPlainName(c) || (c >= '0' && c <= '9'); }

}  // namespace

bool SqlScanner::Skip(std::string_view text) {
  if (!rest_.starts_with(text)) return false;
  rest_.remove_prefix(text.size());
  return true;
}

std::optional<std::string> SqlScanner::Name() {
  if (rest_.empty()) return {};
  if (rest_.front() != '"') {
    if (!StartsPlainName(rest_.front())) return {};
    const auto* end = std::ranges::find_if_not(rest_, IsInPlainName);
    std::string name(rest_.begin(), end);
    rest_.remove_prefix(name.size());
    return name;
  }
  std::string name;
  for (size_t i = 1; i < rest_.size(); ++i) {
    if (rest_[i] == '"') {
      const bool doubled = i + 1 < rest_.size() && rest_[i + 1] == '"';
      if (!doubled) {
        rest_.remove_prefix(i + 1);
        return name;
      }
      ++i;
    }
    name.push_back(rest_[i]);
  }
  return {};  // the quote is never closed
}

std::optional<QualifiedName> SqlScanner::Qualified() {
  const std::string_view before = rest_;
  auto schema = Name();
  if (schema && Skip(".")) {
    if (auto name = Name()) return QualifiedName{*std::move(schema), *std::move(name)};
  }
  rest_ = before;
  return {};
}

std::optional<std::string_view> SqlScanner::NameList() {
  const std::string_view before = rest_;
  if (!Skip("(")) return {};
  do {
    if (!Name()) {
      rest_ = before;
      return {};
    }
  } while (Skip(", "));
  if (!Skip(")")) {
    rest_ = before;
    return {};
  }
  return before.substr(1, before.size() - rest_.size() - 2);
}

std::string QuoteName(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace pgkeep::archive
