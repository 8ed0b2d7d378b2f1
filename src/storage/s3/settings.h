// How to reach a bucket and what to write into it. What users set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pgkeep::storage {

// Cheaper classes bill thirty days at least, and many packs do not live that long.
inline constexpr uint32_t kLeastTransitionDays = 30;
// As many as S3 takes for its rules without doubt: a hundred years.
inline constexpr uint32_t kMostLifecycleDays = 36'500;

// How the bucket is named in a request.
enum class S3Addressing {
  kAutomatic,  // kVirtual on AWS, kPath elsewhere
  kPath,       // https://endpoint/bucket/key
  kVirtual,    // https://bucket.endpoint/key
};

// Where credentials come from.
enum class S3CredentialMode {
  kAutomatic,    // the first of the others that has some, in this order
  kEnvironment,  // AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
  kWebIdentity,  // AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, as Kubernetes sets them
  kFile,         // ~/.aws/credentials, with profiles
  kImds,         // the metadata service of an EC2 instance, version 2
};

// How long what is in the bucket lives, and where. See repository/lifecycle_plan.h.
struct S3LifecycleSettings {
  // For how many days packs that were deleted or replaced stay as older versions.
  uint32_t undo_days = 14;
  // Packs move to this class when they are so many days old; empty: they stay where they are.
  std::string transition_class = {};
  uint32_t transition_days = kLeastTransitionDays;
  // Objects that backups need are locked for so many days ahead; 0: no locks are made.
  uint32_t lock_days = 0;

  bool operator==(const S3LifecycleSettings&) const = default;
};

// The settings of an s3:// repository. A value; without secrets.
struct S3Settings {
  std::string endpoint = {};  // "https://host:port"; empty: AWS
  std::string region = {};    // empty: AWS_REGION, AWS_DEFAULT_REGION, us-east-1
  S3Addressing addressing = S3Addressing::kAutomatic;
  std::string ca_file = {};        // certificates to trust in place of the system's
  std::string storage_class = {};  // of new objects; empty: the bucket's own
  bool accelerate = false;         // the transfer acceleration endpoint of AWS
  S3CredentialMode credentials = S3CredentialMode::kAutomatic;
  std::string credentials_file = {};      // in place of ~/.aws/credentials
  std::string profile = {};               // empty: AWS_PROFILE, default
  std::optional<std::string> proxy = {};  // see net::HttpClientOptions
  S3LifecycleSettings lifecycle = {};

  bool operator==(const S3Settings&) const = default;
};

// The words of the configuration: "auto", "path", "virtual". kInvalidArgument with a hint.
Result<S3Addressing> ParseAddressing(std::string_view word);
std::string_view AddressingName(S3Addressing addressing);

// "auto", "env", "file", "imds", "web-identity". kInvalidArgument with a hint.
Result<S3CredentialMode> ParseCredentialMode(std::string_view word);
std::string_view CredentialModeName(S3CredentialMode mode);

// Whether objects of this class are read at once and without a request to bring them back. False
// for classes that are not known.
bool ReadsAtOnce(std::string_view storage_class);

// kInvalidArgument, with a hint, for settings that cannot be right whatever the bucket is: an
// endpoint that is no address, one together with transfer acceleration, a region or storage class
// with characters that none has, a transition that is too early or to a class that does not read at
// once.
Status ValidateSettings(const S3Settings& settings);

}  // namespace pgkeep::storage
