#include "storage/s3/object_lock.h"

#include <fmt/core.h>

#include <charconv>
#include <limits>
#include <pugixml.hpp>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

constexpr std::string_view kGovernanceName = "GOVERNANCE";
constexpr std::string_view kComplianceName = "COMPLIANCE";
constexpr uint32_t kDaysPerYear = 365;

Error NotUnderstood() {
  return Err(ErrorCode::kProtocol, "the server's answer is no lock of a bucket")
      .WithHint("check the endpoint: something that is no S3 answers there");
}

bool ParseNumber(std::string_view text, uint32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string_view LockModeName(LockMode mode) {
  return mode == LockMode::kGovernance ? kGovernanceName : kComplianceName;
}

std::optional<LockMode> ParseLockMode(std::string_view word) {
  if (word == kGovernanceName) return LockMode::kGovernance;
  if (word == kComplianceName) return LockMode::kCompliance;
  return std::nullopt;
}

Result<BucketLock> ParseBucketLock(ByteSpan body) {
  pugi::xml_document document;
  const auto loaded =
      document.load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8);
  const pugi::xml_node root = document.child("ObjectLockConfiguration");
  if (loaded.status != pugi::status_ok || !root) return NotUnderstood();
  BucketLock lock;
  lock.enabled = std::string_view(root.child_value("ObjectLockEnabled")) == "Enabled";
  const pugi::xml_node usual = root.child("Rule").child("DefaultRetention");
  if (!usual) return lock;
  lock.mode = ParseLockMode(usual.child_value("Mode"));
  const bool years = !usual.child("Years").empty();
  if (!lock.mode || !ParseNumber(usual.child_value(years ? "Years" : "Days"), lock.days)) {
    return NotUnderstood();
  }
  if (years && lock.days > std::numeric_limits<uint32_t>::max() / kDaysPerYear) {
    return NotUnderstood();
  }
  if (years) lock.days *= kDaysPerYear;
  return lock;
}

Result<std::optional<ObjectLock>> ParseRetention(ByteSpan body) {
  pugi::xml_document document;
  const auto loaded =
      document.load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8);
  const pugi::xml_node root = document.child("Retention");
  if (loaded.status != pugi::status_ok || !root) return NotUnderstood();
  if (!root.child("Mode")) return std::optional<ObjectLock>();
  const auto mode = ParseLockMode(root.child_value("Mode"));
  // Some servers tell billionths of seconds.
  std::string text = root.child_value("RetainUntilDate");
  if (const size_t point = text.find('.'); point != std::string::npos) text.resize(point);
  if (!text.ends_with('Z')) text += 'Z';
  const Result<Timestamp> until = ParseUtc(text);
  if (!mode || !until.ok()) return NotUnderstood();
  return std::optional(ObjectLock{*mode, *until});
}

std::string FormatRetention(const ObjectLock& lock) {
  return fmt::format(
      "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>{}</Mode>"
      "<RetainUntilDate>{}</RetainUntilDate></Retention>",
      LockModeName(lock.mode), FormatUtc(lock.until));
}

}  // namespace pgkeep::storage
