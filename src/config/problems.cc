#include "config/problems.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "base/file_util.h"
#include "config/nearest_name.h"

namespace pgkeep::config {

void Problems::Add(toml::source_position where, std::string what, std::string hint) {
  problems_.push_back({where, std::move(what), std::move(hint)});
}

void Problems::AddUnknown(const toml::key& key, std::string_view section,
                          std::span<const std::string_view> known) {
  Add(key.source().begin, fmt::format("unknown key '{}' in [{}]", key.str(), section),
      KnownNamesHint(key.str(), known));
}

Error Problems::First() const {
  const auto first = std::ranges::min_element(problems_, [](const Problem& a, const Problem& b) {
    return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
  });
  return At(first->where, first->what, first->hint);
}

Error Problems::At(toml::source_position where, std::string_view what, std::string hint) const {
  return Err(ErrorCode::kConfig, "{}:{}:{}: {}", path_, where.line, where.column, what)
      .WithHint(std::move(hint));
}

std::string Problems::Text(const toml::key& key, const toml::node& value) {
  const auto text = value.value_exact<std::string>();
  if (text && !text->empty()) return *text;
  Add(value.source().begin, fmt::format("'{}' must be a text that is not empty", key.str()),
      "write it in quotes");
  return "";
}

uint32_t Problems::Number(const toml::key& key, const toml::node& value) {
  const auto number = value.value_exact<int64_t>();
  if (number && *number >= 0 && *number <= std::numeric_limits<uint32_t>::max()) {
    return static_cast<uint32_t>(*number);
  }
  Add(value.source().begin, fmt::format("'{}' must be a whole number", key.str()),
      "write it without quotes");
  return 0;
}

std::vector<std::string> Problems::Texts(const toml::key& key, const toml::node& value) {
  std::vector<std::string> texts;
  const toml::array* const list = value.as_array();
  if (list != nullptr) {
    for (const toml::node& entry : *list) {
      const auto text = entry.value_exact<std::string>();
      if (!text || text->empty()) break;
      texts.push_back(*text);
    }
  }
  if (list == nullptr || texts.size() != list->size()) {
    Add(value.source().begin, fmt::format("'{}' must be a list of texts", key.str()),
        fmt::format("write it as {} = [\"one\", \"two\"]", key.str()));
    return {};
  }
  return texts;
}

std::string Problems::FileOf(const std::string& name) const {
  if (name.empty() || name.starts_with('/')) return name;
  return JoinPath(ParentDirectory(path_), name);
}

std::string KnownNamesHint(std::string_view word, std::span<const std::string_view> known) {
  if (const auto nearest = NearestName(word, known)) {
    return fmt::format("did you mean '{}'?", *nearest);
  }
  std::string list;
  for (const std::string_view name : known) list += (list.empty() ? "" : ", ") + std::string(name);
  return "known here: " + list;
}

bool Contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace pgkeep::config
