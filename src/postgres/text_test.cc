// The functions of this room that only turn text into text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "postgres/quote.h"
#include "postgres/server_error.h"
#include "postgres/sqlstate.h"
#include "postgres/statement_text.h"

namespace pgkeep::postgres {
namespace {

using internal::ConnectErrorFromText;
using internal::OneLine;
using internal::SummarizeStatement;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Quote, Identifiers) {
  EXPECT_EQ(QuoteIdentifier("plain"), "\"plain\"");
  EXPECT_EQ(QuoteIdentifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteIdentifier(""), "\"\"");
  EXPECT_EQ(QuoteQualified("a.b", "c\"d"), "\"a.b\".\"c\"\"d\"");
}

TEST(Quote, Literals) {
  EXPECT_EQ(QuoteLiteral("it's"), "'it''s'");
  EXPECT_EQ(QuoteLiteral(R"(a\'b)"), R"( E'a\\''b')");
  EXPECT_EQ(QuoteLiteral(""), "''");
}

TEST(SqlState, ClassesAndWholeCodes) {
  EXPECT_EQ(CodeOfSqlState("28P01"), ErrorCode::kUnauthenticated);
  EXPECT_EQ(CodeOfSqlState("3D000"), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOfSqlState("42501"), ErrorCode::kPermission);
  EXPECT_EQ(CodeOfSqlState("53300"), ErrorCode::kBusy);
  EXPECT_EQ(CodeOfSqlState("53999"), ErrorCode::kLimitExceeded);
  EXPECT_EQ(CodeOfSqlState("55P03"), ErrorCode::kBusy);
  EXPECT_EQ(CodeOfSqlState("57P01"), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOfSqlState("57P03"), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOfSqlState("08006"), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOfSqlState("08P01"), ErrorCode::kProtocol);
  EXPECT_EQ(CodeOfSqlState("XX001"), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOfSqlState("22P02"), ErrorCode::kPostgres);
}

TEST(SqlState, WhatIsNoneIsAProtocolError) {
  for (const char* state : {"", "2801", "28P011", "28p01", "28 01"}) {
    EXPECT_EQ(CodeOfSqlState(state), ErrorCode::kProtocol) << state;
    EXPECT_EQ(HintOfSqlState(state), "") << state;
  }
}

TEST(StatementText, HidesLiterals) {
  EXPECT_EQ(SummarizeStatement("ALTER ROLE a PASSWORD 'x''y' VALID"),
            "ALTER ROLE a PASSWORD '...''...' VALID");
  EXPECT_EQ(SummarizeStatement("SELECT $$secret$$, $1, $tag$ $$ secret $tag$, \"na me\""),
            "SELECT '...', $1, '...', \"na me\"");
  EXPECT_EQ(SummarizeStatement(R"(SELECT E'a\'secret' , 1)"), "SELECT E'...' , 1");
  EXPECT_EQ(SummarizeStatement("SELECT 'not ended secret"), "SELECT '...'");
  EXPECT_EQ(SummarizeStatement("SELECT $x$ not ended secret"), "SELECT '...'");
}

TEST(StatementText, IsOneShortLine) {
  EXPECT_EQ(SummarizeStatement("SELECT\n\t 1;\n"), "SELECT 1;");
  const std::string summary = SummarizeStatement("SELECT " + std::string(10000, 'x'));
  EXPECT_LT(summary.size(), 200U);
  EXPECT_TRUE(summary.ends_with("..."));
  // A literal that begins inside and ends beyond what is shown.
  EXPECT_THAT(SummarizeStatement(std::string(150, ' ') + "SELECT '" + std::string(500, 's')),
              Not(HasSubstr("sss")));
}

TEST(StatementText, ControlCharactersBecomeSpaces) {
  EXPECT_EQ(OneLine("\n a\x1b[31m\r\nb\x7f ", 100), "a [31m b");
  EXPECT_EQ(OneLine("abcdef", 3), "abc...");
  EXPECT_EQ(OneLine("abc", 3), "abc");
}

TEST(ConnectError, TakesTheSqlStateOutOfTheText) {
  const Error error = ConnectErrorFromText(
      "connection to server on socket \"/s/.s.PGSQL.1\" failed: FATAL:  3D000: database \"x\" does "
      "not exist\nLOCATION:  InitPostgres, postinit.c:9\n");
  EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  EXPECT_EQ(error.sqlstate(), "3D000");
  EXPECT_EQ(
      error.message(),
      "connection to server on socket \"/s/.s.PGSQL.1\" failed: database \"x\" does not exist "
      "[3D000]");
  EXPECT_FALSE(error.hint().empty());
}

TEST(ConnectError, OtherLanguagesToo) {
  const Error error = ConnectErrorFromText(
      "connection to server at \"h\", port 1 failed: FATAL:  28P01: Passwort-Authentifizierung f\n"
      "DETAIL:  Etwas: anderes\n");
  EXPECT_EQ(error.code(), ErrorCode::kUnauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("Etwas: anderes"));
}

TEST(ConnectError, OfSeveralHostsTheLastThatSpokeDecides) {
  const Error error = ConnectErrorFromText(
      "connection to server at \"a\", port 1 failed: Connection refused\n"
      "\tIs the server running on that host and accepting TCP/IP connections?\n"
      "connection to server at \"b\", port 1 failed: FATAL:  57P03: the database system is "
      "starting "
      "up\n");
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_EQ(error.sqlstate(), "57P03");
  EXPECT_THAT(error.message(), HasSubstr("Connection refused"));
}

TEST(ConnectError, SymptomsWithoutSqlState) {
  const auto code = [](const char* text) { return ConnectErrorFromText(text).code(); };
  EXPECT_EQ(code("could not translate host name \"x\" to address: Name or service not known"),
            ErrorCode::kUnavailable);
  EXPECT_EQ(code("connection to server at \"h\", port 1 failed: fe_sendauth: no password supplied"),
            ErrorCode::kUnauthenticated);
  EXPECT_EQ(code("connection to server failed: server does not support SSL, but SSL was required"),
            ErrorCode::kUnauthenticated);
  EXPECT_EQ(code("invalid sslmode value: \"x\""), ErrorCode::kConfig);
  EXPECT_EQ(code(""), ErrorCode::kConfig);
}

}  // namespace
}  // namespace pgkeep::postgres
