#include "storage/s3/settings.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

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

TEST(S3Settings, ProxiesAreThoseThatTheLibraryTakes) {
  for (const std::string proxy :
       {"http://proxy:3128", "https://proxy:3129/", "proxy:3128", "socks5://127.0.0.1:1080",
        "socks5h://proxy:1080", "http://[::1]:3128"}) {
    EXPECT_TRUE(ValidateSettings({.proxy = proxy}).ok()) << proxy;
  }
  for (const auto& [proxy, why] :
       {std::pair("ftp://proxy:21", "scheme"), std::pair("http://proxy", "names no port"),
        std::pair("http://[::1]", "names no port"), std::pair("proxy:", "names no port"),
        std::pair("http://proxy:3128/x", "path"), std::pair("socks5://u:secret@proxy:1", "user"),
        std::pair("proxy:99999", "no host with a port"), std::pair(":3128", "no host")}) {
    const Status status = ValidateSettings({.proxy = proxy});
    ASSERT_FALSE(status.ok()) << proxy;
    EXPECT_NE(status.error().message().find("'proxy'"), std::string::npos);
    EXPECT_NE(status.error().message().find(why), std::string::npos) << status.error().Describe();
    EXPECT_NE(status.error().hint().find(" https_proxy "), std::string::npos);
  }
  const Status plain = ValidateSettings({.endpoint = "http://s3", .proxy = "proxy"});
  EXPECT_NE(plain.error().hint().find(" http_proxy "), std::string::npos);
}

}  // namespace
}  // namespace pgkeep::storage
