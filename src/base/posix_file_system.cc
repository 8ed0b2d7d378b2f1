#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/file.h"
#include "base/posix_file.h"
#include "base/posix_io.h"
#include "base/unique_fd.h"

namespace pgkeep {

namespace {

using internal::PosixFile;
using internal::RetryInterrupted;
using internal::ToFileInfo;

constexpr uint32_t kLockFileMode = 0600;

Error Failed(std::string_view doing, const std::string& path, int os_errno) {
  return ErrnoError(os_errno, fmt::format("{} {}", doing, path));
}

Error FailedPair(std::string_view doing, const std::string& from, const std::string& to,
                 int os_errno) {
  return ErrnoError(os_errno, fmt::format("{} {} to {}", doing, from, to));
}

// A path that the kernel would cut at a NUL is a different path: refused.
Status CheckPath(const std::string& path) {
  if (path.empty()) return Error(ErrorCode::kInvalidArgument, "the path is empty");
  if (path.find('\0') != std::string::npos) {
    return Error(ErrorCode::kInvalidArgument, "the path contains a NUL character");
  }
  return Ok();
}

Result<UniqueFd> Open(std::string_view doing, const std::string& path, int flags,
                      uint32_t mode = 0) {
  PGK_TRY(CheckPath(path));
  const int fd =
      RetryInterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode); });
  if (fd < 0) return Failed(doing, path, errno);
  return UniqueFd(fd);
}

// Creates a file whose mode is exact. open(2) only takes bits away (the umask), so that the file is
// at no moment more open than asked.
Result<UniqueFd> Create(const std::string& path, uint32_t mode) {
  PGK_ASSIGN_OR_RETURN(UniqueFd fd, Open("creating", path, O_RDWR | O_CREAT | O_EXCL, mode));
  struct stat made = {};
  int error = ::fstat(fd.get(), &made) == 0 ? 0 : errno;
  if (error == 0 && (made.st_mode & 07777U) != mode && ::fchmod(fd.get(), mode) != 0) error = errno;
  if (error == 0) return fd;
  Error failure = Failed("setting the mode of", path, error);
  if (::unlink(path.c_str()) != 0) {
    return std::move(failure).Attach(Failed("removing", path, errno));
  }
  return failure;
}

FileInfo::Type TypeOfEntry(DIR* directory, const struct dirent& entry, bool& vanished) {
  vanished = false;
  if (entry.d_type == DT_REG) return FileInfo::Type::kFile;
  if (entry.d_type == DT_DIR) return FileInfo::Type::kDirectory;
  if (entry.d_type != DT_UNKNOWN) return FileInfo::Type::kOther;
  // Some file systems leave the type out.
  struct stat info = {};
  if (::fstatat(::dirfd(directory), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    vanished = errno == ENOENT;
    return FileInfo::Type::kOther;
  }
  return ToFileInfo(info).type;
}

class PosixFileLock : public FileLock {
 public:
  explicit PosixFileLock(UniqueFd fd) : fd_(std::move(fd)) {}

 private:
  UniqueFd fd_;  // the lock lives and dies with it
};

class RealFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<File>> OpenRead(const std::string& path) override {
    PGK_ASSIGN_OR_RETURN(UniqueFd fd, Open("opening", path, O_RDONLY | O_NONBLOCK));
    return std::make_unique<PosixFile>(std::move(fd), path, 0);
  }

  Result<std::unique_ptr<File>> CreateNew(const std::string& path, uint32_t mode) override {
    PGK_ASSIGN_OR_RETURN(UniqueFd fd, Create(path, mode));
    return std::make_unique<PosixFile>(std::move(fd), path, 0);
  }

  Result<std::unique_ptr<File>> OpenWrite(const std::string& path, uint32_t mode) override {
    Result<UniqueFd> fd = Open("opening", path, O_RDWR);
    if (!fd.ok() && fd.error().code() == ErrorCode::kNotFound) {
      fd = Create(path, mode);
      // Another process was faster.
      if (!fd.ok() && fd.error().code() == ErrorCode::kAlreadyExists) {
        fd = Open("opening", path, O_RDWR);
      }
    }
    PGK_TRY(fd);
    struct stat info = {};
    if (::fstat(fd->get(), &info) != 0) return Failed("examining", path, errno);
    return std::make_unique<PosixFile>(std::move(fd).value(), path,
                                       static_cast<uint64_t>(info.st_size));
  }

  Result<FileInfo> Stat(const std::string& path) override {
    PGK_TRY(CheckPath(path));
    struct stat info = {};
    if (::stat(path.c_str(), &info) != 0) return Failed("examining", path, errno);
    return ToFileInfo(info);
  }

  Result<std::string> Resolve(const std::string& path) override {
    PGK_TRY(CheckPath(path));
    struct Freer {
      void operator()(char* text) const { std::free(text); }
    };
    const std::unique_ptr<char, Freer> resolved(::realpath(path.c_str(), nullptr));
    if (resolved == nullptr) return Failed("examining", path, errno);
    return std::string(resolved.get());
  }

  Result<FileInfo> StatNoFollow(const std::string& path) override {
    PGK_TRY(CheckPath(path));
    struct stat info = {};
    if (::lstat(path.c_str(), &info) != 0) return Failed("examining", path, errno);
    return ToFileInfo(info);
  }

  Status Link(const std::string& from, const std::string& to) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RenameNoReplace(const std::string& from, const std::string& to) override;

  Status Remove(const std::string& path) override {
    PGK_TRY(CheckPath(path));
    if (::unlink(path.c_str()) != 0) return Failed("removing", path, errno);
    return Ok();
  }

  Status RemoveDirectory(const std::string& path) override {
    PGK_TRY(CheckPath(path));
    if (::rmdir(path.c_str()) != 0) return Failed("removing directory", path, errno);
    return Ok();
  }

  Status CreateDirectory(const std::string& path, uint32_t mode) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> ReadDirectory(const std::string& path) override;
  Status VisitDirectory(const std::string& path,
                        const std::function<Status(const DirectoryEntry&)>& visit) override;
  Result<SpaceInfo> Space(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;
};

Status RealFileSystem::Link(const std::string& from, const std::string& to) {
  PGK_TRY(CheckPath(from));
  PGK_TRY(CheckPath(to));
  if (::link(from.c_str(), to.c_str()) == 0) return Ok();
  const int error = errno;
  if (error == EPERM || error == EOPNOTSUPP || error == ENOSYS) {
    return Err(ErrorCode::kUnsupported, "linking {} to {}: no hard links here", from, to)
        .WithErrno(error);
  }
  return FailedPair("linking", from, to, error);
}

Status RealFileSystem::Rename(const std::string& from, const std::string& to) {
  PGK_TRY(CheckPath(from));
  PGK_TRY(CheckPath(to));
  if (::rename(from.c_str(), to.c_str()) != 0) return FailedPair("renaming", from, to, errno);
  return Ok();
}

Status RealFileSystem::RenameNoReplace(const std::string& from, const std::string& to) {
  PGK_TRY(CheckPath(from));
  PGK_TRY(CheckPath(to));
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return Ok();
  const int error = errno;
  if (error == EINVAL || error == EOPNOTSUPP || error == ENOSYS) {
    return Err(ErrorCode::kUnsupported, "renaming {} to {}: cannot be done without replacing here",
               from, to)
        .WithErrno(error);
  }
  return FailedPair("renaming", from, to, error);
}

Status RealFileSystem::CreateDirectory(const std::string& path, uint32_t mode) {
  PGK_TRY(CheckPath(path));
  if (::mkdir(path.c_str(), mode) != 0) return Failed("creating directory", path, errno);
  struct stat made = {};
  if (::stat(path.c_str(), &made) != 0) return Failed("examining", path, errno);
  // Only the umask is undone: a set-group-id bit that came from the parent stays.
  if ((made.st_mode & 0777U) == (mode & 0777U)) return Ok();
  if (::chmod(path.c_str(), (made.st_mode & 07000U) | mode) == 0) return Ok();
  Error failure = Failed("setting the mode of", path, errno);
  if (::rmdir(path.c_str()) != 0) {
    return std::move(failure).Attach(Failed("removing directory", path, errno));
  }
  return failure;
}

Status RealFileSystem::SyncDirectory(const std::string& path) {
  PGK_ASSIGN_OR_RETURN(UniqueFd fd, Open("opening directory", path, O_RDONLY | O_DIRECTORY));
  if (RetryInterrupted([&] { return ::fsync(fd.get()); }) == 0) return Ok();
  const int error = errno;
  if (error == EINVAL || error == EOPNOTSUPP) {
    return Err(ErrorCode::kUnsupported, "syncing directory {}: not supported here", path)
        .WithErrno(error)
        .WithHint("use a file system that can make file names durable");
  }
  return Failed("syncing directory", path, error);
}

Result<std::vector<DirectoryEntry>> RealFileSystem::ReadDirectory(const std::string& path) {
  std::vector<DirectoryEntry> entries;
  PGK_TRY(VisitDirectory(path, [&entries](const DirectoryEntry& entry) {
    entries.push_back(entry);
    return Ok();
  }));
  return entries;
}

Status RealFileSystem::VisitDirectory(const std::string& path,
                                      const std::function<Status(const DirectoryEntry&)>& visit) {
  PGK_TRY(CheckPath(path));
  struct Closer {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, Closer> directory(::opendir(path.c_str()));
  if (directory == nullptr) return Failed("reading directory", path, errno);
  while (true) {
    errno = 0;
    const struct dirent* entry = ::readdir(directory.get());
    if (entry == nullptr && errno != 0) return Failed("reading directory", path, errno);
    if (entry == nullptr) return Ok();
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    bool vanished = false;
    const FileInfo::Type type = TypeOfEntry(directory.get(), *entry, vanished);
    if (!vanished) PGK_TRY(visit({std::move(name), type}));
  }
}

Result<SpaceInfo> RealFileSystem::Space(const std::string& path) {
  PGK_TRY(CheckPath(path));
  struct statvfs space = {};
  if (RetryInterrupted([&] { return ::statvfs(path.c_str(), &space); }) != 0) {
    return Failed("measuring the space of", path, errno);
  }
  return SpaceInfo{uint64_t{space.f_blocks} * space.f_frsize,
                   uint64_t{space.f_bavail} * space.f_frsize};
}

Result<std::unique_ptr<FileLock>> RealFileSystem::TryLock(const std::string& path) {
  Result<UniqueFd> fd = Open("opening", path, O_RDWR | O_CREAT, kLockFileMode);
  if (!fd.ok() && fd.error().os_errno() == EISDIR) {
    fd = Open("opening directory", path, O_RDONLY | O_DIRECTORY);
  }
  PGK_TRY(fd);
  if (RetryInterrupted([&] { return ::flock(fd->get(), LOCK_EX | LOCK_NB); }) == 0) {
    return std::make_unique<PosixFileLock>(*std::move(fd));
  }
  if (errno == EWOULDBLOCK) return Err(ErrorCode::kBusy, "locking {}: held by another user", path);
  return Failed("locking", path, errno);
}

}  // namespace

FileSystem& PosixFileSystem() {
  static RealFileSystem file_system;
  return file_system;
}

}  // namespace pgkeep
