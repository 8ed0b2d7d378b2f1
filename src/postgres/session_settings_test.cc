#include "postgres/session_settings.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "postgres/copy_in.h"
#include "postgres/copy_out.h"
#include "postgres/postgres_test_kit.h"

namespace pgkeep::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::PostgresCluster;

// All rows in one text.
std::string CopyText(Connection& connection, std::string_view sql) {
  Result<CopyOut> copy = CopyOut::Start(connection, sql);
  EXPECT_TRUE(copy.ok()) << copy.error().Describe();
  std::string text;
  while (copy.ok()) {
    const Result<std::optional<ByteSpan>> row = copy->Next();
    EXPECT_TRUE(row.ok()) << row.error().Describe();
    if (!row.ok() || !*row) break;
    text += AsText(**row);
  }
  return text;
}

// What administrators may have set and what a backup must not inherit.
constexpr std::string_view kHostileSettings[] = {
    "timezone = 'Asia/Kathmandu'",       "datestyle = 'SQL, DMY'",
    "intervalstyle = 'sql_standard'",    "extra_float_digits = -15",
    "bytea_output = 'escape'",           "lc_monetary = 'C.UTF-8'",
    "standard_conforming_strings = off", "statement_timeout = '5min'",
    "search_path = 'evil, public'",      "client_encoding = 'LATIN1'",
    "quote_all_identifiers = on",        "array_nulls = off",
};

constexpr std::string_view kValues =
    "SELECT '2024-02-03 04:05:06+00'::timestamptz, '2024-02-03'::date, '1 day 2 hours'::interval, "
    "0.1::float8 + 0.2::float8, '\\x0001ff'::bytea, 1234.5::numeric::money, "
    "U&'\\00e9'::text";

constexpr std::string_view kExpected =
    "2024-02-03 04:05:06+00\t2024-02-03\t1 day 02:00:00\t0.30000000000000004\t\\\\x0001ff\t"
    "$1,234.50\t\xc3\xa9\n";

TEST(BackupSettings, ValuesDoNotDependOnWhatAdministratorsSet) {
  const TestDatabase database("hostile");
  {
    const auto administrator = database.Connect();
    for (const std::string_view setting : kHostileSettings) {
      PGK_ASSERT_OK(administrator->Execute(fmt::format("ALTER DATABASE hostile SET {}", setting)));
    }
  }
  const auto connection = database.Connect();
  PGK_ASSERT_OK(ApplyBackupSettings(*connection));
  EXPECT_EQ(connection->ReportedParameter("client_encoding"), "UTF8");
  EXPECT_EQ(QueryText(*connection, "SHOW statement_timeout").ValueOr("?"), "0");
  EXPECT_EQ(QueryText(*connection, "SHOW search_path").ValueOr("?"), "");
  EXPECT_EQ(QueryText(*connection, "SHOW lc_monetary").ValueOr("?"), "C");
  const std::string text = CopyText(*connection, fmt::format("COPY ({}) TO STDOUT", kValues));
  // The currency sign of the locale C is none in some versions of the library.
  EXPECT_THAT(text, ::testing::StartsWith(std::string(kExpected.substr(0, kExpected.find('$')))));
  EXPECT_TRUE(text.ends_with("1,234.50\t\xc3\xa9\n") || text.ends_with("1234.50\t\xc3\xa9\n"))
      << text;
}

TEST(BackupSettings, AllAreMadeInOneRoundTripForEachVersion) {
  for (const int version : {130000, 140000, 150018, 160000, 170000, 180000}) {
    const std::string sql = BackupSettingsSql(version, "UTF8");
    EXPECT_TRUE(sql.starts_with("SELECT pg_catalog.set_config('search_path', '', false);"));
    EXPECT_EQ(sql.find("idle_session_timeout") != std::string::npos, version >= 140000);
    EXPECT_EQ(sql.find("transaction_timeout") != std::string::npos, version >= 170000);
    for (const char* setting :
         {"timezone = 'UTC'", "bytea_output = 'hex'", "lc_monetary = 'C'", "row_security = off",
          "jit = off", "max_parallel_workers_per_gather = 0", "synchronize_seqscans = off",
          "extra_float_digits = 3", "quote_all_identifiers = off", "lock_timeout = 0",
          "idle_in_transaction_session_timeout = 0", "restrict_nonsystem_relation_kind"}) {
      EXPECT_THAT(sql, HasSubstr(setting)) << version;
    }
  }
}

TEST(BackupSettings, RowsHiddenByPoliciesAreAnError) {
  const TestDatabase database("policies");
  const auto owner = database.Connect();
  PGK_ASSERT_OK(
      owner->Execute("CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
                     "CREATE ROLE policed; GRANT SELECT ON t TO policed"));
  const auto connection = database.Connect();
  PGK_ASSERT_OK(ApplyBackupSettings(*connection, "policed"));
  EXPECT_EQ(QueryText(*connection, "SELECT current_user").ValueOr("?"), "policed");
  const Error error = CopyOut::Start(*connection, "COPY public.t TO STDOUT").error();
  EXPECT_EQ(error.code(), ErrorCode::kPermission);
  PGK_ASSERT_OK(owner->Execute("DROP OWNED BY policed; DROP ROLE policed"));
}

TEST(BackupSettings, NotInsideATransaction) {
  const auto connection = Connect(PostgresCluster::Shared().Conninfo());
  PGK_ASSERT_OK(connection->Execute("BEGIN"));
  EXPECT_EQ(ApplyBackupSettings(*connection).error().code(), ErrorCode::kInvalidArgument);
}

TEST(BackupSettings, RolesWithHostileNames) {
  const auto connection = Connect(PostgresCluster::Shared().Conninfo());
  PGK_ASSERT_OK(connection->Execute("CREATE ROLE \"a\"\"; RESET ROLE; --\""));
  PGK_ASSERT_OK(ApplyBackupSettings(*connection, "a\"; RESET ROLE; --"));
  EXPECT_EQ(QueryText(*connection, "SELECT current_user").ValueOr("?"), "a\"; RESET ROLE; --");
  const Status missing = ApplyBackupSettings(*connection, "no_such_role");
  EXPECT_FALSE(missing.ok());
}

// Every byte that a database can hold comes out and goes in again, whatever the database calls it.
TEST(SessionSettings, BytesPassThroughEveryEncoding) {
  struct Case {
    std::string_view encoding;
    std::string_view bytes;
  };
  const Case cases[] = {{"SQL_ASCII", "\xff\x80 \xc3(\xe9"},
                        {"LATIN1", "\xe9\xff\xa0"},
                        {"UTF8", "\xc3\xa9\xf0\x9f\x90\x98"},
                        {"EUC_JP", "\xa4\xa2"}};
  for (const auto& [encoding, bytes] : cases) {
    const TestDatabase database(
        "encoded", fmt::format("TEMPLATE template0 ENCODING '{}' LOCALE 'C'", encoding));
    {
      const auto connection = database.Connect();
      PGK_ASSERT_OK(ApplyRestoreSettings(*connection, encoding));
      PGK_ASSERT_OK(connection->Execute("CREATE TABLE public.t (a text)"));
      Result<CopyIn> copy = CopyIn::Start(*connection, "COPY public.t FROM STDIN");
      PGK_ASSERT_OK(copy);
      PGK_ASSERT_OK(copy->Write(AsBytes(bytes)));
      EXPECT_EQ(copy->Finish().ValueOr(0U), 1U);
    }
    const auto connection = database.Connect();
    PGK_ASSERT_OK(ApplyBackupSettings(*connection));
    EXPECT_EQ(connection->ReportedParameter("client_encoding"), encoding);
    EXPECT_EQ(CopyText(*connection, "COPY public.t TO STDOUT"), std::string(bytes) + "\n");
  }
}

TEST(RestoreSettings, ReadWhatBackupsWrote) {
  const TestDatabase database("restored");
  {
    const auto administrator = database.Connect();
    for (const std::string_view setting : kHostileSettings) {
      PGK_ASSERT_OK(administrator->Execute(fmt::format("ALTER DATABASE restored SET {}", setting)));
    }
  }
  const auto connection = database.Connect();
  PGK_ASSERT_OK(ApplyRestoreSettings(*connection, "UTF8"));
  PGK_ASSERT_OK(connection->Execute(
      "CREATE TABLE public.t (a timestamptz, b date, c interval, d float8, e bytea, f int[])"));
  Result<CopyIn> copy = CopyIn::Start(*connection, "COPY public.t FROM STDIN");
  PGK_ASSERT_OK(copy);
  constexpr std::string_view kRow =
      "2024-02-03 04:05:06+00\t2024-02-03\t1 day 02:00:00\t0.30000000000000004\t\\\\x0001ff\t"
      "{1,NULL}\n";
  PGK_ASSERT_OK(copy->Write(AsBytes(kRow)));
  EXPECT_EQ(copy->Finish().ValueOr(0U), 1U);
  const auto reader = database.Connect();
  PGK_ASSERT_OK(ApplyBackupSettings(*reader));
  EXPECT_EQ(CopyText(*reader, "COPY public.t TO STDOUT"), kRow);
  // A body that cannot be checked yet.
  PGK_ASSERT_OK(connection->Execute(
      "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT a FROM not_there'"));
}

TEST(RestoreSettings, ConvertsFromTheSourceEncoding) {
  const TestDatabase database("converted");
  const auto connection = database.Connect();
  PGK_ASSERT_OK(ApplyRestoreSettings(*connection, "LATIN1"));
  PGK_ASSERT_OK(connection->Execute("CREATE TABLE public.t (a text)"));
  Result<CopyIn> copy = CopyIn::Start(*connection, "COPY public.t FROM STDIN");
  PGK_ASSERT_OK(copy);
  PGK_ASSERT_OK(copy->Write(AsBytes("\xe9\n")));
  EXPECT_EQ(copy->Finish().ValueOr(0U), 1U);
  EXPECT_EQ(QueryBool(*database.Connect(), "SELECT a = U&'\\00e9' FROM t").ValueOr(false), true);
  EXPECT_FALSE(ApplyRestoreSettings(*connection, "NO_SUCH_ENCODING").ok());
}

}  // namespace
}  // namespace pgkeep::postgres
