// SQL as pg_dump prints it, cut into tokens: so that a name is replaced where it is a name, and not
// inside of a literal, a comment or a longer name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgkeep::restore {

// One token, of which the text is a part of the statement.
struct SqlToken {
  enum class Kind {
    kWord,     // without quotes: a key word or a name
    kQuoted,   // "a name"
    kLiteral,  // 'text', E'text'
    kDollar,   // $tag$text$tag$
    kNumber,
    kSymbol,  // one character of anything else
    kBlank,   // white space and comments
  };
  Kind kind = Kind::kSymbol;
  std::string_view text;

  bool is(std::string_view other) const { return text == other; }
  bool is_name() const { return kind == Kind::kWord || kind == Kind::kQuoted; }
};

// All tokens in order; their texts together are `sql`, which must outlive them. What is never
// closed is one token up to the end. `standard_strings` false: a backslash escapes in every
// literal.
std::vector<SqlToken> SplitSql(std::string_view sql, bool standard_strings);

// The name that a token stands for, as the catalog has it. REQUIRES: is_name().
std::string NameOf(const SqlToken& token);

// What stands in a literal; nothing for one with escapes other than of quotes and backslashes.
// REQUIRES: a complete literal.
std::optional<std::string> TextOf(const SqlToken& token, bool standard_strings);

}  // namespace pgkeep::restore
