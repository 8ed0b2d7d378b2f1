#include "cli/json.h"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>

#include "base/check.h"

namespace pgkeep::cli {
namespace {

constexpr size_t kIndent = 2;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// Length of the UTF-8 sequence at the start of `text` (RFC 3629, table 3-7 of Unicode), 0 if there
// is none.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto in = [&](size_t i, unsigned low, unsigned high) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return in(1, 0x80, 0xbf) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;
    return in(1, low, high) && in(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
    return in(1, low, high) && in(2, 0x80, 0xbf) && in(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

void PrintString(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (length == 0) {
      out += kReplacement;
    } else if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text.front();
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void BreakLine(std::string& out, size_t indent) {
  out += '\n';
  out.append(indent, ' ');
}

}  // namespace

Json Json::MakeObject() {
  Json json;
  json.value_ = Object();
  return json;
}

Json Json::MakeArray() {
  Json json;
  json.value_ = Array();
  return json;
}

Json& Json::Set(std::string name, Json value) {
  Object* const object = std::get_if<Object>(&value_);
  PGK_CHECK(object != nullptr, "only an object has names");
  object->emplace_back(std::move(name), std::move(value));
  return object->back().second;
}

void Json::Add(Json value) {
  Array* const array = std::get_if<Array>(&value_);
  PGK_CHECK(array != nullptr, "only an array grows");
  array->push_back(std::move(value));
}

std::string Json::Print() const {
  std::string out;
  PrintTo(out, 0);
  return out;
}

void Json::PrintTo(std::string& out, size_t indent) const {
  if (const auto* flag = std::get_if<bool>(&value_)) {
    out += *flag ? "true" : "false";
  } else if (const auto* number = std::get_if<int64_t>(&value_)) {
    out += fmt::format("{}", *number);
  } else if (const auto* natural = std::get_if<uint64_t>(&value_)) {
    out += fmt::format("{}", *natural);
  } else if (const auto* real = std::get_if<double>(&value_)) {
    PGK_CHECK(std::isfinite(*real), "JSON has no such number");
    out += fmt::format("{}", *real);
  } else if (const auto* text = std::get_if<std::string>(&value_)) {
    PrintString(out, *text);
  } else if (const auto* array = std::get_if<Array>(&value_)) {
    out += '[';
    for (size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ',';
      BreakLine(out, indent + kIndent);
      (*array)[i].PrintTo(out, indent + kIndent);
    }
    if (!array->empty()) BreakLine(out, indent);
    out += ']';
  } else if (const auto* object = std::get_if<Object>(&value_)) {
    out += '{';
    for (size_t i = 0; i < object->size(); ++i) {
      if (i > 0) out += ',';
      BreakLine(out, indent + kIndent);
      PrintString(out, (*object)[i].first);
      out += ": ";
      (*object)[i].second.PrintTo(out, indent + kIndent);
    }
    if (!object->empty()) BreakLine(out, indent);
    out += '}';
  } else {
    out += "null";
  }
}

}  // namespace pgkeep::cli
