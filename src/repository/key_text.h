// The text form that key files and recovery kits share (keys.md): "name: value" lines and comments.
// Both directions keep the text in memory that is wiped.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace pgkeep::repository {

// Builds the text. One thread at a time. REQUIRES: text without control characters, and no more of
// everything than kMaxKeyFileBytes.
class KeyTextWriter {
 public:
  KeyTextWriter();

  void Blank();
  void Comment(std::string_view line);
  void Field(std::string_view name, std::string_view value);

  // `bytes` and their check value in base32, grouped for reading and broken over lines.
  void CheckedField(std::string_view name, ByteSpan bytes);

  SecretBytes Finish() const;

 private:
  void Put(std::string_view text);

  SecretBytes text_;
  size_t used_ = 0;
};

// A parsed text. Move-only; values point into it.
class KeyText {
 public:
  // Errors name the line, never what stands there. kLimitExceeded above kMaxKeyFileBytes;
  // kInvalidArgument for text that is no key file, a repeated name, or control characters;
  // kUnsupportedVersion for a newer format, or an unknown name that begins with '!'.
  static Result<KeyText> Parse(ByteSpan text);

  std::optional<std::string_view> Find(std::string_view name) const;

  // kInvalidArgument when there is no such line.
  Result<std::string_view> Require(std::string_view name) const;

  // What CheckedField() wrote. kCorruption for bad base32 or a check value that differs.
  Result<SecretBytes> RequireChecked(std::string_view name) const;

 private:
  struct Field {
    std::string name;
    size_t begin = 0;  // of the value in values_
    size_t size = 0;
  };

  explicit KeyText(size_t text_bytes) : values_(text_bytes) {}
  Status AddLine(std::string_view line);
  Status AddField(std::string_view line);
  void AppendValue(std::string_view value);
  Status CheckVersion() const;

  std::vector<Field> fields_;
  SecretBytes values_;  // all values, one after the other
  size_t used_ = 0;
};

}  // namespace pgkeep::repository
