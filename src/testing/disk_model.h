// What a disk holds for sure, and what is open, at one moment of a recording. Used by
// crash_replay.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "testing/recording_file_system.h"

namespace pgkeep::testing {

// A tree of directories and files in memory. Copies share the contents.
struct DiskTree {
  using Name = std::pair<NodeId, std::string>;  // directory, name in it
  using Content = std::shared_ptr<const Bytes>;

  struct Node {
    bool is_directory = false;
    uint32_t mode = 0;
    Content content;  // of a file
  };

  std::map<Name, NodeId> names;
  std::map<NodeId, Node> nodes;  // with a name or without
};

// The disk after the operations that it was given. The log must outlive it. One thread at a time.
class DiskModel {
 public:
  DiskModel();

  void Apply(const FileOperation& operation);

  // How many answers each open question has (two or more), in a fixed order. 0 stands for lost, the
  // last one for kept.
  std::vector<size_t> Questions();

  // The tree for one answer to each question. REQUIRES: no Apply() since Questions().
  DiskTree Answer(const std::vector<size_t>& answers) const;

  // In words what these answers do not keep; empty if nothing.
  std::string Describe(const std::vector<size_t>& answers) const;

 private:
  // One name gets a node, or loses the one that it has.
  struct Edit {
    DiskTree::Name name;
    std::optional<NodeId> node;
  };

  // What is kept or lost as a whole. All edits are in one directory.
  struct Change {
    std::vector<Edit> edits;
    const FileOperation* operation;
  };

  // The contents in which a file may be found, each once: the old one first, the new one last.
  struct FileQuestion {
    NodeId node;
    std::vector<DiskTree::Content> outcomes;
  };

  void AddNode(const FileOperation& operation, bool is_directory);
  void AddRename(const FileOperation& operation);
  void SyncFile(NodeId node);
  void SyncDirectory(NodeId node);
  bool MayBeReached(NodeId node) const;

  DiskTree durable_;
  std::vector<Change> changes_;                                       // not synced, oldest first
  std::map<NodeId, std::vector<const FileOperation*>> file_changes_;  // not synced, oldest first
  std::vector<FileQuestion> file_questions_;                          // as of Questions()
};

}  // namespace pgkeep::testing
