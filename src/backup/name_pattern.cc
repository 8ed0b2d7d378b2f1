#include "backup/name_pattern.h"

#include <utility>
#include <vector>

namespace pgkeep::backup {
namespace {

constexpr std::string_view kRegexSpecials = "|*+?()[]{}.^$\\";

// Collects one regular expression for each part between dots.
class PatternReader {
 public:
  explicit PatternReader(std::string_view pattern) : rest_(pattern) { parts_.emplace_back(); }

  std::vector<std::string> Read() && {
    while (!rest_.empty()) Take();
    return std::move(parts_);
  }

 private:
  void Take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '"') {
      TakeQuote();
    } else if (quoted_) {
      AddLiteral(c);
    } else {
      TakePlain(c);
    }
  }

  void TakeQuote() {
    if (quoted_ && rest_.starts_with('"')) {
      rest_.remove_prefix(1);
      parts_.back() += '"';
      return;
    }
    quoted_ = !quoted_;
  }

  void TakePlain(char c) {
    if (c >= 'A' && c <= 'Z') {
      parts_.back() += static_cast<char>(c - 'A' + 'a');
    } else if (c == '*') {
      parts_.back() += ".*";
    } else if (c == '?') {
      parts_.back() += '.';
    } else if (c == '.') {
      parts_.emplace_back();
    } else if (c == '$' || (c == '[' && rest_.starts_with(']'))) {
      // A dollar never means the end here, and "[]" is the name of an array type.
      AddLiteral(c);
    } else {
      parts_.back() += c;
    }
  }

  void AddLiteral(char c) {
    if (kRegexSpecials.find(c) != std::string_view::npos) parts_.back() += '\\';
    parts_.back() += c;
  }

  std::string_view rest_;
  bool quoted_ = false;
  std::vector<std::string> parts_;
};

std::string Anchored(const std::string& regex) { return "^(" + regex + ")$"; }

}  // namespace

Result<PatternRegex> ParseTablePattern(std::string_view pattern) {
  const std::vector<std::string> parts = PatternReader(pattern).Read();
  if (parts.size() > 2) {
    return Err(ErrorCode::kConfig, "the table pattern '{}' has too many dots", pattern)
        .WithHint("write schema.table; a dot that belongs to a name goes into double quotes");
  }
  if (parts.size() == 1) return PatternRegex{std::nullopt, Anchored(parts[0])};
  return PatternRegex{Anchored(parts[0]), Anchored(parts[1])};
}

Result<std::string> ParseSchemaPattern(std::string_view pattern) {
  const std::vector<std::string> parts = PatternReader(pattern).Read();
  if (parts.size() > 1) {
    return Err(ErrorCode::kConfig, "the schema pattern '{}' has a dot", pattern)
        .WithHint("a dot that belongs to a name goes into double quotes");
  }
  return Anchored(parts[0]);
}

}  // namespace pgkeep::backup
