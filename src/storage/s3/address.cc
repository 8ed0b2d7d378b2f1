#include "storage/s3/address.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>

#include <algorithm>

#include "net/url.h"

namespace pgkeep::storage {
namespace {

constexpr size_t kBucketMin = 3;
constexpr size_t kBucketMax = 63;

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Whether a bucket can stand before a host: as a label that the certificate for "*.host" covers,
// and in lower case, as hosts have no other.
bool FitsHost(std::string_view bucket) {
  return std::ranges::none_of(bucket, [](char c) { return c == '_' || (c >= 'A' && c <= 'Z'); });
}

std::string AwsDomain(std::string_view region) {
  return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

Error NotInHost(const std::string& bucket, std::string_view why) {
  return Err(ErrorCode::kInvalidArgument, "bucket {} cannot be part of a host name: {}", bucket,
             why)
      .WithHint("set addressing = \"path\"");
}

Result<S3Address> AcceleratedAddress(const std::string& bucket) {
  if (bucket.find('.') != std::string::npos || !FitsHost(bucket)) {
    return Err(ErrorCode::kInvalidArgument,
               "transfer acceleration cannot be used with bucket {}: its name has dots or capitals",
               bucket)
        .WithHint("leave 'accelerate' out, or use a bucket with another name");
  }
  return S3Address{"https", bucket + ".s3-accelerate.amazonaws.com", "", true};
}

}  // namespace

bool IsAmazon(const S3Settings& settings) {
  if (settings.endpoint.empty()) return true;
  const Result<net::Url> url = net::ParseUrl(settings.endpoint);
  return url.ok() &&
         (url->host.ends_with(".amazonaws.com") || url->host.ends_with(".amazonaws.com.cn"));
}

Result<S3Address> MakeAddress(const S3Settings& settings, std::string_view region,
                              const std::string& bucket) {
  if (settings.accelerate) return AcceleratedAddress(bucket);
  bool ip_address = false;
  S3Address address;
  address.aws = IsAmazon(settings);
  if (settings.endpoint.empty()) {
    address.scheme = "https";
    address.host = fmt::format("s3.{}.{}", region, AwsDomain(region));
  } else {
    PGK_ASSIGN_OR_RETURN(const net::Url url, net::ParseUrl(settings.endpoint));
    address.scheme = url.scheme;
    address.host = url.Authority();
    in_addr parsed{};
    // As a name that is complete, "127.0.0.1." is the same address.
    const std::string host =
        url.host.ends_with('.') ? url.host.substr(0, url.host.size() - 1) : url.host;
    ip_address = host.starts_with('[') || inet_pton(AF_INET, host.c_str(), &parsed) == 1;
  }
  // A certificate for "*.host" does not cover "a.b.host".
  const bool dots = bucket.find('.') != std::string::npos && address.scheme == "https";
  if (settings.addressing == S3Addressing::kVirtual) {
    if (dots)
      return NotInHost(bucket, "it has dots, which the server's certificate does not cover");
    if (!FitsHost(bucket)) return NotInHost(bucket, "it has capitals or underscores");
    if (ip_address) return NotInHost(bucket, "the endpoint is an IP address");
  }
  const bool virtual_host = settings.addressing == S3Addressing::kVirtual ||
                            (settings.addressing == S3Addressing::kAutomatic &&
                             settings.endpoint.empty() && !dots && FitsHost(bucket));
  if (virtual_host) {
    address.host = bucket + "." + address.host;
  } else {
    address.bucket_path = "/" + bucket;
  }
  return address;
}

Status ValidateBucket(std::string_view bucket) {
  const bool good = bucket.size() >= kBucketMin && bucket.size() <= kBucketMax &&
                    IsAlphanumeric(bucket.front()) && IsAlphanumeric(bucket.back()) &&
                    std::ranges::all_of(bucket, [](char c) {
                      return IsAlphanumeric(c) || c == '.' || c == '-' || c == '_';
                    });
  if (good) return Ok();
  return Err(ErrorCode::kInvalidArgument, "a repository url names no valid bucket")
      .WithHint(
          "write it as s3://bucket/prefix; buckets have 3 to 63 letters, digits, '-' and '.'");
}

}  // namespace pgkeep::storage
