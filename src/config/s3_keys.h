// The keys of [repository.NAME] that are for s3:// repositories. For this room only.
#pragma once

#include <toml++/toml.h>

#include <array>
#include <string_view>

#include "config/problems.h"
#include "storage/s3/settings.h"

namespace pgkeep::config {

inline constexpr std::array<std::string_view, 14> kS3Keys = {
    "endpoint",   "region",           "addressing",       "ca_file",  "storage_class",
    "accelerate", "credentials",      "credentials_file", "profile",  "proxy",
    "undo_days",  "transition_class", "transition_days",  "lock_days"};

// Reads the value of one of them into `settings`; what is wrong is added to `problems`.
void ReadS3Key(const toml::key& key, const toml::node& value, Problems& problems,
               storage::S3Settings& settings);

}  // namespace pgkeep::config
