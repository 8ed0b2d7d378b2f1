#include "repository/index_builder.h"

#include "repository/limits.h"

namespace pgkeep::repository {

namespace {

Error MissingPart() {
  return Err(ErrorCode::kInvalidArgument, "a part of the stream was not delivered");
}

}  // namespace

Status IndexBuilder::AddLeaf(uint64_t number, IndexChild leaf) {
  ++leaves_;
  return Add(0, number, std::move(leaf));
}

Status IndexBuilder::Add(uint8_t height, uint64_t number, IndexChild child) {
  const auto parent_height = static_cast<uint8_t>(height + 1);
  const uint64_t parent_number = number / kIndexFanout;
  const auto parent = open_.try_emplace({parent_height, parent_number}).first;
  Open& open = parent->second;
  if (open.children.empty()) open.children.resize(kIndexFanout);
  std::optional<IndexChild>& slot = open.children[number % kIndexFanout];
  if (slot) {
    return Err(ErrorCode::kInvalidArgument, "units from {} on were delivered twice",
               number * UnitsBelow(height));
  }
  slot = std::move(child);
  if (++open.known < kIndexFanout) return Ok();
  const Open full = std::move(open);
  open_.erase(parent);
  return WriteUp(parent_height, parent_number, full);
}

Status IndexBuilder::WriteUp(uint8_t height, uint64_t number, const Open& open) {
  IndexNode node{.height = height, .children = {}};
  IndexChild self;
  for (const std::optional<IndexChild>& child : open.children) {
    if (!child) {
      if (node.children.size() < open.known) return MissingPart();
      break;
    }
    self.units += child->units;
    self.bytes += child->bytes;
    node.children.push_back(*child);
  }
  for (size_t i = 0; i + 1 < node.children.size(); ++i) {
    if (node.children[i].units != UnitsBelow(static_cast<uint8_t>(height - 1))) {
      return MissingPart();
    }
  }
  PGK_ASSIGN_OR_RETURN(self.node, write_(number, node));
  return Add(height, number, std::move(self));
}

Result<IndexBuilder::Root> IndexBuilder::Finish() {
  if (leaves_ == 0) return Root{};
  while (true) {
    // The map is ordered by height, so the lowest unfinished level comes first.
    const auto lowest = open_.begin();
    const auto [height, number] = lowest->first;
    const Open open = std::move(lowest->second);
    open_.erase(lowest);
    if (open_.empty() && number == 0 && open.known == 1) {
      if (!open.children[0]) return MissingPart();
      const IndexChild& top = *open.children[0];
      const auto top_height = static_cast<uint8_t>(height - 1);
      if (HeightFor(top.units) != top_height) return MissingPart();
      return Root{top.node, top_height, top.units, top.bytes};
    }
    PGK_TRY(WriteUp(height, number, open));
  }
}

}  // namespace pgkeep::repository
