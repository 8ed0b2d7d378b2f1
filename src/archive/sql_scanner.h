// Reading names at the front of SQL statements as pg_dump prints them. Internal to the room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgkeep::archive {

// A name with its schema, both unquoted.
struct QualifiedName {
  std::string schema;
  std::string name;

  friend bool operator==(const QualifiedName&, const QualifiedName&) = default;
};

// Takes words and names off the front of a text that it borrows. Knows what pg_dump prints, not
// SQL: single blanks, plain names in lower case, everything else in double quotes. What does not
// match is not taken.
class SqlScanner {
 public:
  explicit SqlScanner(std::string_view text) : rest_(text) {}

  // Takes `text` if it stands here.
  bool Skip(std::string_view text);

  // A name, quoted or not, as the catalog has it.
  std::optional<std::string> Name();

  // "schema.name".
  std::optional<QualifiedName> Qualified();

  // "(a, "b")" with names only; gives what is between the parentheses as it stands.
  std::optional<std::string_view> NameList();

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// The name in double quotes, those inside doubled: always right as an identifier.
std::string QuoteName(std::string_view name);

}  // namespace pgkeep::archive
