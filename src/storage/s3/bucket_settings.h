// What a bucket says about itself and can be told, beside its objects.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "storage/s3/lifecycle.h"
#include "storage/s3/object_lock.h"
#include "storage/s3/s3_client.h"

namespace pgkeep::storage {

// The settings of one bucket. Thread-safe; borrows the client. The bucket must exist: here
// kNotFound cannot be told from a setting that was never made.
class BucketSettings {
 public:
  BucketSettings(S3Client& client, std::string bucket)
      : client_(client), bucket_(std::move(bucket)) {}

  // Empty for a bucket without rules. kPermission without s3:GetLifecycleConfiguration;
  // kUnsupported where there are none; others as S3Client.
  Result<LifecycleConfiguration> Lifecycle();

  // Replaces all rules, and the least size that stands beside them. REQUIRES: at least one rule.
  // kPermission without s3:PutLifecycleConfiguration.
  Status SetLifecycle(const LifecycleConfiguration& configuration);

  // Whether objects can be locked, and how new ones are. kPermission without
  // s3:GetBucketObjectLockConfiguration.
  Result<BucketLock> Lock();

  // The lock of one version of an object, by its whole key; none if it has none. kPermission
  // without s3:GetObjectRetention.
  Result<std::optional<ObjectLock>> LockOf(const std::string& key, const std::string& version);

  // Locks a version. What is locked for longer, or by a stronger mode, is kPermission, as is who
  // lacks s3:PutObjectRetention.
  Status SetLock(const std::string& key, const std::string& version, const ObjectLock& lock);

 private:
  S3Call Call(std::string operation, std::string method, const char* setting) const;
  S3Call CallFor(const std::string& key, const std::string& version, std::string operation,
                 std::string method) const;
  Status Send(S3Call call, const std::string& text);

  S3Client& client_;
  const std::string bucket_;
};

}  // namespace pgkeep::storage
