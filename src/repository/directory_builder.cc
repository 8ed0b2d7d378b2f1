#include "repository/directory_builder.h"

#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "repository/key_ring.h"

namespace pgkeep::repository {

namespace {

class Builder {
 public:
  Builder(WriterSession& session, const std::map<NodeId, NodePointer>& known, PackUsage& usage)
      : session_(session), known_(known), usage_(usage) {}

  // The nodes of level 0, as children of a level above.
  Result<std::vector<DirectoryChild>> WriteStreams(
      const std::map<std::string, StreamEntry>& streams) {
    std::vector<DirectoryChild> children;
    DirectoryCutter cutter(node_key(), 0);
    DirectoryNode node;
    for (const auto& [name, entry] : streams) {
      if (cutter.StartsNode(name, EncodedBytes(entry))) PGK_TRY(Write(node, children));
      node.streams.push_back(entry);
    }
    if (!node.streams.empty()) PGK_TRY(Write(node, children));
    return children;
  }

  // The nodes of `level`, above `below`.
  Result<std::vector<DirectoryChild>> WriteLevel(uint8_t level, std::vector<DirectoryChild> below) {
    std::vector<DirectoryChild> children;
    DirectoryCutter cutter(node_key(), level);
    DirectoryNode node{.level = level, .streams = {}, .children = {}};
    for (DirectoryChild& child : below) {
      if (cutter.StartsNode(child.first_name, EncodedBytes(child))) PGK_TRY(Write(node, children));
      node.children.push_back(std::move(child));
    }
    PGK_TRY(Write(node, children));
    return children;
  }

 private:
  const crypto::HmacSha256Key& node_key() const { return session_.context().keys->node_hmac(); }

  // Stores `node`, appends its parent's view of it, and leaves `node` empty.
  Status Write(DirectoryNode& node, std::vector<DirectoryChild>& children) {
    DirectoryChild self;
    if (node.level == 0) {
      self.first_name = node.streams.front().name;
      self.streams = node.streams.size();
    } else {
      self.first_name = node.children.front().first_name;
      for (const DirectoryChild& child : node.children) self.streams += child.streams;
    }
    const Bytes payload = EncodeDirectory(node);
    const auto same = known_.find(ComputeNodeId(FrameKind::kDirectory, payload, node_key()));
    if (same != known_.end() && session_.MayName(same->second)) {
      self.node = same->second;
    } else {
      PGK_ASSIGN_OR_RETURN(self.node, session_.node_writer().Write(FrameKind::kDirectory, payload));
    }
    usage_.AddNode(self.node);
    children.push_back(std::move(self));
    node.streams.clear();
    node.children.clear();
    return Ok();
  }

  WriterSession& session_;
  const std::map<NodeId, NodePointer>& known_;
  PackUsage& usage_;
};

}  // namespace

Result<NodePointer> BuildDirectory(WriterSession& session,
                                   const std::map<std::string, StreamEntry>& streams,
                                   const std::map<NodeId, NodePointer>& known, PackUsage& usage) {
  if (streams.empty()) return NodePointer();
  Builder builder(session, known, usage);
  PGK_ASSIGN_OR_RETURN(std::vector<DirectoryChild> children, builder.WriteStreams(streams));
  for (uint8_t level = 1; children.size() > 1; ++level) {
    PGK_ASSIGN_OR_RETURN(children, builder.WriteLevel(level, std::move(children)));
  }
  return std::move(children.front().node);
}

}  // namespace pgkeep::repository
