// Pages of keys, in the order of the whole key, from a tree of directories. Internal to the
// directory store.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "storage/object_store.h"

namespace pgkeep::storage {

// One page as ObjectStore::List promises it. Reads each directory that has a part in the page once
// for about every `max_keys` of its names and keeps no more than that many names of each in memory,
// however large the directories are. Ignores names that are no key components, and everything that
// is neither a plain file nor a directory. REQUIRES: arguments passed ValidateListArguments.
Result<ListPage> ListDirectoryTree(FileSystem& files, const std::string& root,
                                   std::string_view prefix, std::string_view start_after,
                                   size_t max_keys);

}  // namespace pgkeep::storage
