// Objects as files below one directory of a POSIX file system.
//
// Key "a/b" is the file "<root>/a/b". A creation writes "<root>/+tmp/<instance>-<n>", syncs it,
// links it to its final name (link(2) never replaces), syncs the directory, and unlinks the
// temporary name. '+' is in no key, so temporaries can be neither addressed nor listed.
//
// Durability: an acknowledged object survives a power failure. The file is synced before it gets
// its name; the directory that holds the name, and once per instance every directory above it, is
// synced before the answer. kAlreadyExists is answered only after the directory was synced too, so
// it means "there and durable". When syncing a directory fails, the outcome of that creation is
// unknown (kUnavailable) and the instance refuses every later write with kIo: after a failed sync a
// second one may succeed without having written anything.
//
// Links: the root may itself be a symbolic link. Below it nothing is followed: a link, socket, pipe
// or device in the place of an object or of a directory is not listed, and touching it is refused
// (kRefused). This guards against accidents, not against somebody who changes the tree meanwhile:
// whoever may write to the root is trusted.
//
// Directories are never removed, also when empty: removing one could take a name that another
// process has created there and not synced yet. They cost nothing but an entry.
//
// Users: objects and directories are for their owner alone. Root may read the store of another
// user, but changes nothing in it (kRefused), since that user could not read what root leaves
// there.
//
// File systems: any with hard links (ext4, XFS, Btrfs, ZFS, NFS); else with
// renameat2(RENAME_NOREPLACE). Without both, features().conditional_create is false. File systems
// that ignore case are refused. On NFS the promises hold as far as server and mount options keep
// theirs: no "async" exports, and, when several machines write, mounted with actimeo=0, because
// cached directories show new names late.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "storage/object_store.h"

namespace pgkeep::storage {

// Where a directory store lives and how it treats what crashed writers left.
struct DirectoryStoreOptions {
  // Absolute path of the root.
  std::string path = {};
  // Create the root (mode 0700, with missing parents) and its "+tmp". Without it both must exist: a
  // root without "+tmp" can be read but not written, because most likely the disk is not mounted.
  bool create = false;
  // Temporaries that are older, by the file system's clock, and whose writer is gone may be swept.
  Duration temp_age = std::chrono::hours(24);
};

// Opens the store. `files` must outlive it. Any number of stores, in any number of processes, may
// have one directory open. Reading needs no write permission.
//   kNotFound         the root is not there
//   kInvalidArgument  the path is relative or not a directory
//   kUnsupported      the file system does not tell upper from lower case
//   kPermission       the root cannot be read, or not created
//   kRefused          with options.create: this is root, and the directory is another user's
Result<std::unique_ptr<ObjectStore>> OpenDirectoryStore(FileSystem& files,
                                                        const DirectoryStoreOptions& options);

// What SweepTemporaries did.
struct SweepReport {
  uint64_t removed = 0;
  uint64_t removed_bytes = 0;
  // Left alone: too young, or their writer is alive.
  uint64_t kept = 0;
};

// Removes temporaries that are older than options.temp_age and whose writer is dead: a live writer
// holds a lock on "+tmp/<instance>.lock". Removes no object, needs no open store, and is safe
// beside any number of writers. Files in "+tmp" that pgkeep did not name are left alone and not
// counted.
Result<SweepReport> SweepTemporaries(FileSystem& files, const DirectoryStoreOptions& options);

}  // namespace pgkeep::storage
