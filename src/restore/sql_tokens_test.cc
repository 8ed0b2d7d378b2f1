#include "restore/sql_tokens.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgkeep::restore {
namespace {

using Kind = SqlToken::Kind;

// The tokens that are no white space.
std::vector<std::string> Words(std::string_view sql, bool standard_strings = true) {
  std::vector<std::string> words;
  for (const SqlToken& token : SplitSql(sql, standard_strings)) {
    if (token.kind != Kind::kBlank) words.emplace_back(token.text);
  }
  return words;
}

TEST(SqlTokens, CutsNamesLiteralsAndSymbols) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(Words("ALTER TABLE a.\"b\"\"c\" ADD x$1 int;"),
            (Texts{"ALTER", "TABLE", "a", ".", "\"b\"\"c\"", "ADD", "x$1", "int", ";"}));
  EXPECT_EQ(Words("DEFAULT 'it''s a.b'::text"),
            (Texts{"DEFAULT", "'it''s a.b'", ":", ":", "text"}));
  EXPECT_EQ(Words("E'\\'a' 'b\\' c"), (Texts{"E'\\'a'", "'b\\'", "c"}));
  EXPECT_EQ(Words("'b\\' c'", false), (Texts{"'b\\' c'"}));
  EXPECT_EQ(Words("AS $x$ a.b $y$ $x$ $1"), (Texts{"AS", "$x$ a.b $y$ $x$", "$", "1"}));
  EXPECT_EQ(Words("a -- b 'c\n/* d /* e */ f */ g"), (Texts{"a", "g"}));
  EXPECT_EQ(Words("1.5e3+n\xc3\xb6"), (Texts{"1.5e3", "+", "n\xc3\xb6"}));
}

TEST(SqlTokens, LosesNothing) {
  for (const std::string_view sql :
       {"SELECT 1", "a 'never closed", "\"never closed", "$a$ never", "/* never", "", "a.b.c\n\t",
        "'\\", "E'\\", "$", "$$", "-- c", "\xff\xfe"}) {
    for (const bool standard : {true, false}) {
      std::string whole;
      for (const SqlToken& token : SplitSql(sql, standard)) {
        EXPECT_FALSE(token.text.empty());
        whole += token.text;
      }
      EXPECT_EQ(whole, sql);
    }
  }
}

TEST(SqlTokens, ReadsNamesAndLiterals) {
  const auto name = [](std::string_view text) { return NameOf(SplitSql(text, true).front()); };
  EXPECT_EQ(name("Plain"), "plain");
  EXPECT_EQ(name("\"Odd \"\" one\""), "Odd \" one");
  const auto text = [](std::string_view sql, bool standard = true) {
    return TextOf(SplitSql(sql, standard).front(), standard);
  };
  EXPECT_EQ(text("'it''s \\'"), "it's \\");
  EXPECT_EQ(text("E'it''s \\\\'"), "it's \\");
  EXPECT_EQ(text("'a\\\\b'", false), "a\\b");
  EXPECT_EQ(text("E'line\\n'"), std::nullopt);
  EXPECT_EQ(text("'never"), std::nullopt);
}

}  // namespace
}  // namespace pgkeep::restore
