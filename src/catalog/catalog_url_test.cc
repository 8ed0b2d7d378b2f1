#include "catalog/catalog_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/temporary_directory.h"

namespace pgkeep::catalog {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(CatalogUrl, NamesAFileByItsWholePath) {
  EXPECT_EQ(ParseCatalogUrl("sqlite:///var/lib/pgkeep/catalog.db")->path,
            "/var/lib/pgkeep/catalog.db");
  EXPECT_EQ(ParseCatalogUrl("/a b/100%.db")->path, "/a b/100%.db");
}

TEST(CatalogUrl, SaysHowToWriteIt) {
  for (const std::string_view text : {"", "catalog.db", "sqlite://", "sqlite://catalog.db",
                                      "sqlite:/a", "sqlite:///a/", "/", "file:///a"}) {
    const auto parsed = ParseCatalogUrl(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(parsed.error().hint(), HasSubstr("sqlite:///var/lib/pgkeep/catalog.db"));
  }
  EXPECT_FALSE(ParseCatalogUrl(std::string_view("/a\0b", 4)).ok());
}

TEST(CatalogUrl, ShowsNoPassword) {
  for (const std::string_view text : {"postgresql://user:secret@host/db", "mysql://u:secret@h"}) {
    const auto parsed = ParseCatalogUrl(text);
    ASSERT_FALSE(parsed.ok());
    EXPECT_THAT(parsed.error().Describe(), Not(HasSubstr("secret")));
  }
  EXPECT_EQ(ParseCatalogUrl("postgres://h").error().code(), ErrorCode::kUnsupported);
}

TEST(OpenCatalog, OpensWhatTheUrlNames) {
  const testing::TemporaryDirectory directory;
  testing::FakeClock clock;
  const auto url = ParseCatalogUrl("sqlite://" + directory.Join("catalog.db")).value();
  const auto catalog = OpenCatalog(PosixFileSystem(), clock, url);
  ASSERT_TRUE(catalog.ok()) << catalog.error().Describe();
  EXPECT_TRUE((*catalog)->ListJobs({})->jobs.empty());
}

}  // namespace
}  // namespace pgkeep::catalog
