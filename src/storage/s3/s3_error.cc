#include "storage/s3/s3_error.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/display.h"
#include "base/error.h"
#include "net/http_time.h"
#include "storage/s3/xml.h"

namespace pgkeep::storage {
namespace {

// An answer and what could be learned from it.
struct Failure {
  const net::HttpResponse& response;
  const S3Context& context;
  S3ErrorBody told;

  bool Is(std::string_view code) const { return told.code == code; }
  template <size_t N>
  bool IsOneOf(const std::array<std::string_view, N>& codes) const {
    return std::ranges::find(codes, told.code) != codes.end();
  }

  // "NoSuchKey, status 404", with the server's own words where it has some.
  std::string Said() const {
    const std::string code = told.code.empty() ? "no reason" : told.code;
    const std::string status = fmt::format("{}, status {}", code, response.status);
    return told.message.empty() ? status : fmt::format("{}: {}", status, told.message);
  }
};

constexpr auto kExpiredCodes = std::to_array<std::string_view>(
    {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"});
constexpr auto kSlowDownCodes = std::to_array<std::string_view>(
    {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests",
     "BandwidthLimitExceeded", "RequestThrottled", "ServiceUnavailable"});
constexpr auto kDamagedCodes = std::to_array<std::string_view>(
    {"BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "InvalidDigest"});
constexpr auto kRegionCodes = std::to_array<std::string_view>(
    {"PermanentRedirect", "TemporaryRedirect", "Redirect", "AuthorizationHeaderMalformed",
     "IllegalLocationConstraintException"});
constexpr auto kQuotaCodes =
    std::to_array<std::string_view>({"QuotaExceeded", "XMinioStorageFull", "StorageFull",
                                     "InsufficientStorage", "XMinioAdminBucketQuotaExceeded"});
constexpr auto kAccountCodes = std::to_array<std::string_view>(
    {"UserSuspended", "AccountProblem", "AllAccessDisabled", "NotSignedUp"});

Error WrongRegion(const Failure& failure) {
  std::string region(failure.response.Header("x-amz-bucket-region").value_or(""));
  if (region.empty()) region = failure.told.region;
  region = Printable(region);
  if (region.empty()) {
    return Err(ErrorCode::kConfig, "bucket {} is not in region {} ({})", failure.context.bucket,
               failure.context.region, failure.Said())
        .WithHint("set 'region' in the configuration, or --s3-region, to the bucket's");
  }
  return Err(ErrorCode::kConfig, "bucket {} is in region {}, not in {}", failure.context.bucket,
             region, failure.context.region)
      .WithHint(fmt::format("set region = \"{0}\" in the configuration, or give --s3-region {0}",
                            region));
}

Error WrongClock(Duration skew) {
  const Duration length = skew < Duration::zero() ? -skew : skew;
  return Err(ErrorCode::kUnauthenticated,
             "the clock of this machine is {} {} that of the object store, which therefore refuses "
             "its requests",
             FormatDuration(length), skew < Duration::zero() ? "behind" : "ahead of")
      .WithHint("set the clock, and let it be kept right (timedatectl set-ntp true)");
}

// A body-less 403, as on HEAD, may be about the clock as well.
std::optional<Error> ClockError(const Failure& failure) {
  const bool named = failure.Is("RequestTimeTooSkewed");
  if (!named && failure.response.status != 403) return std::nullopt;
  const std::optional<Duration> skew = ClockSkew(failure.response, failure.context.now);
  if (skew && (*skew > kSkewMax || *skew < -kSkewMax)) return WrongClock(*skew);
  if (!named) return std::nullopt;
  return Err(ErrorCode::kUnauthenticated,
             "the clocks of this machine and of the object store are too far apart")
      .WithHint("set the clock, and let it be kept right (timedatectl set-ntp true)");
}

// About who asks.
std::optional<Error> IdentityError(const Failure& failure) {
  const std::string& origin = failure.context.key_origin;
  if (failure.IsOneOf(kExpiredCodes)) {
    return Err(ErrorCode::kUnauthenticated, "the S3 credentials of {} have expired", origin)
        .WithHint("renew them; for long work use credentials that are renewed by themselves");
  }
  if (failure.Is("InvalidAccessKeyId") || failure.Is("InvalidToken") ||
      failure.Is("InvalidClientTokenId")) {
    return Err(ErrorCode::kUnauthenticated, "the object store does not know the access key of {}",
               origin)
        .WithHint("check the access key, and that it belongs to this endpoint");
  }
  if (failure.Is("SignatureDoesNotMatch")) {
    return Err(ErrorCode::kUnauthenticated, "the secret key of {} does not fit its access key",
               origin)
        .WithHint("check the secret key; if it is right, something in between changes requests");
  }
  if (failure.IsOneOf(kAccountCodes)) {
    return Err(ErrorCode::kPermission,
               "the account at the object store is closed or suspended ({})", failure.Said())
        .WithHint("ask whoever runs the object store");
  }
  return std::nullopt;
}

Error Denied(const Failure& failure) {
  return Err(ErrorCode::kPermission, "{} is not allowed: {} was denied", failure.context.what,
             failure.context.operation)
      .WithHint(fmt::format("allow {} on bucket {} to the credentials of {}",
                            failure.context.operation, failure.context.bucket,
                            failure.context.key_origin));
}

Error Missing(const Failure& failure) {
  if (failure.Is("NoSuchBucket")) {
    return Err(ErrorCode::kNotFound, "there is no bucket {}", failure.context.bucket)
        .WithHint("create it, or mend the repository url; check endpoint and region too");
  }
  return Err(ErrorCode::kNotFound, "there is no {}", failure.context.what);
}

// What passes: the request may be repeated.
std::optional<Error> PassingError(const Failure& failure) {
  const int status = failure.response.status;
  const auto unavailable = [&](std::string_view why) {
    return Err(ErrorCode::kUnavailable, "{}: the object store {} ({})", failure.context.what, why,
               failure.Said());
  };
  if (failure.Is("RequestTimeout") || status == 408) {
    return Err(ErrorCode::kTimeout, "{}: the object store waited too long for the request ({})",
               failure.context.what, failure.Said());
  }
  if (status == 429 || failure.IsOneOf(kSlowDownCodes)) return unavailable("asks to slow down");
  if (failure.Is("ConditionalRequestConflict") || failure.Is("OperationAborted")) {
    return unavailable("is busy with another request for the same");
  }
  if (failure.IsOneOf(kDamagedCodes)) return unavailable("got other bytes than were sent");
  if (failure.Is("InternalError") || (status >= 500 && status != 501 && status != 507)) {
    return unavailable("has a problem");
  }
  return std::nullopt;
}

// By the status alone, where the code says nothing more.
Error ErrorOfStatus(const Failure& failure) {
  const std::string& what = failure.context.what;
  switch (failure.response.status) {
    case 401:
    case 403:
      return Denied(failure);
    case 404:
      return Missing(failure);
    case 405:
    case 501:
      return Err(ErrorCode::kUnsupported, "{}: the object store has no {} ({})", what,
                 failure.context.operation, failure.Said());
    case 409:
      return Err(ErrorCode::kConflict, "{}: conflict ({})", what, failure.Said());
    case 412:
      return Err(ErrorCode::kAlreadyExists, "{} exists already", what);
    case 416:
      return Err(ErrorCode::kCorruption, "{} ends early", what);
    case 413:
      return Err(ErrorCode::kLimitExceeded, "{} is too large for the object store ({})", what,
                 failure.Said());
    default:
      return Err(ErrorCode::kProtocol, "{}: the object store refuses the request ({})", what,
                 failure.Said())
          .WithHint("check the endpoint and the region; does S3 answer there?");
  }
}

}  // namespace

Error MakeS3Error(const net::HttpResponse& response, const S3Context& context) {
  const Failure failure{response, context, ParseErrorBody(response.body)};
  if (std::optional<Error> error = ClockError(failure)) return *std::move(error);
  if (std::optional<Error> error = IdentityError(failure)) return *std::move(error);
  if (failure.IsOneOf(kRegionCodes) || response.status == 301 || response.status == 307) {
    return WrongRegion(failure);
  }
  if (failure.IsOneOf(kQuotaCodes) || response.status == 507) {
    return Err(ErrorCode::kOutOfSpace, "the object store is full or the quota is used up ({})",
               failure.Said())
        .WithHint("raise the quota, or let backups go with 'pgkeep expire' and 'pgkeep gc'");
  }
  if (failure.Is("InvalidObjectState")) {
    return Err(ErrorCode::kUnsupported, "{} is in an archive class and cannot be read at once",
               context.what)
        .WithHint("restore it into a class that reads at once, and end that lifecycle rule");
  }
  if (failure.Is("EntityTooLarge")) {
    return Err(ErrorCode::kLimitExceeded, "{} is too large for the object store", context.what);
  }
  if (failure.Is("InvalidStorageClass")) {
    return Err(ErrorCode::kConfig, "the object store has no such storage class")
        .WithHint("mend 'storage_class' in the configuration, or leave it out");
  }
  if (std::optional<Error> error = PassingError(failure)) return *std::move(error);
  // The code counts where the status does not fit it: behind a success, or changed by a proxy.
  if (failure.Is("AccessDenied")) return Denied(failure);
  if (failure.Is("NoSuchKey") || failure.Is("NoSuchBucket")) return Missing(failure);
  return ErrorOfStatus(failure);
}

bool AreCredentialsExpired(const net::HttpResponse& response) {
  if (response.ok()) return false;
  const S3ErrorBody told = ParseErrorBody(response.body);
  return std::ranges::find(kExpiredCodes, told.code) != kExpiredCodes.end();
}

bool IsHiddenError(const net::HttpResponse& response) {
  return response.ok() && !response.body.empty() && !ParseErrorBody(response.body).code.empty();
}

std::optional<Duration> ClockSkew(const net::HttpResponse& response, Timestamp now) {
  const auto date = response.Header("date");
  if (!date) return std::nullopt;
  const std::optional<Timestamp> theirs = net::ParseHttpTime(*date);
  if (!theirs) return std::nullopt;
  return now - *theirs;
}

}  // namespace pgkeep::storage
