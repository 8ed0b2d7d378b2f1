// A file system that misbehaves on command: the seam for every fault sweep over files.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/mutex.h"

namespace pgkeep::testing {

// The calls of FileSystem and File that can be hit. WriteAll and WriteAt are one, as are
// ReadDirectory and VisitDirectory.
enum class FileCall {
  kOpenRead,
  kCreateNew,
  kOpenWrite,
  kStat,
  kLink,
  kRename,
  kRenameNoReplace,
  kRemove,
  kRemoveDirectory,
  kCreateDirectory,
  kSyncDirectory,
  kReadDirectory,
  kSpace,
  kTryLock,
  kRead,
  kWrite,
  kTruncate,
  kSync,
  kClose,
  kInfo,
  kResolve,
  kSetAccess,
};

// How many values FileCall has; they are consecutive from zero.
inline constexpr size_t kFileCallCount = 22;

// The name of a call, for messages.
std::string_view FileCallName(FileCall call);

// What a fault does to a call.
enum class FileFaultAction {
  // The call is not made; the error is returned.
  kFailBefore,
  // The call is made and succeeds, the error is returned all the same. If it fails by itself, its
  // own
  // error is returned and the fault has not fired.
  kFailAfter,
  // Reads: at most `bytes` bytes are delivered, as if the file ended there. Writes: only the first
  // `bytes` bytes are written, then the error is returned.
  kShort,
  // The call is not made and success is returned: a disk that lies. For calls that return a Status.
  kSkip,
};

// Which calls are hit, and how. A call matches when kind and path fit; the matches of one fault are
// counted from 1.
struct FileFault {
  FileFaultAction action = FileFaultAction::kFailBefore;
  std::optional<FileCall> call = {};   // nullopt: every call
  std::string path_contains = {};      // empty fits all; link and rename fit by either path
  uint64_t nth = 1;                    // the first matching call that is hit
  uint64_t times = 1;                  // how many matching calls in a row are hit from there on
  int os_errno = EIO;                  // becomes an error as in ErrnoError() ...
  std::optional<ErrorCode> code = {};  // ... unless the code is given
  uint64_t bytes = 0;                  // for kShort
};

// `times` for a fault that stays.
inline constexpr uint64_t kForEver = UINT64_MAX;

// Forwards to `inner` and applies faults in the order in which they were added; the first that hits
// wins. Thread-safe. Must outlive the files that it opened; `inner` must outlive it. Keeps the
// promise of File::Sync(): after one failure by a fault every later one on that handle fails too.
class FaultyFileSystem : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem& inner) : inner_(inner) {}

  void AddFault(FileFault fault);

  // Removes faults and the limit of space, and zeroes all counts.
  void Reset();

  // From now on `bytes` more bytes of content can be written, through any file. The write that does
  // not fit is done in part and fails with ENOSPC, as does every later one. Nothing gives space
  // back.
  void LimitSpace(uint64_t bytes);

  // Calls that were made so far, of one kind and of all; those that faults hit included.
  uint64_t calls(FileCall call) const;
  uint64_t calls() const;

  // How often a fault or the limit of space changed the outcome of a call.
  uint64_t fired() const;

  Result<std::unique_ptr<File>> OpenRead(const std::string& path) override;
  Result<std::unique_ptr<File>> CreateNew(const std::string& path, uint32_t mode) override;
  Result<std::unique_ptr<File>> OpenWrite(const std::string& path, uint32_t mode) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<std::string> Resolve(const std::string& path) override;
  Result<FileInfo> StatNoFollow(const std::string& path) override;
  Status Link(const std::string& from, const std::string& to) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RenameNoReplace(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status CreateDirectory(const std::string& path, uint32_t mode) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> ReadDirectory(const std::string& path) override;
  Status VisitDirectory(const std::string& path,
                        const std::function<Status(const DirectoryEntry&)>& visit) override;
  Result<SpaceInfo> Space(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;

 private:
  friend class FaultyFile;

  struct Rule {
    FileFault fault;
    uint64_t matches = 0;
  };

  // Counts the call and returns the fault that hits it, if any.
  std::optional<FileFault> Hit(FileCall call, std::string_view path);

  // How many of `bytes` bytes still fit; takes them.
  uint64_t TakeSpace(uint64_t bytes);

  void CountFired();

  // Makes the call, or what a fault makes of it.
  template <class R, class Make>
  R Call(FileCall call, std::string_view path, Make make);

  FileSystem& inner_;
  mutable Mutex mutex_;
  std::vector<Rule> rules_ PGK_GUARDED_BY(mutex_);
  std::array<uint64_t, kFileCallCount> calls_ PGK_GUARDED_BY(mutex_) = {};
  uint64_t fired_ PGK_GUARDED_BY(mutex_) = 0;
  std::optional<uint64_t> space_left_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::testing
