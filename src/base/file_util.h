// What is built from the calls of FileSystem: whole files, durable files, chains of directories,
// paths.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"

namespace pgkeep {

// Reads a file to its end. kLimitExceeded, after reading no more than `max_bytes`, if it is longer.
Result<Bytes> ReadWholeFile(FileSystem& files, const std::string& path, uint64_t max_bytes);

// Writes a file so that a power cut leaves either what was there before or all of `data`, and
// success means that it stays. Writes a temporary file in the same directory (see
// IsTemporaryName()), fsyncs it, gives it its name, and fsyncs the directory, which must exist
// durably.
//
// With `replace` an existing file is replaced; without, it is kAlreadyExists and untouched, even if
// it appears at the last moment. After any other error the file may be in place or not, but it is
// never in place in part. A temporary file that is left by a crash, or whose removal fails, is
// harmless.
Status WriteFileDurably(FileSystem& files, const std::string& path, ByteSpan data, uint32_t mode,
                        bool replace);

// Replaces the content of a file that is there, in one step and durably as WriteFileDurably() does.
// All else stays: symbolic links are followed to the file, and owner, group and mode are kept (but
// not what goes beyond them, such as ACLs). kPermission, with nothing changed, where this process
// may not make a file with that owner and group.
Status ReplaceFileDurably(FileSystem& files, const std::string& path, ByteSpan data);

// True for the names that WriteFileDurably() gives to its temporary files
// (".<name>.<process>-<counter>.tmp").
bool IsTemporaryName(std::string_view name);

// Creates a directory and all that is missing above it, each with `mode` and made durable in its
// parent before the next. Success if it is there already. Also makes the deepest directory that was
// there durable in its parent, since an earlier process may have died just before that; this step
// alone is skipped where the parent may not be read or cannot be synced. Costs one fsync even if
// there is nothing to create: remember the directories that are known to be there.
Status CreateDirectories(FileSystem& files, const std::string& path, uint32_t mode);

// The path without symbolic links, "." and ".."; unlike with FileSystem::Resolve() its end may not
// exist yet. Two paths to one place give one text. REQUIRES: an absolute path.
Result<std::string> CanonicalPath(FileSystem& files, const std::string& path);

// The directory part of a path, without the slashes at its end: "/a/b" -> "/a", "/a" -> "/",
// "a" -> ".", "/a/b/" -> "/a".
std::string ParentDirectory(std::string_view path);

// The last part of a path: "/a/b" -> "b", "/a/b/" -> "b", "/" -> "".
std::string FileName(std::string_view path);

// Joins with exactly one slash; `name` must be relative.
std::string JoinPath(std::string_view directory, std::string_view name);

}  // namespace pgkeep
