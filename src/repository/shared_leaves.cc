#include "repository/shared_leaves.h"

#include <utility>

namespace pgkeep::repository {

namespace {

constexpr size_t kBytesMax = size_t{32} << 20;
// What a node of the map costs beside its content.
constexpr size_t kOverheadBytes = 64;

}  // namespace

const std::vector<FramePlace>* SharedLeaves::Find(const Leaf& leaf) const {
  const auto found = known_.find(leaf.ref.id);
  return found != known_.end() && found->second.leaf == leaf ? &found->second.places : nullptr;
}

void SharedLeaves::Add(const Leaf& leaf, std::vector<FramePlace> places) {
  places.shrink_to_fit();
  const size_t bytes =
      kOverheadBytes + sizeof(NodeId) + sizeof(Known) + places.size() * sizeof(FramePlace);
  if (bytes_ + bytes > kBytesMax) return;
  if (known_.try_emplace(leaf.ref.id, Known{leaf, std::move(places)}).second) bytes_ += bytes;
}

}  // namespace pgkeep::repository
