// Reading a backup: the interface that restore, export, verify and mount use.
//
//   auto reader = BackupReader::Open(repository, id);
//   (*reader)->WalkStreams("appdb", [&](const StreamEntry& entry) { ... });
//   auto stream = (*reader)->OpenStream(entry);
//   (*stream)->ReadUnits(0, entry.units, [&](const UnitPart& part) { ... });
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "repository/directory_node.h"
#include "repository/frame_fetcher.h"
#include "repository/ids.h"
#include "repository/manifest.h"
#include "repository/node_store.h"
#include "repository/reference_list.h"
#include "repository/repository.h"
#include "repository/stream_reader.h"

namespace pgkeep::repository {

// One committed, unexpired backup, open for reading. Thread-safe; must outlive its stream readers.
//
// Opening and walking need K_meta only; reading units needs keys that can read data (kRefused
// otherwise). A backup that expires while it is read stays readable until the collector deletes its
// packs; then reads fail with kNotFound.
class BackupReader {
 public:
  //   kNotFound  no such backup, not committed, or expired
  //   others     as the decoders; every object was compared with the hashes that name it
  static Result<std::unique_ptr<BackupReader>> Open(Repository& repository, const BackupId& id);

  const BackupId& id() const { return id_; }
  const Manifest& manifest() const { return manifest_; }
  const ReferenceList& references() const { return references_; }

  // The stream with this name in this sub-tree. kNotFound.
  Result<StreamEntry> FindStream(std::string_view subtree, std::string_view name);

  // Calls `visit` for every stream of a sub-tree, ascending by name, until it fails. kNotFound when
  // there is no such sub-tree.
  Status WalkStreams(std::string_view subtree,
                     const std::function<Status(const StreamEntry&)>& visit);

  // A reader of a stream that one of the above returned.
  Result<std::unique_ptr<StreamReader>> OpenStream(const StreamEntry& entry);

 private:
  BackupReader(Repository& repository, const BackupId& id, Manifest manifest,
               ReferenceList references);

  Result<const SubtreeEntry*> FindSubtree(std::string_view name) const;

  const BackupId id_;
  const Manifest manifest_;
  const ReferenceList references_;
  NodeStore nodes_;
  FrameFetcher frames_;
};

}  // namespace pgkeep::repository
