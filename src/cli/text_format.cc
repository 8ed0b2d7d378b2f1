#include "cli/text_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace pgkeep::cli {
namespace {

struct DecodedCharacter {
  char32_t code = 0;
  size_t length = 0;  // in bytes; 0 for what is no UTF-8
};

// The first character of a text that is not empty.
DecodedCharacter DecodeUtf8(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  char32_t code = first & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kSmallest.at(length) || code > 0x10ffff || surrogate) return {};
  return {code, length};
}

// False for what a terminal obeys instead of showing it: control characters, and those that turn
// the direction of the text around, hide in it or break its line (Unicode's general categories Cc,
// Cf, Zl and Zp).
bool IsPrintable(char32_t code) {
  struct Range {
    char32_t first;
    char32_t last;
  };
  constexpr std::array<Range, 21> kHidden = {{
      {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x0600, 0x0605},
      {0x061c, 0x061c},   {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},
      {0x08e2, 0x08e2},   {0x180e, 0x180e},   {0x200b, 0x200f},   {0x2028, 0x202e},
      {0x2060, 0x206f},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0x110bd, 0x110bd},
      {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
      {0xe0000, 0xe007f},
  }};
  return std::ranges::none_of(
      kHidden, [&](const Range& range) { return code >= range.first && code <= range.last; });
}

}  // namespace

std::string FormatBytes(uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  size_t unit = 0;
  uint64_t rest = bytes % 1024;
  uint64_t whole = bytes / 1024;
  while (whole >= 1024) {
    rest = whole % 1024;
    whole /= 1024;
    ++unit;
  }
  return fmt::format("{}.{} {}", whole, rest * 10 / 1024, kUnits.at(unit));
}

std::string Count(uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

size_t TextWidth(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string Printable(std::string_view text) {
  std::string printable;
  while (!text.empty()) {
    const DecodedCharacter character = DecodeUtf8(text);
    if (character.length > 0 && IsPrintable(character.code)) {
      printable += text.substr(0, character.length);
    } else {
      printable += '?';
    }
    text.remove_prefix(std::max<size_t>(character.length, 1));
  }
  return printable;
}

void Table::AddRow(std::vector<std::string> cells) {
  PGK_CHECK(cells.size() == columns_.size(), "one cell for each column");
  rows_.push_back(std::move(cells));
}

std::vector<std::string> Table::Lines() const {
  std::vector<std::string> titles;
  std::vector<size_t> widths;
  for (const Column& column : columns_) {
    titles.push_back(column.title);
    widths.push_back(TextWidth(column.title));
  }
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], TextWidth(row[i]));
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string padding(widths[i] - TextWidth(cells[i]), ' ');
      if (i > 0) text += "  ";
      text += columns_[i].align == Align::kRight ? padding + cells[i] : cells[i] + padding;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  std::vector<std::string> lines = {line(titles)};
  for (const auto& row : rows_) lines.push_back(line(row));
  return lines;
}

}  // namespace pgkeep::cli
