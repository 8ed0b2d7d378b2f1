#include "restore/pg_restore_messages.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgkeep::restore {
namespace {

constexpr std::string_view kTwoErrors =
    "pg_restore: while PROCESSING TOC:\n"
    "pg_restore: from TOC entry 3200; 2606 16390 CONSTRAINT t t_pkey postgres\n"
    "pg_restore: error: could not execute query: ERROR:  could not create unique index \"t_pkey\"\n"
    "DETAIL:  Key (a)=(1) is duplicated.\n"
    "Command was: ALTER TABLE ONLY public.t\n"
    "    ADD CONSTRAINT t_pkey PRIMARY KEY (a);\n"
    "\n"
    "\n"
    "pg_restore: from TOC entry 3201; 1259 16391 INDEX i postgres\n"
    "pg_restore: error: could not execute query: ERROR:  function public.f(integer) does not "
    "exist\n"
    "LINE 1: CREATE INDEX i ON public.t USING btree (public.f(a));\n"
    "                                                ^\n"
    "HINT:  No function matches.\n"
    "Command was: CREATE INDEX i ON public.t USING btree (public.f(a));\n"
    "\n"
    "pg_restore: warning: errors ignored on restore: 2\n";

TEST(PgRestoreMessages, MakesOneLineOfEachError) {
  // Cut anywhere.
  for (const size_t piece : {size_t{1}, size_t{7}, kTwoErrors.size()}) {
    PgRestoreMessages messages;
    for (size_t at = 0; at < kTwoErrors.size(); at += piece) {
      messages.Feed(kTwoErrors.substr(at, piece));
    }
    messages.Finish();
    EXPECT_EQ(messages.errors(),
              (std::vector<std::string>{
                  "could not create unique index \"t_pkey\": Key (a)=(1) is duplicated. (in: ALTER "
                  "TABLE ONLY public.t)",
                  "function public.f(integer) does not exist (in: CREATE INDEX i ON public.t USING "
                  "btree (public.f(a));)"}));
    EXPECT_EQ(messages.count(), 2U);
    EXPECT_TRUE(messages.reached_end());
  }
}

TEST(PgRestoreMessages, KnowsAnEndThatCameTooEarly) {
  PgRestoreMessages messages;
  messages.Feed(
      "pg_restore: error: connection to server on socket failed: FATAL:  no such database");
  messages.Finish();
  EXPECT_EQ(messages.count(), 1U);
  EXPECT_FALSE(messages.reached_end());
}

TEST(PgRestoreMessages, PassesOverTheTimeLimitThatOlderServersDoNotHave) {
  const std::string harmless =
      "pg_restore: while INITIALIZING:\n"
      "pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "
      "\"transaction_timeout\"\n"
      "Command was: SET transaction_timeout = 0;\n";
  const std::string other =
      "pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "
      "\"transaction_timeout\"\n"
      "Command was: ALTER FUNCTION public.f() SET transaction_timeout = 0;\n";
  PgRestoreMessages messages;
  messages.Feed(harmless + other + harmless +
                "pg_restore: warning: errors ignored on restore: 3\n");
  messages.Finish();
  EXPECT_EQ(messages.harmless(), 2U);
  EXPECT_EQ(messages.count(), 1U);
  EXPECT_EQ(messages.errors(),
            (std::vector<std::string>{
                "unrecognized configuration parameter \"transaction_timeout\" (in: ALTER FUNCTION "
                "public.f() SET transaction_timeout = 0;)"}));
  EXPECT_TRUE(messages.reached_end());
}

TEST(PgRestoreMessages, BoundsWhatItKeeps) {
  PgRestoreMessages messages;
  const std::string error = "pg_restore: error: " + std::string(100'000, 'x') + "\n";
  messages.Feed(error);
  for (size_t i = 0; i < PgRestoreMessages::kErrorsMax; ++i) {
    messages.Feed("pg_restore: error: one\n");
  }
  messages.Finish();
  EXPECT_EQ(messages.count(), PgRestoreMessages::kErrorsMax + 1);
  EXPECT_EQ(messages.errors().size(), PgRestoreMessages::kErrorsMax);
  EXPECT_LT(messages.errors().front().size(), 2000U);
}

}  // namespace
}  // namespace pgkeep::restore
