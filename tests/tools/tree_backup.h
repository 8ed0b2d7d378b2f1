// Trees of files as backups: what tests and the demonstration store until there are rooms that read
// PostgreSQL.
//
// One sub-tree "files"; one stream per file, directory and symbolic link, named by its path in the
// tree ("." is the root). Attributes: the mode, 4 bytes little-endian, and the target of a link.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "repository/ids.h"
#include "repository/repository.h"

namespace pgkeep::tools {

inline constexpr std::string_view kSubtreeName = "files";
inline constexpr std::string_view kSourceName = "tree";
inline constexpr std::string_view kRootName = ".";

// Kinds of streams.
inline constexpr uint8_t kFileStream = 1;
inline constexpr uint8_t kDirectoryStream = 2;
inline constexpr uint8_t kLinkStream = 3;

// How to store.
struct StoreOptions {
  std::string source = std::string(kSourceName);
  std::string label;
  uint32_t unit_size = 65'536;
  unsigned threads = 2;
  unsigned uploads = 1;  // packs on their way at the same time
  uint64_t memory_bytes = uint64_t{256} << 20;
  bool incremental = true;
};

// Stores directories and files as one backup. A single directory is the root itself; several
// arguments stand in the root under their own names.
Result<repository::BackupId> StoreTree(repository::Repository& repository,
                                       const std::vector<std::string>& paths,
                                       const StoreOptions& options);

// Restores a backup into a directory that is empty or not there, and syncs all of it. kRefused when
// there is something in it.
Status RestoreTree(repository::Repository& repository, const repository::BackupId& id,
                   const std::string& target, unsigned threads);

}  // namespace pgkeep::tools
