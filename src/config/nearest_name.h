// Guessing what a misspelt word was meant to be.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace pgkeep::config {

// The candidate nearest to `word`: the fewest letters inserted, removed, replaced or swapped with
// their neighbour, and at most a third of the longer word (but one always). The first one wins a
// tie; nullopt when none is near. Thread-safe, never fails; the result views into `candidates`.
std::optional<std::string_view> NearestName(std::string_view word,
                                            std::span<const std::string_view> candidates);

}  // namespace pgkeep::config
