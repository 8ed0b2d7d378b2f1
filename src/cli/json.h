// The documents that --json prints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pgkeep::cli {

// One JSON value (RFC 8259), built from the inside out and printed once. Names of an object keep
// the order in which they were set. A plain value.
//
//   Json backup = Json::MakeObject();
//   backup.Set("id", id.Hex());
//   backup.Set("bytes", manifest.bytes);
class Json {
 public:
  // null.
  Json() = default;

  // NOLINTBEGIN(google-explicit-constructor): so that values can be given plainly
  Json(bool value) : value_(value) {}
  Json(int64_t value) : value_(value) {}
  Json(uint64_t value) : value_(value) {}
  Json(uint32_t value) : value_(uint64_t{value}) {}
  // Must be finite.
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  // NOLINTEND(google-explicit-constructor)

  static Json MakeObject();
  static Json MakeArray();

  // Sets a name that is not there yet, and returns the value in its place (until the next Set).
  // REQUIRES: an object.
  Json& Set(std::string name, Json value);

  // REQUIRES: an array.
  void Add(Json value);

  // The text, indented by two spaces, without a line break at its end. Bytes that are not UTF-8
  // become U+FFFD, as names in a repository may be any bytes.
  std::string Print() const;

 private:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  void PrintTo(std::string& out, size_t indent) const;

  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Array, Object> value_;
};

}  // namespace pgkeep::cli
