// What is wrong with a configuration, collected while it is walked. For this room only.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pgkeep::config {

// Collects problems, since a table of toml++ is sorted by name while the user reads from the top,
// and reads values of the types that settings have: a wrong one is a problem, and an empty value
// comes back. One thread at a time.
class Problems {
 public:
  // `path` is the file, for messages and for relative names in it.
  explicit Problems(std::string path) : path_(std::move(path)) {}

  void Add(toml::source_position where, std::string what, std::string hint);
  // Adds "unknown key" with the nearest of the known names.
  void AddUnknown(const toml::key& key, std::string_view section,
                  std::span<const std::string_view> known);

  size_t size() const { return problems_.size(); }
  // The first one in the file. REQUIRES: there is one.
  Error First() const;
  // An error at this place, without adding it.
  Error At(toml::source_position where, std::string_view what, std::string hint) const;

  // A text that is not empty.
  std::string Text(const toml::key& key, const toml::node& value);
  // A whole number from 0 to 2^32 - 1.
  uint32_t Number(const toml::key& key, const toml::node& value);
  // A list of such texts.
  std::vector<std::string> Texts(const toml::key& key, const toml::node& value);
  // Relative names are taken from the directory of the configuration, wherever pgkeep is started.
  std::string FileOf(const std::string& name) const;

 private:
  struct Problem {
    toml::source_position where;
    std::string what;
    std::string hint;
  };

  const std::string path_;
  std::vector<Problem> problems_;
};

// "did you mean ...?" or, where nothing is near, the list of what is known.
std::string KnownNamesHint(std::string_view word, std::span<const std::string_view> known);

// Whether the name is one of these.
bool Contains(std::span<const std::string_view> names, std::string_view name);

}  // namespace pgkeep::config
