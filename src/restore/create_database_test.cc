#include "restore/create_database.h"

#include <gtest/gtest.h>

namespace pgkeep::restore {
namespace {

logical::DatabaseAttributes Libc() {
  logical::DatabaseAttributes attributes;
  attributes.encoding = "UTF8";
  attributes.collate = "de_DE.UTF-8";
  attributes.ctype = "C";
  attributes.locale_provider = "c";
  return attributes;
}

NewDatabase Named(std::string name) {
  return {.name = std::move(name), .owner = "", .tablespace = "", .icu_rules = ""};
}

TEST(CreateDatabase, SaysWhatEachVersionUnderstands) {
  EXPECT_EQ(
      *CreateDatabaseSql(Named("a\"b"), Libc(), 140000),
      "CREATE DATABASE \"a\"\"b\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'de_DE.UTF-8' "
      "LC_CTYPE 'C'");
  NewDatabase owned = Named("db");
  owned.owner = "boss";
  owned.tablespace = "fast \"disk\"";
  EXPECT_EQ(*CreateDatabaseSql(owned, Libc(), 150000),
            "CREATE DATABASE \"db\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'de_DE.UTF-8' "
            "LC_CTYPE 'C' LOCALE_PROVIDER libc OWNER \"boss\" TABLESPACE "
            "\"fast \"\"disk\"\"\"");
  logical::DatabaseAttributes icu = Libc();
  icu.locale_provider = "i";
  icu.locale = "de-AT";
  EXPECT_EQ(*CreateDatabaseSql(Named("db"), icu, 160000),
            "CREATE DATABASE \"db\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'de_DE.UTF-8' "
            "LC_CTYPE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'de-AT'");
  EXPECT_EQ(CreateDatabaseSql(Named("db"), icu, 140000).error().code(),
            ErrorCode::kUnsupportedVersion);
  icu.locale_provider = "b";
  EXPECT_FALSE(CreateDatabaseSql(Named("db"), icu, 160000).ok());
  EXPECT_TRUE(CreateDatabaseSql(Named("db"), icu, 170000).ok());
}

TEST(CreateDatabase, RulesOfTheSourceNeedAServerThatKnowsRules) {
  logical::DatabaseAttributes icu = Libc();
  icu.locale_provider = "i";
  icu.locale = "und";
  NewDatabase database = Named("db");
  database.icu_rules = "&a < '";
  EXPECT_EQ(*CreateDatabaseSql(database, icu, 160000),
            "CREATE DATABASE \"db\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'de_DE.UTF-8' "
            "LC_CTYPE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'und' ICU_RULES '&a < '''");
  const auto refused = CreateDatabaseSql(database, icu, 150000);
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupportedVersion);
  EXPECT_NE(refused.error().message().find("with rules of its own"), std::string::npos);
}

TEST(CreateDatabase, PutsTheNewNameIntoWhatIsSaidAboutTheOldOne) {
  archive::TocEntry entry;
  entry.kind = "DATABASE PROPERTIES";
  entry.definition =
      "ALTER DATABASE \"old db\" SET x TO 'DATABASE old';\nALTER ROLE r IN DATABASE \"old db\" SET "
      "y TO z;\n";
  EXPECT_EQ(
      DatabaseEntrySql(entry, "new", true),
      "ALTER DATABASE \"new\" SET x TO 'DATABASE old';\nALTER ROLE r IN DATABASE \"new\" SET y "
      "TO z;\n");
  entry.kind = "DATABASE";
  entry.definition = "CREATE DATABASE old;";
  EXPECT_EQ(DatabaseEntrySql(entry, "new", true), "");
}

TEST(CreateDatabase, FindsTheTablespaceOfTheDatabase) {
  archive::TocEntry entry;
  entry.kind = "DATABASE";
  entry.definition =
      "CREATE DATABASE tablespace WITH TEMPLATE = template0 LC_CTYPE = 'TABLESPACE = x' "
      "TABLESPACE = \"my \"\"disk\";\n\n";
  EXPECT_EQ(TablespaceOfDatabase(entry, true), "my \"disk");
  entry.definition = "CREATE DATABASE tablespace WITH TEMPLATE = template0;";
  EXPECT_EQ(TablespaceOfDatabase(entry, true), "");
  entry.definition = "CREATE DATABASE d WITH TABLESPACE = fast;";
  EXPECT_EQ(TablespaceOfDatabase(entry, true), "fast");
  entry.kind = "TABLE";
  EXPECT_EQ(TablespaceOfDatabase(entry, true), "");
}

TEST(CreateDatabase, FindsTheRulesOfTheDatabase) {
  archive::TocEntry entry;
  entry.kind = "DATABASE";
  entry.definition =
      "CREATE DATABASE icu_rules WITH TEMPLATE = template0 LOCALE = 'ICU_RULES = x' "
      "ICU_RULES = '&a < ''b\\' TABLESPACE = fast;\n\n";
  EXPECT_EQ(*IcuRulesOfDatabase(entry, true), "&a < 'b\\");
  EXPECT_EQ(TablespaceOfDatabase(entry, true), "fast");
  entry.definition = "CREATE DATABASE d WITH ICU_RULES = E'&\\\\a';";
  EXPECT_EQ(*IcuRulesOfDatabase(entry, true), "&\\a");
  entry.definition = "CREATE DATABASE d WITH TEMPLATE = template0;";
  EXPECT_EQ(*IcuRulesOfDatabase(entry, true), "");
  for (const char* damaged : {"CREATE DATABASE d WITH ICU_RULES = none;",
                              "CREATE DATABASE d WITH ICU_RULES = 'never closed"}) {
    entry.definition = damaged;
    EXPECT_EQ(IcuRulesOfDatabase(entry, true).error().code(), ErrorCode::kCorruption) << damaged;
  }
}

}  // namespace
}  // namespace pgkeep::restore
