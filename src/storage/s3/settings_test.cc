#include "storage/s3/settings.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

TEST(S3Settings, NamesParseBack) {
  for (const S3Addressing addressing :
       {S3Addressing::kAutomatic, S3Addressing::kPath, S3Addressing::kVirtual}) {
    EXPECT_EQ(ParseAddressing(AddressingName(addressing)).value(), addressing);
  }
  for (const S3CredentialMode mode :
       {S3CredentialMode::kAutomatic, S3CredentialMode::kEnvironment, S3CredentialMode::kFile,
        S3CredentialMode::kImds, S3CredentialMode::kWebIdentity}) {
    EXPECT_EQ(ParseCredentialMode(CredentialModeName(mode)).value(), mode);
  }
  EXPECT_FALSE(ParseAddressing("vhost").error().hint().empty());
  EXPECT_FALSE(ParseCredentialMode("config").error().hint().empty());
}

TEST(S3Settings, WhatCannotBeRightIsRefused) {
  EXPECT_TRUE(ValidateSettings({}).ok());
  EXPECT_TRUE(ValidateSettings({.proxy = ""}).ok());
  EXPECT_TRUE(ValidateSettings({.proxy = "http://proxy:3128"}).ok());
  EXPECT_TRUE(
      ValidateSettings({.endpoint = "http://127.0.0.1:7480", .region = "eu-central-1"}).ok());
  for (const S3Settings& settings :
       {S3Settings{.endpoint = "127.0.0.1"}, S3Settings{.endpoint = "https://host/bucket"},
        S3Settings{.endpoint = "https://key:secret@host"}, S3Settings{.region = "eu central"},
        S3Settings{.region = "eu/central"}, S3Settings{.storage_class = "A\r\nB: c"},
        S3Settings{.endpoint = "https://host", .accelerate = true},
        S3Settings{.proxy = "garbage::://"}, S3Settings{.proxy = "ftp://proxy:21"},
        S3Settings{.proxy = "http://user:secret@proxy:3128"},
        S3Settings{.addressing = S3Addressing::kPath, .accelerate = true}}) {
    const Status status = ValidateSettings(settings);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_FALSE(status.error().hint().empty());
    EXPECT_EQ(status.error().Describe().find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace pgkeep::storage
