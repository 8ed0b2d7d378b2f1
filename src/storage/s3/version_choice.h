// Which of the versions of an object is the object.
//
// What pgkeep creates once and never overwrites is its oldest version: whoever overwrites it, or
// hides it behind a deletion mark, changes nothing for those who read so. Other objects, which are
// deleted when nobody needs them any more, are their newest version, or at a moment in the past,
// the one that was the newest then.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "storage/s3/xml.h"

namespace pgkeep::storage {

// Beginnings of keys whose oldest version counts. A value.
struct OldestVersionRules {
  std::vector<std::string> read = {};    // for Get, GetRange and Head
  std::vector<std::string> listed = {};  // for List too
  // Older versions of these are purged some time after somebody has overwritten or hidden them. So
  // they are listed only while their newest version has the content of the oldest.
  std::vector<std::string> intact = {};
};

// Goes over the versions of one key and keeps the one that counts. One thread at a time.
class VersionChoice {
 public:
  // kIntact: the oldest, unless another one is going to take its place.
  enum class Rule { kOldest, kNewest, kIntact };

  // `as_of`: what is younger does not count.
  VersionChoice(Rule rule, std::optional<Timestamp> as_of) : rule_(rule), as_of_(as_of) {}

  // To be called for each version, the newest first.
  void See(const S3Version& version);

  // None if the key has no object.
  std::optional<S3Version> chosen() const;

 private:
  const Rule rule_;
  const std::optional<Timestamp> as_of_;
  std::optional<S3Version> newest_;  // also a mark
  std::optional<S3Version> oldest_;  // no mark
};

}  // namespace pgkeep::storage
