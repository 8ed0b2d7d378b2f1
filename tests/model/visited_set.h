// The states seen so far, in the order of discovery, each with the index of the state it was found
// from.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/model/state.h"

namespace pgkeep::model {

class VisitedSet {
 public:
  VisitedSet() : slots_(1U << 16, 0) {}

  std::uint32_t size() const { return static_cast<std::uint32_t>(keys_.size()); }
  const Key& key(std::uint32_t index) const { return keys_[index]; }
  std::uint32_t parent(std::uint32_t index) const { return parents_[index]; }

  // True if the key is new; it gets the index size() - 1.
  bool Insert(const Key& key, std::uint32_t parent) {
    std::uint32_t* slot = Find(key);
    if (*slot != 0) return false;
    keys_.push_back(key);
    parents_.push_back(parent);
    *slot = size();
    if (keys_.size() * 10 > slots_.size() * 6) Grow();
    return true;
  }

 private:
  // The slot of the key, or the free one where it belongs. Slots hold index + 1.
  std::uint32_t* Find(const Key& key) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = Hash(key) & mask;
    while (slots_[at] != 0 && !(keys_[slots_[at] - 1] == key)) at = (at + 1) & mask;
    return &slots_[at];
  }

  void Grow() {
    const std::size_t size = slots_.size() * 2;
    slots_ = {};  // give the memory back before taking more
    slots_.assign(size, 0);
    for (std::uint32_t i = 0; i < keys_.size(); ++i) *Find(keys_[i]) = i + 1;
  }

  // Finalizer of SplitMix64 over both words.
  static std::uint64_t Mix(std::uint64_t x) {
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ULL;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }
  static std::uint64_t Hash(const Key& key) {
    return Mix(key.low + 0x9e3779b97f4a7c15ULL * Mix(key.high));
  }

  std::vector<Key> keys_;
  std::vector<std::uint32_t> parents_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace pgkeep::model
