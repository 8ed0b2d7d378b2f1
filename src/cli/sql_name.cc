#include "cli/sql_name.h"

#include <optional>

namespace pgkeep::cli {
namespace {

constexpr std::string_view kDefaultSchema = "public";

// Takes a name off the beginning of `text`; nothing if there is none. What is outside quotes ends
// at a dot, an equals sign, a quote or a blank.
std::optional<std::string> TakeName(std::string_view& text) {
  std::string name;
  if (text.starts_with('"')) {
    for (size_t i = 1; i < text.size(); ++i) {
      if (text[i] != '"') {
        name += text[i];
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        name += text[++i];
      } else {
        text.remove_prefix(i + 1);
        return name.empty() ? std::nullopt : std::optional(name);
      }
    }
    return std::nullopt;
  }
  const size_t end = std::min(text.size(), text.find_first_of(".=\" \t\n"));
  for (const char c : text.substr(0, end)) {
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  text.remove_prefix(end);
  return name.empty() ? std::nullopt : std::optional(name);
}

bool TakeCharacter(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Result<archive::TableName> ParseTableName(std::string_view text) {
  std::string_view rest = text;
  auto first = TakeName(rest);
  if (first && rest.empty()) return archive::TableName{std::string(kDefaultSchema), *first};
  if (first && TakeCharacter(rest, '.')) {
    auto second = TakeName(rest);
    if (second && rest.empty()) return archive::TableName{*first, *second};
  }
  return Err(ErrorCode::kInvalidArgument, "'{}' is no name of a table", text)
      .WithHint(
          "write it as SQL does: public.orders, or '\"My Schema\".\"Orders\"' with double quotes "
          "around what has capital letters, dots or blanks");
}

Result<std::string> ParseSqlName(std::string_view text, std::string_view what) {
  std::string_view rest = text;
  auto name = TakeName(rest);
  if (name && rest.empty()) return *name;
  return Err(ErrorCode::kInvalidArgument, "'{}' is no name of a {}", text, what)
      .WithHint(
          "write it as SQL does: app, or '\"App\"' with double quotes around what has capital "
          "letters, dots or blanks");
}

Result<restore::RoleMapping> ParseRoleMapping(std::string_view text) {
  std::string_view rest = text;
  auto from = TakeName(rest);
  if (from && TakeCharacter(rest, '=')) {
    auto to = TakeName(rest);
    if (to && rest.empty()) return restore::RoleMapping{*from, *to};
  }
  return Err(ErrorCode::kInvalidArgument, "--map-role '{}' is not understood", text)
      .WithHint("write it as old_owner=new_owner, with double quotes around names that need them");
}

}  // namespace pgkeep::cli
