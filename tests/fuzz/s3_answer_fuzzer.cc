// Any bytes as what an S3 server answers: nothing is taken for what it is not, lengths are bounded,
// and what is written of what was read is read as the same again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/check.h"
#include "storage/s3/lifecycle.h"
#include "storage/s3/object_lock.h"
#include "storage/s3/probe.h"
#include "storage/s3/xml.h"

namespace storage = pgkeep::storage;
using pgkeep::AsBytes;
using pgkeep::ByteSpan;

namespace {

constexpr size_t kLongestWord = 500;

void ReadErrors(ByteSpan bytes) {
  const storage::S3ErrorBody told = storage::ParseErrorBody(bytes);
  for (const std::string* text : {&told.code, &told.message, &told.region}) {
    PGK_CHECK(text->size() <= kLongestWord, "messages are sentences");
  }
}

void ReadListings(ByteSpan bytes) {
  if (const auto page = storage::ParseListing(bytes); page.ok()) {
    for (const auto& object : page->objects) PGK_CHECK(!object.key.empty(), "objects have keys");
  }
  if (const auto page = storage::ParseVersionListing(bytes); page.ok()) {
    PGK_CHECK(!page->truncated || !page->next_key.empty(), "a page goes on somewhere");
    for (const auto& version : page->versions) {
      PGK_CHECK(!version.object.key.empty() && !version.id.empty(), "versions have names");
    }
  }
  if (const auto page = storage::ParseUploadListing(bytes); page.ok()) {
    for (const auto& upload : page->uploads) {
      PGK_CHECK(!upload.key.empty() && !upload.id.empty(), "uploads have names");
    }
  }
  static_cast<void>(storage::ParsePartListing(bytes).ok());
}

// Whether FormatLifecycle can say it without the words of whoever made it.
bool IsPlain(const storage::LifecycleRule& rule) {
  const bool dated =
      !rule.expire_date.empty() ||
      std::ranges::any_of(rule.transitions, [](const auto& move) { return !move.date.empty(); });
  return !rule.tagged && !rule.sized && !dated && !(rule.expire_days && rule.expire_delete_markers);
}

void ReadRules(ByteSpan bytes) {
  const auto rules = storage::ParseLifecycle(bytes);
  if (!rules.ok()) return;
  const auto again = storage::ParseLifecycle(AsBytes(storage::FormatLifecycle(*rules)));
  PGK_CHECK(again.ok() && again->size() == rules->size(), "rules of others stay");
  for (size_t i = 0; i < rules->size(); ++i) {
    storage::LifecycleRule rule = rules->at(i);
    PGK_CHECK(again->at(i).SameAs(rule) && again->at(i).xml == rule.xml, "to the letter");
    if (!IsPlain(rule)) continue;
    rule.xml.clear();
    const auto ours = storage::ParseLifecycle(AsBytes(storage::FormatLifecycle({rule})));
    PGK_CHECK(ours.ok() && ours->size() == 1 && ours->front().SameAs(rule),
              "what we write is read");
  }
}

void ReadLocks(ByteSpan bytes) {
  if (const auto bucket = storage::ParseBucketLock(bytes); bucket.ok()) {
    PGK_CHECK(bucket->mode || bucket->days == 0, "no lock lasts no days");
  }
  const auto lock = storage::ParseRetention(bytes);
  if (!lock.ok() || !*lock) return;
  const auto again = storage::ParseRetention(AsBytes(storage::FormatRetention(**lock)));
  PGK_CHECK(again.ok() && *again, "a lock that is written is read");
  PGK_CHECK((*again)->mode == (*lock)->mode && (*again)->until == (*lock)->until, "as the same");
}

void ReadOthers(ByteSpan bytes) {
  static_cast<void>(storage::ParseVersioning(bytes).ok());
  if (const auto role = storage::ParseAssumedRole(bytes); role.ok()) {
    PGK_CHECK(!role->access_key.empty() && !role->secret_key.empty(), "credentials are whole");
  }
  if (const auto report = storage::ParseProbeReport(bytes); report.ok()) {
    const auto again = storage::ParseProbeReport(AsBytes(storage::FormatProbeReport(*report)));
    PGK_CHECK(again.ok() && again->findings.size() == report->findings.size(), "reports survive");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan bytes(data, size);
  ReadErrors(bytes);
  ReadListings(bytes);
  ReadRules(bytes);
  ReadLocks(bytes);
  ReadOthers(bytes);
  return 0;
}
