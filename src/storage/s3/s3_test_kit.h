// How tests reach an imitation of an S3 server.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "storage/s3/s3_store.h"
#include "testing/http_server.h"

namespace pgkeep::storage {

// A bucket "bucket" on the server, with credentials. Both must outlive what is made of it.
inline S3StoreOptions OptionsForTests(const testing::HttpServer& server, Clock& clock) {
  return {.bucket = "bucket",
          .settings = {.endpoint = server.url(), .region = "eu-west-1", .proxy = ""},
          .files = &PosixFileSystem(),
          .clock = &clock,
          .variable = [](const std::string& name) -> std::optional<std::string> {
            if (name == "AWS_ACCESS_KEY_ID") return "AKIA1";
            if (name == "AWS_SECRET_ACCESS_KEY") return "secret";
            return std::nullopt;
          }};
}

}  // namespace pgkeep::storage
