// Numbers as the archive format and pg_dump's SQL write them. Internal to the room.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace pgkeep::archive {

// The value of an unsigned decimal number in its shortest form; none for anything else.
template <std::integral T>
std::optional<T> ParseDecimal(std::string_view text) {
  if (text.empty() || text.front() == '-' || (text.size() > 1 && text.front() == '0')) return {};
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace pgkeep::archive
