#include "repository/key_text.h"

#include <algorithm>
#include <charconv>

#include "base/base32.h"
#include "base/check.h"
#include "crypto/constant_time.h"
#include "crypto/hash.h"
#include "repository/clean_text.h"
#include "repository/limits.h"

namespace pgkeep::repository {
namespace {

constexpr size_t kCheckBytes = 4;
constexpr size_t kGroup = 4;           // base32 digits between two dashes
constexpr size_t kGroupsPerLine = 12;  // a line stays below 80 columns, for printing
constexpr std::string_view kVersionName = "pgkeep-key";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // some editors put one in front

ByteArray<kCheckBytes> CheckValue(ByteSpan bytes) {
  const crypto::Digest32 digest = crypto::Sha256(bytes);
  ByteArray<kCheckBytes> check{};
  std::copy_n(digest.begin(), kCheckBytes, check.begin());
  return check;
}

// Volatile, so that the compiler does not leave it out.
void WipeText(std::string& text) {
  volatile char* const characters = text.data();
  for (size_t i = 0; i < text.size(); ++i) characters[i] = 0;
}

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool IsName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '!';
  });
}

}  // namespace

KeyTextWriter::KeyTextWriter() : text_(kMaxKeyFileBytes) {}

void KeyTextWriter::Put(std::string_view text) {
  PGK_CHECK(text.size() <= text_.size() - used_);
  std::ranges::copy(AsBytes(text), text_.ExposeMutable().subspan(used_).begin());
  used_ += text.size();
}

void KeyTextWriter::Blank() { Put("\n"); }

void KeyTextWriter::Comment(std::string_view line) {
  PGK_CHECK(IsCleanText(line));
  Put(line.empty() ? "#" : "# ");
  Put(line);
  Put("\n");
}

void KeyTextWriter::Field(std::string_view name, std::string_view value) {
  PGK_CHECK(IsName(name) && IsCleanText(value));
  Put(name);
  Put(": ");
  Put(value);
  Put("\n");
}

void KeyTextWriter::CheckedField(std::string_view name, ByteSpan bytes) {
  SecretBytes checked(bytes.size() + kCheckBytes);
  std::ranges::copy(bytes, checked.ExposeMutable().begin());
  std::ranges::copy(CheckValue(bytes), checked.ExposeMutable().subspan(bytes.size()).begin());
  std::string digits = Base32Encode(checked.Expose());

  Put(name);
  Put(":");
  for (size_t i = 0; i < digits.size(); i += kGroup) {
    Put(i % (kGroup * kGroupsPerLine) == 0 ? "\n " : "-");
    Put(std::string_view(digits).substr(i, kGroup));
  }
  Put("\n");
  WipeText(digits);
}

SecretBytes KeyTextWriter::Finish() const { return SecretBytes(text_.Expose().first(used_)); }

Result<KeyText> KeyText::Parse(ByteSpan text) {
  if (text.size() > kMaxKeyFileBytes) {
    return Err(ErrorCode::kLimitExceeded, "a key file has at most {} bytes", kMaxKeyFileBytes);
  }
  KeyText parsed(text.size());
  std::string_view rest = AsText(text);
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  for (size_t number = 1; !rest.empty(); ++number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    PGK_TRY_CONTEXT(fmt::format("line {}", number), parsed.AddLine(line));
  }
  PGK_TRY(parsed.CheckVersion());
  return parsed;
}

Status KeyText::AddLine(std::string_view line) {
  if (!IsCleanText(line)) {
    return Err(ErrorCode::kInvalidArgument, "is too long or not plain text");
  }
  if (line.starts_with('#') || Trim(line).empty()) return Ok();
  if (!line.starts_with(' ')) return AddField(line);
  if (fields_.empty()) return Err(ErrorCode::kInvalidArgument, "continues nothing");
  AppendValue(line);
  return Ok();
}

Status KeyText::AddField(std::string_view line) {
  const size_t colon = line.find(':');
  const std::string_view name = line.substr(0, std::min(colon, line.size()));
  if (colon == std::string_view::npos || !IsName(name)) {
    return Err(ErrorCode::kInvalidArgument, "is not of the form 'name: value'");
  }
  if (fields_.empty() && name != kVersionName) {
    return Err(ErrorCode::kInvalidArgument, "a key file begins with '{}: 1'", kVersionName);
  }
  // Version 1 has no names that begin so.
  if (name.starts_with('!')) {
    return Err(ErrorCode::kUnsupportedVersion,
               "was written by a newer pgkeep and may not be ignored")
        .WithHint("upgrade pgkeep on this machine");
  }
  if (Find(name)) return Err(ErrorCode::kInvalidArgument, "repeats the name of an earlier line");
  fields_.push_back({std::string(name), used_, 0});
  AppendValue(line.substr(colon + 1));
  return Ok();
}

void KeyText::AppendValue(std::string_view value) {
  value = Trim(value);
  PGK_CHECK(value.size() <= values_.size() - used_);
  std::ranges::copy(AsBytes(value), values_.ExposeMutable().subspan(used_).begin());
  used_ += value.size();
  fields_.back().size += value.size();
}

Status KeyText::CheckVersion() const {
  PGK_ASSIGN_OR_RETURN(const std::string_view text, Require(kVersionName));
  uint32_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc{} || end != text.data() + text.size() || version == 0) {
    return Err(ErrorCode::kInvalidArgument, "the version of the key file is not a number");
  }
  if (version == 1) return Ok();
  return Err(ErrorCode::kUnsupportedVersion,
             "the key file was written by a newer pgkeep: format {}, this one reads up to 1",
             version)
      .WithHint("upgrade pgkeep on this machine");
}

std::optional<std::string_view> KeyText::Find(std::string_view name) const {
  const auto field = std::ranges::find(fields_, name, &Field::name);
  if (field == fields_.end()) return std::nullopt;
  return AsText(values_.Expose().subspan(field->begin, field->size));
}

Result<std::string_view> KeyText::Require(std::string_view name) const {
  if (const std::optional<std::string_view> value = Find(name)) return *value;
  return Err(ErrorCode::kInvalidArgument, "there is no line '{}:'", name)
      .WithHint("check that this is a key file or recovery kit of pgkeep, and all of it");
}

Result<SecretBytes> KeyText::RequireChecked(std::string_view name) const {
  PGK_ASSIGN_OR_RETURN(const std::string_view text, Require(name));
  const auto mistyped = [name] {
    return Err(ErrorCode::kCorruption, "the value of '{}:' is damaged or mistyped", name)
        .WithHint("compare it with another copy; it has only the letters A to Z and digits 2 to 7");
  };
  Result<Bytes> decoded = Base32Decode(text);
  if (!decoded) return mistyped();
  const SecretBytes checked{ByteSpan(*decoded)};
  WipeMemory(*decoded);
  if (checked.size() < kCheckBytes) return mistyped();
  const ByteSpan bytes = checked.Expose().first(checked.size() - kCheckBytes);
  if (!crypto::ConstantTimeEqual(CheckValue(bytes), checked.Expose().subspan(bytes.size()))) {
    return mistyped();
  }
  return SecretBytes(bytes);
}

}  // namespace pgkeep::repository
