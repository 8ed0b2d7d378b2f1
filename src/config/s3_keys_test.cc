// The settings of s3:// repositories in a configuration.
#include <gtest/gtest.h>

#include <string>

#include "config/configuration.h"

namespace pgkeep::config {
namespace {

constexpr char kPath[] = "/etc/pgkeep/pgkeep.toml";
constexpr char kHead[] = "[repository.main]\nurl = \"s3://bucket/pg\"\nkey_file = \"k\"\n";

std::string ErrorOf(const std::string& text) {
  const Result<Configuration> parsed = ParseConfiguration(text, kPath);
  return parsed.ok() ? "no error" : parsed.error().Describe();
}

TEST(S3Keys, EveryKeyIsReadAndWrittenBack) {
  RepositorySettings settings;
  settings.url = "s3://bucket/pg";
  settings.key_file = "/k";
  settings.s3 = {.endpoint = "https://s3.example:9000",
                 .region = "eu-central-1",
                 .addressing = storage::S3Addressing::kVirtual,
                 .ca_file = "/ca.pem",
                 .storage_class = "STANDARD_IA",
                 .credentials = storage::S3CredentialMode::kFile,
                 .credentials_file = "/credentials",
                 .profile = "backup",
                 .proxy = "http://proxy:3128",
                 .lifecycle = {.undo_days = 30,
                               .transition_class = "GLACIER_IR",
                               .transition_days = 45,
                               .lock_days = 30}};
  const auto text = FormatConfiguration(settings);
  ASSERT_TRUE(text.ok()) << text.error().Describe();
  const auto parsed = ParseConfiguration(*text, kPath);
  ASSERT_TRUE(parsed.ok()) << parsed.error().Describe();
  EXPECT_EQ(parsed->repository, settings);

  const auto fast =
      ParseConfiguration(std::string(kHead) + "accelerate = true\nproxy = \"\"\n", kPath);
  ASSERT_TRUE(fast.ok()) << fast.error().Describe();
  EXPECT_TRUE(fast->repository.s3.accelerate);
  EXPECT_EQ(fast->repository.s3.proxy, "");
}

TEST(S3Keys, RelativeFilesAreBesideTheConfiguration) {
  const auto parsed = ParseConfiguration(
      std::string(kHead) + "ca_file = \"ca.pem\"\ncredentials_file = \"s3\"\n", kPath);
  ASSERT_TRUE(parsed.ok()) << parsed.error().Describe();
  EXPECT_EQ(parsed->repository.s3.ca_file, "/etc/pgkeep/ca.pem");
  EXPECT_EQ(parsed->repository.s3.credentials_file, "/etc/pgkeep/s3");
}

TEST(S3Keys, WrongValuesAreToldWithTheirPlace) {
  EXPECT_EQ(ErrorOf(std::string(kHead) + "addressing = \"vhost\"\n"),
            "/etc/pgkeep/pgkeep.toml:4:14: 'vhost' is no way to address a bucket\n"
            "hint: choose auto, path or virtual");
  EXPECT_EQ(ErrorOf(std::string(kHead) + "accelerate = \"yes\"\n"),
            "/etc/pgkeep/pgkeep.toml:4:14: 'accelerate' must be true or false\n"
            "hint: write it without quotes");
  EXPECT_EQ(ErrorOf(std::string(kHead) + "endpoint = \"127.0.0.1\"\n").substr(0, 27),
            "/etc/pgkeep/pgkeep.toml:1:1");
  EXPECT_EQ(ErrorOf(std::string(kHead) + "undo_days = \"14\"\n"),
            "/etc/pgkeep/pgkeep.toml:4:13: 'undo_days' must be a whole number\n"
            "hint: write it without quotes");
  EXPECT_EQ(ErrorOf(std::string(kHead) + "transition_days = 29\n").substr(0, 60),
            "/etc/pgkeep/pgkeep.toml:1:1: transition_days is not a number");
  EXPECT_EQ(ErrorOf(std::string(kHead) + "endpont = \"x\"\n"),
            "/etc/pgkeep/pgkeep.toml:4:1: unknown key 'endpont' in [repository.main]\n"
            "hint: did you mean 'endpoint'?");
}

TEST(S3Keys, AreForBucketsOnly) {
  EXPECT_EQ(ErrorOf("[repository.main]\nurl = \"/srv\"\nkey_file = \"k\"\nregion = \"x\"\n"),
            "/etc/pgkeep/pgkeep.toml:4:1: 'region' is for s3:// repositories\n"
            "hint: remove it, or write url = \"s3://bucket/prefix\"");
}

}  // namespace
}  // namespace pgkeep::config
