#include "postgres/connection_params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgkeep::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string_view SecretOf(const ConnectionParams& params, std::string_view keyword) {
  return AsText(params.secrets().find(keyword)->second.Expose());
}

TEST(ConnectionParams, ParsesKeywords) {
  const Result<ConnectionParams> params =
      ConnectionParams::Parse("host=db.example port=6000 dbname='a b' user=me password='p w'");
  ASSERT_TRUE(params.ok()) << params.error().Describe();
  EXPECT_EQ(params->Get("host"), "db.example");
  EXPECT_EQ(params->Get("port"), "6000");
  EXPECT_EQ(params->Get("dbname"), "a b");
  EXPECT_EQ(params->Get("sslmode"), "");
  EXPECT_FALSE(params->Has("sslmode"));
  EXPECT_EQ(SecretOf(*params, "password"), "p w");
}

TEST(ConnectionParams, ParsesUris) {
  const Result<ConnectionParams> params =
      ConnectionParams::Parse("postgresql://me:p%40ss@db.example:6000/app?sslmode=require");
  ASSERT_TRUE(params.ok()) << params.error().Describe();
  EXPECT_EQ(params->Get("host"), "db.example");
  EXPECT_EQ(params->Get("dbname"), "app");
  EXPECT_EQ(params->Get("sslmode"), "require");
  EXPECT_EQ(SecretOf(*params, "password"), "p@ss");
}

TEST(ConnectionParams, EmptyTextMeansTheDefaults) {
  const Result<ConnectionParams> params = ConnectionParams::Parse("");
  ASSERT_TRUE(params.ok());
  EXPECT_TRUE(params->settings().empty());
  EXPECT_EQ(params->Describe(), "the default server");
}

TEST(ConnectionParams, RefusesWhatLibpqDoesNotKnow) {
  const Result<ConnectionParams> params = ConnectionParams::Parse("host=a hots=b");
  ASSERT_FALSE(params.ok());
  EXPECT_EQ(params.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(params.error().message(), HasSubstr("hots"));
  EXPECT_FALSE(params.error().hint().empty());
}

// The word after a password with a forgotten quote is a part of the password.
TEST(ConnectionParams, ErrorsDoNotRepeatWhatMayBeSecret) {
  for (const char* text : {"host=a password=hidden words", "postgres://u:hid%den@h/d",
                           "postgresql://u:hidden@[::1", "host=a sslpassword=hidden x"}) {
    const Result<ConnectionParams> params = ConnectionParams::Parse(text);
    ASSERT_FALSE(params.ok()) << text;
    EXPECT_THAT(params.error().Describe(), Not(HasSubstr("hid"))) << text;
    EXPECT_THAT(params.error().Describe(), Not(HasSubstr("words"))) << text;
  }
}

TEST(ConnectionParams, RefusesZeroBytesAndExcessiveLength) {
  using std::string_view_literals::operator""sv;
  EXPECT_FALSE(ConnectionParams::Parse("host=a\0b"sv).ok());
  EXPECT_FALSE(ConnectionParams::Parse(std::string(kConninfoMax + 1, ' ')).ok());
  ConnectionParams params;
  EXPECT_FALSE(params.Set("host", "a\0b"sv).ok());
  EXPECT_FALSE(params.Set("host", std::string(kConninfoMax + 1, 'a')).ok());
  EXPECT_FALSE(params.Set("no_such_keyword", "a").ok());
}

TEST(ConnectionParams, DescriptionHasNoSecrets) {
  const Result<ConnectionParams> params =
      ConnectionParams::Parse("host=h port=1 dbname=d user=u password=hidden sslmode=require");
  ASSERT_TRUE(params.ok());
  EXPECT_EQ(params->Describe(), "host=h port=1 dbname=d user=u");
  EXPECT_THAT(params->ToConninfo(), Not(HasSubstr("hidden")));
}

// A database may be called like a connection string; it must stay a name.
TEST(ConnectionParams, ConninfoForChildrenKeepsHostileValues) {
  for (const char* name : {"host=evil", "postgresql://evil/db", "a'b", R"(back\slash')", "-d x",
                           " lead", "new\nline", "\xff\xfe"}) {
    const ConnectionParams params = ConnectionParams().WithDatabase(name);
    EXPECT_EQ(params.Get("dbname"), name);
    const Result<ConnectionParams> read_back = ConnectionParams::Parse(params.ToConninfo());
    ASSERT_TRUE(read_back.ok()) << name;
    EXPECT_EQ(read_back->settings(), params.settings());
  }
}

TEST(ConnectionParams, CopiesAreIndependent) {
  ConnectionParams params;
  ASSERT_TRUE(params.Set("password", "one").ok());
  ConnectionParams copy = params;
  ASSERT_TRUE(copy.Set("password", "two").ok());
  EXPECT_EQ(SecretOf(params, "password"), "one");
  EXPECT_EQ(SecretOf(copy, "password"), "two");
  copy = params;
  EXPECT_EQ(SecretOf(copy, "password"), "one");
  ASSERT_TRUE(copy.Set("password", "").ok());
  EXPECT_FALSE(copy.Has("password"));
}

}  // namespace
}  // namespace pgkeep::postgres
