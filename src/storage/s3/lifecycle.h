// The rules by which a bucket moves and deletes objects by itself: what the server says, as values,
// and back. Source: LifecycleConfiguration in the API reference of Amazon S3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep::storage {

// "After so many days, or on a date, to this class."
struct LifecycleTransition {
  std::string storage_class = {};
  uint32_t days = 0;
  std::string date = {};    // ISO 8601, in place of `days`; empty: none
  bool noncurrent = false;  // of replaced and deleted versions

  bool operator==(const LifecycleTransition&) const = default;
};

// One rule. Numbers are days; what is not set does not happen.
struct LifecycleRule {
  std::string id = {};
  bool enabled = true;
  std::string prefix = {};  // of the whole key; empty: the whole bucket
  bool tagged = false;      // only objects with certain tags
  bool sized = false;       // only objects of certain sizes
  std::optional<uint32_t> expire_days = {};
  std::string expire_date = {};             // in place of `expire_days`; empty: none
  bool expire_delete_markers = false;       // those that hide nothing any more
  std::optional<uint32_t> purge_days = {};  // replaced and deleted versions
  std::optional<uint32_t> abort_upload_days = {};
  std::vector<LifecycleTransition> transitions = {};
  // The element as the server sent it, with what this structure does not know. Empty for a rule
  // that was not read from a server.
  std::string xml = {};

  // Whether both do the same to the same objects under the same name; `xml` may differ.
  bool SameAs(const LifecycleRule& other) const;
};

// What a bucket has of them.
struct LifecycleConfiguration {
  std::vector<LifecycleRule> rules = {};
  // The least size of objects that the rules move to another class, in the words of the server:
  // Amazon's "all_storage_classes_128K" or "varies_by_storage_class". Empty where it does not say
  // it. It stands beside the rules, in a header, and whoever writes them without it resets it.
  std::string transition_minimum = {};
};

// Reads the answer to GetBucketLifecycleConfiguration. kProtocol for everything else.
Result<std::vector<LifecycleRule>> ParseLifecycle(ByteSpan body);

// The body of PutBucketLifecycleConfiguration. A rule with `xml` is written as that, so that what
// is unknown here survives; else by its fields, of which `tagged` and `sized` must not be set.
std::string FormatLifecycle(const std::vector<LifecycleRule>& rules);

}  // namespace pgkeep::storage
