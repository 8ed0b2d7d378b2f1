#include "storage/s3/version_reader.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "storage/s3/bucket_inventory.h"
#include "storage/s3/list_start.h"

namespace pgkeep::storage {
namespace {

constexpr size_t kPageMax = 1000;
constexpr size_t kKnownMax = 100'000;

bool BeginsWithOneOf(std::string_view key, const std::vector<std::string>& prefixes) {
  return std::ranges::any_of(prefixes,
                             [&](const std::string& prefix) { return key.starts_with(prefix); });
}

}  // namespace

bool VersionReader::Reads(std::string_view key) const {
  return options_.as_of || BeginsWithOneOf(key, options_.oldest.read);
}

bool VersionReader::Lists(std::string_view prefix) const {
  return options_.as_of || BeginsWithOneOf(prefix, options_.oldest.listed) ||
         BeginsWithOneOf(prefix, options_.oldest.intact);
}

VersionChoice VersionReader::ReadingOf(std::string_view key) const {
  const bool oldest = BeginsWithOneOf(key, options_.oldest.read);
  return {oldest ? VersionChoice::Rule::kOldest : VersionChoice::Rule::kNewest, options_.as_of};
}

VersionChoice VersionReader::ListingOf(std::string_view key) const {
  if (!BeginsWithOneOf(key, options_.oldest.intact)) return ReadingOf(key);
  return {VersionChoice::Rule::kIntact, options_.as_of};
}

Result<S3VersionListing> VersionReader::Ask(std::string_view prefix, const S3VersionListing& from,
                                            size_t max_versions) {
  PGK_ASSIGN_OR_RETURN(S3VersionListing listing,
                       ReadVersionPage(client_, options_.bucket,
                                       options_.prefix + std::string(prefix), from, max_versions));
  for (S3Version& version : listing.versions) version.object.key.erase(0, options_.prefix.size());
  return listing;
}

void VersionReader::Remember(const S3Version& version) {
  const MutexLock lock(mutex_);
  if (known_.size() >= kKnownMax) known_.clear();
  known_.insert_or_assign(version.object.key, version);
}

Result<std::optional<S3Version>> VersionReader::Find(std::string_view key) {
  {
    const MutexLock lock(mutex_);
    const auto known = known_.find(key);
    if (known != known_.end()) return std::optional(known->second);
  }
  VersionChoice choice = ReadingOf(key);
  S3VersionListing page;
  // Longer keys that begin like this one come behind it.
  bool over = false;
  do {
    PGK_ASSIGN_OR_RETURN(page, Ask(key, page, kPageMax));
    for (const S3Version& version : page.versions) {
      over = over || version.object.key != key;
      if (!over) choice.See(version);
    }
  } while (page.truncated && !over);
  std::optional<S3Version> chosen = choice.chosen();
  if (chosen) Remember(*chosen);
  return chosen;
}

Result<ListPage> VersionReader::List(std::string_view prefix, std::string_view start_after,
                                     size_t max_keys) {
  max_keys = std::min(max_keys, kPageMax);
  ListPage page;
  S3VersionListing from;
  if (!start_after.empty()) from.next_key = options_.prefix + ListStart(start_after);
  std::string key;
  std::optional<VersionChoice> choice;
  const auto finish = [&] {
    const std::optional<S3Version> chosen = choice ? choice->chosen() : std::nullopt;
    if (!chosen) return;
    Remember(*chosen);
    page.objects.push_back(chosen->object);
  };
  while (true) {
    // No key has less than one version, so a page never has more keys than were asked for.
    PGK_ASSIGN_OR_RETURN(from, Ask(prefix, from, max_keys));
    for (const S3Version& version : from.versions) {
      if (!ValidateKey(version.object.key).ok() || version.object.key <= start_after) continue;
      if (version.object.key != key) {
        finish();
        // What comes now is the first of the next page.
        if (page.objects.size() == max_keys) {
          page.next = key;
          return page;
        }
        key = version.object.key;
        choice.emplace(ListingOf(key));
      }
      choice->See(version);
    }
    if (!from.truncated) {
      finish();
      return page;
    }
  }
}

}  // namespace pgkeep::storage
