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
// however large the directories are. Ignores names that are no key components. kRefused for a link
// or special file that stands where an object of the page, or a directory of such, could be: a
// listing is complete or an error. REQUIRES: arguments passed ValidateListArguments.
Result<ListPage> ListDirectoryTree(FileSystem& files, const std::string& root,
                                   std::string_view prefix, std::string_view start_after,
                                   size_t max_keys);

}  // namespace pgkeep::storage
