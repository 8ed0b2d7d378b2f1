// Where a directory store puts things below its root, and how its errors are worded. Internal to
// the directory store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/result.h"

namespace pgkeep::storage {

// Holds temporaries and the lock files of writers. '+' is in no key.
inline constexpr std::string_view kTemporaryDirectory = "+tmp";

// Objects are for the user that runs pgkeep alone: they are encrypted, but their sizes and times
// tell something too.
inline constexpr uint32_t kObjectMode = 0600;
inline constexpr uint32_t kDirectoryMode = 0700;

// Names in the temporary directory, all made from a writer's id of 16 hexadecimal digits.
std::string WriterLockName(std::string_view writer_id);                  // "<id>.lock"
std::string TemporaryName(std::string_view writer_id, uint64_t number);  // "<id>-<number>"

// A name of the above forms, taken apart.
struct TemporaryFileName {
  std::string writer_id;
  bool is_lock = false;
};

// nullopt for every other name.
std::optional<TemporaryFileName> ParseTemporaryFileName(std::string_view name);

// Gives an error that a system call reported the hint that fits it, unless it has one already;
// `root` is where the user has to look.
Error ExplainFileError(Error error, const std::string& root);

// Checks that `relative` (components separated by slashes, "" for the root itself) and everything
// above it below `root` is a real directory.
//   kNotFound   it or one above it does not exist, or is a plain file
//   kRefused    a symbolic link or special file stands in the way
Status CheckDirectoryPath(FileSystem& files, const std::string& root, std::string_view relative);

// The name of a user as sudo(8) takes it; "#1000" for one without a name.
std::string UserName(uint32_t id);

// Whether a lock failed because the file system has none (some network and FUSE ones).
bool LocksAreMissing(const Error& error);

// The error for a symbolic link or special file where the store expects its own.
Error NotOurs(const std::string& path);

}  // namespace pgkeep::storage
