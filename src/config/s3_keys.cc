#include "config/s3_keys.h"

#include <fmt/core.h>

#include <string>
#include <utility>
#include <vector>

#include "config/configuration.h"

namespace pgkeep::config {
namespace {

using storage::S3Settings;

// Takes what a word means, or the reason why it means nothing.
template <class Value>
void Take(Result<Value> parsed, const toml::node& value, Problems& problems, Value& setting) {
  if (parsed.ok()) {
    setting = *parsed;
  } else {
    problems.Add(value.source().begin, parsed.error().message(), parsed.error().hint());
  }
}

}  // namespace

void ReadS3Key(const toml::key& key, const toml::node& value, Problems& problems,
               S3Settings& settings) {
  const std::string_view name = key.str();
  if (name == "accelerate") {
    const auto flag = value.value_exact<bool>();
    if (flag) {
      settings.accelerate = *flag;
    } else {
      problems.Add(value.source().begin, "'accelerate' must be true or false",
                   "write it without quotes");
    }
    return;
  }
  // "" means no proxy at all, whatever the environment says.
  if (name == "proxy" && value.value_exact<std::string>() == "") {
    settings.proxy = "";
    return;
  }
  storage::S3LifecycleSettings& lifecycle = settings.lifecycle;
  for (const auto& [days_name, days] : {std::pair("undo_days", &lifecycle.undo_days),
                                        std::pair("transition_days", &lifecycle.transition_days),
                                        std::pair("lock_days", &lifecycle.lock_days)}) {
    if (name != days_name) continue;
    *days = problems.Number(key, value);
    return;
  }
  const std::string text = problems.Text(key, value);
  if (text.empty()) return;
  if (name == "addressing") {
    Take(storage::ParseAddressing(text), value, problems, settings.addressing);
  } else if (name == "credentials") {
    Take(storage::ParseCredentialMode(text), value, problems, settings.credentials);
  } else if (name == "endpoint") {
    settings.endpoint = text;
  } else if (name == "region") {
    settings.region = text;
  } else if (name == "ca_file") {
    settings.ca_file = problems.FileOf(text);
  } else if (name == "storage_class") {
    settings.storage_class = text;
  } else if (name == "credentials_file") {
    settings.credentials_file = problems.FileOf(text);
  } else if (name == "profile") {
    settings.profile = text;
  } else if (name == "transition_class") {
    settings.lifecycle.transition_class = text;
  } else {
    settings.proxy = text;
  }
}

std::vector<std::pair<std::string, std::string>> S3SettingTexts(const S3Settings& settings) {
  const S3Settings defaults;
  std::vector<std::pair<std::string, std::string>> texts;
  const auto add = [&texts](const char* name, std::string_view value) {
    if (!value.empty()) texts.emplace_back(name, QuoteToml(value));
  };
  add("endpoint", settings.endpoint);
  add("region", settings.region);
  if (settings.addressing != defaults.addressing) {
    add("addressing", storage::AddressingName(settings.addressing));
  }
  add("ca_file", settings.ca_file);
  add("storage_class", settings.storage_class);
  if (settings.accelerate) texts.emplace_back("accelerate", "true");
  if (settings.credentials != defaults.credentials) {
    add("credentials", storage::CredentialModeName(settings.credentials));
  }
  add("credentials_file", settings.credentials_file);
  add("profile", settings.profile);
  const storage::S3LifecycleSettings& lifecycle = settings.lifecycle;
  const auto add_days = [&texts](const char* name, uint32_t value, uint32_t usual) {
    if (value != usual) texts.emplace_back(name, std::to_string(value));
  };
  add_days("undo_days", lifecycle.undo_days, defaults.lifecycle.undo_days);
  add("transition_class", lifecycle.transition_class);
  add_days("transition_days", lifecycle.transition_days, defaults.lifecycle.transition_days);
  add_days("lock_days", lifecycle.lock_days, defaults.lifecycle.lock_days);
  if (settings.proxy) texts.emplace_back("proxy", QuoteToml(*settings.proxy));
  return texts;
}

}  // namespace pgkeep::config
