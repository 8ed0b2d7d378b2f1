// Object Lock: versions of objects that nobody can delete before a date. Source: "Object Lock" and
// PutObjectRetention in the reference of Amazon S3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace pgkeep::storage {

// Who may end a lock before its time.
enum class LockMode {
  kGovernance,  // who has s3:BypassGovernanceRetention
  kCompliance,  // nobody
};

// "GOVERNANCE" or "COMPLIANCE", and back; nullopt for another word.
std::string_view LockModeName(LockMode mode);
std::optional<LockMode> ParseLockMode(std::string_view word);

// The lock of one version.
struct ObjectLock {
  LockMode mode = LockMode::kGovernance;
  Timestamp until = {};
};

// What a bucket does with new objects.
struct BucketLock {
  bool enabled = false;
  std::optional<LockMode> mode = {};  // new objects are locked so; none: they are not
  uint32_t days = 0;                  // and for so long
};

// The answer to GetObjectLockConfiguration. kProtocol for everything else.
Result<BucketLock> ParseBucketLock(ByteSpan body);

// The answer to GetObjectRetention; none if nothing is locked. kProtocol for everything else.
Result<std::optional<ObjectLock>> ParseRetention(ByteSpan body);

// The body of PutObjectRetention.
std::string FormatRetention(const ObjectLock& lock);

}  // namespace pgkeep::storage
