#include "storage/s3/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "net/url.h"

namespace pgkeep::storage {
namespace {

constexpr std::array<std::pair<std::string_view, S3Addressing>, 3> kAddressings = {{
    {"auto", S3Addressing::kAutomatic},
    {"path", S3Addressing::kPath},
    {"virtual", S3Addressing::kVirtual},
}};

constexpr std::array<std::pair<std::string_view, S3CredentialMode>, 5> kModes = {{
    {"auto", S3CredentialMode::kAutomatic},
    {"env", S3CredentialMode::kEnvironment},
    {"file", S3CredentialMode::kFile},
    {"imds", S3CredentialMode::kImds},
    {"web-identity", S3CredentialMode::kWebIdentity},
}};

// "Amazon S3 storage classes", without those that need a restore first (GLACIER, DEEP_ARCHIVE).
constexpr auto kReadsAtOnce =
    std::to_array<std::string_view>({"STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
                                     "GLACIER_IR", "REDUCED_REDUNDANCY", "EXPRESS_ONEZONE"});

// Of those that libcurl has, the ones that are in use.
constexpr auto kProxySchemes =
    std::to_array<std::string_view>({"http", "https", "socks5", "socks5h"});

template <class Table, class Value>
std::string_view NameIn(const Table& table, Value value) {
  return std::ranges::find(table, value, &Table::value_type::second)->first;
}

// Letters, digits, '-' and '_': what regions and storage classes are made of.
bool IsPlainName(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

Status ValidateEndpoint(const std::string& endpoint) {
  const Result<net::Url> url = net::ParseUrl(endpoint);
  if (!url.ok()) return Error(url.error()).WithContext("the S3 endpoint is not valid");
  if (url->path == "/") return Ok();
  return Err(ErrorCode::kInvalidArgument, "the S3 endpoint has a path in it")
      .WithHint("the bucket belongs into the repository url: s3://bucket/prefix");
}

// Why libcurl could not take it as a proxy, or must not; empty where it can.
std::string_view FaultOfProxy(std::string_view proxy) {
  constexpr std::string_view kMark = "://";
  if (const size_t mark = proxy.find(kMark); mark != std::string_view::npos) {
    const std::string_view scheme = proxy.substr(0, mark);
    if (std::ranges::find(kProxySchemes, scheme) == kProxySchemes.end()) {
      return "has a scheme that is not http, https, socks5 or socks5h";
    }
    proxy.remove_prefix(mark + kMark.size());
  }
  if (proxy.find('@') != std::string_view::npos) return "has a user name in it";
  if (proxy.ends_with('/')) proxy.remove_suffix(1);
  if (proxy.find('/') != std::string_view::npos) return "has a path in it";
  const size_t colon = proxy.rfind(':');
  if (colon == std::string_view::npos ||
      proxy.find_first_not_of("0123456789", colon + 1) != std::string_view::npos ||
      colon + 1 == proxy.size()) {
    return "names no port";
  }
  return net::ParseUrl("http://" + std::string(proxy)).ok() ? "" : "is no host with a port";
}

Status ValidateProxy(std::string_view proxy, std::string_view endpoint) {
  const std::string_view fault = FaultOfProxy(proxy);
  if (fault.empty()) return Ok();
  return Err(ErrorCode::kInvalidArgument, "'proxy' {}", fault)
      .WithHint(fmt::format(
          "write it as http://host:port (or https, socks5, socks5h); one that wants a password "
          "belongs into {} of the environment, since others may read a configuration",
          endpoint.starts_with("http://") ? "http_proxy" : "https_proxy"));
}

Status ValidateLifecycle(const S3LifecycleSettings& lifecycle) {
  if (lifecycle.undo_days == 0 || lifecycle.undo_days > kMostLifecycleDays) {
    return Err(ErrorCode::kInvalidArgument, "undo_days is not a number from 1 to {}",
               kMostLifecycleDays)
        .WithHint("14 leaves two weeks to notice that too much was deleted");
  }
  if (lifecycle.lock_days > kMostLifecycleDays) {
    return Err(ErrorCode::kInvalidArgument, "lock_days is not a number from 0 to {}",
               kMostLifecycleDays)
        .WithHint("30 protects backups for a month after the last round of locking");
  }
  if (lifecycle.transition_days < kLeastTransitionDays ||
      lifecycle.transition_days > kMostLifecycleDays) {
    return Err(ErrorCode::kInvalidArgument, "transition_days is not a number from {} to {}",
               kLeastTransitionDays, kMostLifecycleDays)
        .WithHint("cheaper classes bill thirty days at least, so nothing is gained before");
  }
  if (!lifecycle.transition_class.empty() && !ReadsAtOnce(lifecycle.transition_class)) {
    return Err(ErrorCode::kInvalidArgument,
               "backups in the storage class {} could not be read at once",
               lifecycle.transition_class)
        .WithHint("choose STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING or GLACIER_IR");
  }
  return Ok();
}

}  // namespace

Result<S3Addressing> ParseAddressing(std::string_view word) {
  for (const auto& [name, value] : kAddressings) {
    if (name == word) return value;
  }
  return Err(ErrorCode::kInvalidArgument, "'{}' is no way to address a bucket", word)
      .WithHint("choose auto, path or virtual");
}

std::string_view AddressingName(S3Addressing addressing) {
  return NameIn(kAddressings, addressing);
}

Result<S3CredentialMode> ParseCredentialMode(std::string_view word) {
  for (const auto& [name, value] : kModes) {
    if (name == word) return value;
  }
  return Err(ErrorCode::kInvalidArgument, "'{}' is no source of credentials", word)
      .WithHint("choose auto, env, file, imds or web-identity");
}

std::string_view CredentialModeName(S3CredentialMode mode) { return NameIn(kModes, mode); }

Status ValidateSettings(const S3Settings& settings) {
  if (!settings.endpoint.empty()) PGK_TRY(ValidateEndpoint(settings.endpoint));
  if (settings.accelerate &&
      (!settings.endpoint.empty() || settings.addressing == S3Addressing::kPath)) {
    return Err(ErrorCode::kInvalidArgument,
               "transfer acceleration excludes an endpoint and path addressing")
        .WithHint("leave 'accelerate' out, or 'endpoint' and 'addressing'");
  }
  if (settings.proxy && !settings.proxy->empty()) {
    PGK_TRY(ValidateProxy(*settings.proxy, settings.endpoint));
  }
  if (!IsPlainName(settings.region)) {
    return Err(ErrorCode::kInvalidArgument, "the region '{}' has characters that no region has",
               settings.region)
        .WithHint("regions look like eu-central-1");
  }
  if (!IsPlainName(settings.storage_class)) {
    return Err(ErrorCode::kInvalidArgument, "'{}' is no storage class", settings.storage_class)
        .WithHint("storage classes look like STANDARD_IA");
  }
  return ValidateLifecycle(settings.lifecycle);
}

bool ReadsAtOnce(std::string_view storage_class) {
  return std::ranges::find(kReadsAtOnce, storage_class) != kReadsAtOnce.end();
}

}  // namespace pgkeep::storage
