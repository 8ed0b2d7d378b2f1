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

TEST(CreateDatabase, SaysWhatEachVersionUnderstands) {
  EXPECT_EQ(
      *CreateDatabaseSql("a\"b", Libc(), "", "", 140000),
      "CREATE DATABASE \"a\"\"b\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'de_DE.UTF-8' "
      "LC_CTYPE 'C'");
  EXPECT_EQ(*CreateDatabaseSql("db", Libc(), "boss", "fast \"disk\"", 150000),
            "CREATE DATABASE \"db\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'de_DE.UTF-8' "
            "LC_CTYPE 'C' LOCALE_PROVIDER libc OWNER \"boss\" TABLESPACE "
            "\"fast \"\"disk\"\"\"");
  logical::DatabaseAttributes icu = Libc();
  icu.locale_provider = "i";
  icu.locale = "de-AT";
  EXPECT_EQ(*CreateDatabaseSql("db", icu, "", "", 160000),
            "CREATE DATABASE \"db\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'de_DE.UTF-8' "
            "LC_CTYPE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'de-AT'");
  EXPECT_EQ(CreateDatabaseSql("db", icu, "", "", 140000).error().code(),
            ErrorCode::kUnsupportedVersion);
  icu.locale_provider = "b";
  EXPECT_FALSE(CreateDatabaseSql("db", icu, "", "", 160000).ok());
  EXPECT_TRUE(CreateDatabaseSql("db", icu, "", "", 170000).ok());
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

}  // namespace
}  // namespace pgkeep::restore
