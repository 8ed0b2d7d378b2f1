#include "testing/disk_model.h"

#include <algorithm>

#include "base/check.h"

namespace pgkeep::testing {

namespace {

using Kind = FileOperation::Kind;
using Operations = std::vector<const FileOperation*>;

// Applies a truncation, or the first `bytes` bytes of a write.
void ApplyToContent(const FileOperation& operation, uint64_t bytes, Bytes& content) {
  if (operation.kind == Kind::kTruncate) {
    content.resize(operation.offset);
    return;
  }
  const uint64_t count = std::min<uint64_t>(bytes, operation.data.size());
  if (count == 0) return;
  content.resize(std::max<uint64_t>(content.size(), operation.offset + count));
  std::copy_n(operation.data.begin(), count,
              content.begin() + static_cast<ptrdiff_t>(operation.offset));
}

// All changes.
Bytes Whole(const Bytes& old, const Operations& changes) {
  Bytes content = old;
  for (const FileOperation* change : changes) {
    ApplyToContent(*change, change->data.size(), content);
  }
  return content;
}

// The new length, without the data: it reads as zeros.
Bytes LengthOnly(const Bytes& old, const Operations& changes) {
  Bytes content = old;
  content.resize(Whole(old, changes).size());
  return content;
}

// Everything before the middle of what was written.
Bytes FirstHalf(const Bytes& old, const Operations& changes) {
  uint64_t left = 0;
  for (const FileOperation* change : changes) left += change->data.size();
  left /= 2;
  Bytes content = old;
  for (const FileOperation* change : changes) {
    ApplyToContent(*change, left, content);
    if (change->data.size() > left) break;
    left -= change->data.size();
  }
  return content;
}

// Written out of order, the power cut came after the last one.
Bytes LastOnly(const Bytes& old, const Operations& changes) {
  Bytes content = old;
  ApplyToContent(*changes.back(), changes.back()->data.size(), content);
  return content;
}

// See DiskModel::FileQuestion.
std::vector<DiskTree::Content> Outcomes(const Bytes& old, const Operations& changes) {
  const Bytes whole = Whole(old, changes);
  std::vector<Bytes> found;
  for (Bytes candidate :
       {old, LengthOnly(old, changes), FirstHalf(old, changes), LastOnly(old, changes)}) {
    if (candidate != whole && std::ranges::find(found, candidate) == found.end()) {
      found.push_back(std::move(candidate));
    }
  }
  found.push_back(whole);
  std::vector<DiskTree::Content> outcomes;
  for (Bytes& content : found) outcomes.push_back(std::make_shared<Bytes>(std::move(content)));
  return outcomes;
}

}  // namespace

DiskModel::DiskModel() { durable_.nodes[kRootNode].is_directory = true; }

void DiskModel::Apply(const FileOperation& operation) {
  const DiskTree::Name name(operation.directory, operation.name);
  switch (operation.kind) {
    case Kind::kCreate:
      return AddNode(operation, false);
    case Kind::kMakeDirectory:
      return AddNode(operation, true);
    case Kind::kWrite:
    case Kind::kTruncate:
      file_changes_[operation.node].push_back(&operation);
      return;
    case Kind::kSyncFile:
      return SyncFile(operation.node);
    case Kind::kLink:
      changes_.push_back({{{name, operation.node}}, &operation});
      return;
    case Kind::kRename:
      return AddRename(operation);
    case Kind::kUnlink:
    case Kind::kRemoveDirectory:
      changes_.push_back({{{name, std::nullopt}}, &operation});
      return;
    case Kind::kSyncDirectory:
      return SyncDirectory(operation.node);
  }
}

void DiskModel::AddNode(const FileOperation& operation, bool is_directory) {
  durable_.nodes[operation.node] = {is_directory, operation.mode, std::make_shared<Bytes>()};
  changes_.push_back(
      {{{DiskTree::Name(operation.directory, operation.name), operation.node}}, &operation});
}

void DiskModel::AddRename(const FileOperation& operation) {
  const Edit removed{DiskTree::Name(operation.from_directory, operation.from_name), std::nullopt};
  const Edit added{DiskTree::Name(operation.directory, operation.name), operation.node};
  if (operation.from_directory == operation.directory) {
    changes_.push_back({{removed, added}, &operation});
    return;
  }
  changes_.push_back({{added}, &operation});
  changes_.push_back({{removed}, &operation});
}

void DiskModel::SyncFile(NodeId node) {
  const auto changes = file_changes_.find(node);
  if (changes == file_changes_.end()) return;
  DiskTree::Content& content = durable_.nodes.at(node).content;
  content = std::make_shared<Bytes>(Whole(*content, changes->second));
  file_changes_.erase(changes);
}

void DiskModel::SyncDirectory(NodeId node) {
  std::erase_if(changes_, [&](const Change& change) {
    if (change.edits.front().name.first != node) return false;
    for (const Edit& edit : change.edits) {
      if (edit.node.has_value()) {
        durable_.names[edit.name] = *edit.node;
      } else {
        durable_.names.erase(edit.name);
      }
    }
    return true;
  });
}

bool DiskModel::MayBeReached(NodeId node) const {
  for (const auto& [name, target] : durable_.names) {
    if (target == node) return true;
  }
  for (const Change& change : changes_) {
    for (const Edit& edit : change.edits) {
      if (edit.node == node) return true;
    }
  }
  return false;
}

std::vector<size_t> DiskModel::Questions() {
  std::vector<size_t> questions(changes_.size(), 2);
  file_questions_.clear();
  for (const auto& [node, changes] : file_changes_) {
    if (!MayBeReached(node)) continue;
    FileQuestion question{node, Outcomes(*durable_.nodes.at(node).content, changes)};
    if (question.outcomes.size() < 2) continue;
    questions.push_back(question.outcomes.size());
    file_questions_.push_back(std::move(question));
  }
  return questions;
}

DiskTree DiskModel::Answer(const std::vector<size_t>& answers) const {
  PGK_CHECK(answers.size() == changes_.size() + file_questions_.size());
  DiskTree tree = durable_;
  for (size_t i = 0; i < changes_.size(); ++i) {
    if (answers[i] == 0) continue;
    for (const Edit& edit : changes_[i].edits) {
      if (edit.node.has_value()) {
        tree.names[edit.name] = *edit.node;
      } else {
        tree.names.erase(edit.name);
      }
    }
  }
  for (size_t i = 0; i < file_questions_.size(); ++i) {
    const FileQuestion& question = file_questions_[i];
    tree.nodes.at(question.node).content = question.outcomes[answers[changes_.size() + i]];
  }
  return tree;
}

std::string DiskModel::Describe(const std::vector<size_t>& answers) const {
  std::string text;
  for (size_t i = 0; i < changes_.size(); ++i) {
    if (answers[i] == 0) text += "; lost: " + changes_[i].operation->text;
  }
  for (size_t i = 0; i < file_questions_.size(); ++i) {
    const FileQuestion& question = file_questions_[i];
    const size_t answer = answers[changes_.size() + i];
    if (answer + 1 == question.outcomes.size()) continue;
    text +=
        fmt::format("; {} bytes, not all as written, after: {}", question.outcomes[answer]->size(),
                    file_changes_.at(question.node).back()->text);
  }
  return text;
}

}  // namespace pgkeep::testing
