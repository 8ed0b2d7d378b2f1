#include "base/display.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/check.h"

namespace pgkeep {
namespace {

// A character of UTF-8 text; `length` 0 says that there is none, and one byte is to be skipped.
struct Character {
  char32_t code = 0;
  size_t length = 0;
};

// Decodes the first character of a text that is not empty (RFC 3629: shortest form, no surrogates).
Character Decode(std::string_view text) {
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t length = lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
  if (length == 0 || text.size() < length) return {};
  char32_t code = lead & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (code < kSmallest.at(length) || code > 0x10ffff || surrogate) return {};
  return {code, length};
}

struct CodeRange {
  char32_t first;
  char32_t last;
};

template <size_t kCount>
bool IsIn(const std::array<CodeRange, kCount>& ranges, char32_t code) {
  return std::ranges::any_of(
      ranges, [code](const CodeRange& range) { return code >= range.first && code <= range.last; });
}

// What a terminal obeys instead of showing it: control characters, and those that turn the
// direction of the text around, hide in it or break its line (Unicode's general categories Cc, Cf,
// Zl and Zp).
constexpr std::array<CodeRange, 21> kUnprintable = {{
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x0600, 0x0605},
    {0x061c, 0x061c},   {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},
    {0x08e2, 0x08e2},   {0x180e, 0x180e},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0x110bd, 0x110bd},
    {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0000, 0xe007f},
}};

// Combining marks and joiners of the scripts that are met most, after Unicode's categories Mn, Me
// and Cf.
constexpr std::array<CodeRange, 14> kZeroWidth = {{{0x300, 0x36f},
                                                   {0x483, 0x489},
                                                   {0x591, 0x5bd},
                                                   {0x610, 0x61a},
                                                   {0x64b, 0x65f},
                                                   {0x93a, 0x93c},
                                                   {0x941, 0x94d},
                                                   {0xe31, 0xe3a},
                                                   {0xe47, 0xe4e},
                                                   {0x1ab0, 0x1aff},
                                                   {0x1dc0, 0x1dff},
                                                   {0x200b, 0x200d},
                                                   {0x20d0, 0x20ff},
                                                   {0xfe00, 0xfe2f}}};

// Unicode's East Asian width W and F, in blocks.
constexpr std::array<CodeRange, 9> kWide = {{{0x1100, 0x115f},
                                             {0x2e80, 0x303e},
                                             {0x3041, 0xa4cf},
                                             {0xac00, 0xd7a3},
                                             {0xf900, 0xfaff},
                                             {0xff00, 0xff60},
                                             {0xffe0, 0xffe6},
                                             {0x1f300, 0x1faff},
                                             {0x20000, 0x3fffd}}};

size_t CharacterWidth(char32_t code) {
  if (IsIn(kZeroWidth, code)) return 0;
  return IsIn(kWide, code) ? 2 : 1;
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

std::string FormatDuration(Duration duration) {
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(std::max(duration, Duration::zero())).count();
  const auto minutes = seconds / 60;
  const auto hours = minutes / 60;
  if (hours >= 24) return fmt::format("{} d {:02}:{:02}", hours / 24, hours % 24, minutes % 60);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes % 60, seconds % 60);
  return fmt::format("{}:{:02}", minutes, seconds % 60);
}

std::string Printable(std::string_view text) {
  std::string printable;
  printable.reserve(text.size());
  while (!text.empty()) {
    const Character character = Decode(text);
    if (character.length == 0 || IsIn(kUnprintable, character.code)) {
      printable += '?';
    } else {
      printable += text.substr(0, character.length);
    }
    text.remove_prefix(std::max<size_t>(character.length, 1));
  }
  return printable;
}

size_t TextWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Character character = Decode(text);
    width += character.length == 0 ? 1 : CharacterWidth(character.code);
    text.remove_prefix(std::max<size_t>(character.length, 1));
  }
  return width;
}

std::string FitWidth(std::string_view text, size_t columns) {
  if (TextWidth(text) <= columns) return std::string(text);
  if (columns == 0) return "";
  size_t end = 0;
  size_t width = 0;
  while (end < text.size()) {
    const Character character = Decode(text.substr(end));
    width += character.length == 0 ? 1 : CharacterWidth(character.code);
    if (width > columns - 1) break;
    end += std::max<size_t>(character.length, 1);
  }
  return std::string(text.substr(0, end)) + "~";
}

}  // namespace pgkeep
