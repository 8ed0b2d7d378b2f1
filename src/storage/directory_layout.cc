#include "storage/directory_layout.h"

#include <fmt/format.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/file_util.h"

namespace pgkeep::storage {
namespace {

constexpr size_t kWriterIdDigits = 16;
constexpr std::string_view kLockSuffix = ".lock";
// The digits of 2^64.
constexpr size_t kMaxNumberDigits = 20;

bool AllOf(std::string_view text, std::string_view alphabet) {
  return text.find_first_not_of(alphabet) == std::string_view::npos;
}

std::string HintFor(const Error& error, const std::string& root) {
  switch (*error.os_errno()) {
    case EROFS:
      return fmt::format("the file system of {} is mounted read-only; remount it for writing",
                         root);
    case EACCES:
    case EPERM:
      return fmt::format("let the user that runs pgkeep read and write everything in {}", root);
    case EDQUOT:
      return fmt::format("the disk quota of {} is used up; raise it or expire backups", root);
    case ENOTDIR:
      return fmt::format("a file stands on the way to {}: give another path", root);
    case EIO:
      return fmt::format("the disk under {} reports errors; look at the kernel log", root);
    case ESTALE:
      return fmt::format("the network file system of {} went away; remount it", root);
    case EMFILE:
    case ENFILE:
      return "too many files are open; raise the limit (ulimit -n)";
    default:
      break;
  }
  switch (error.code()) {
    case ErrorCode::kOutOfSpace:
      return fmt::format("free space on the file system of {} or expire backups", root);
    case ErrorCode::kNotFound:
      return fmt::format("check that {} exists and that its disk is mounted", root);
    default:
      return fmt::format("check the file system of {}", root);
  }
}

}  // namespace

std::string WriterLockName(std::string_view writer_id) {
  return fmt::format("{}{}", writer_id, kLockSuffix);
}

std::string TemporaryName(std::string_view writer_id, uint64_t number) {
  return fmt::format("{}-{}", writer_id, number);
}

std::optional<TemporaryFileName> ParseTemporaryFileName(std::string_view name) {
  if (name.size() <= kWriterIdDigits) return std::nullopt;
  const std::string_view id = name.substr(0, kWriterIdDigits);
  const std::string_view rest = name.substr(kWriterIdDigits);
  if (!AllOf(id, "0123456789abcdef")) return std::nullopt;
  if (rest == kLockSuffix) return TemporaryFileName{std::string(id), true};
  const std::string_view number = rest.substr(1);
  if (rest.front() != '-' || number.empty() || number.size() > kMaxNumberDigits ||
      !AllOf(number, "0123456789")) {
    return std::nullopt;
  }
  return TemporaryFileName{std::string(id), false};
}

Error ExplainFileError(Error error, const std::string& root) {
  // Only what the file system said needs explaining; the store's own errors say what they mean.
  if (!error.hint().empty() || !error.os_errno()) return error;
  std::string hint = HintFor(error, root);
  return std::move(error).WithHint(std::move(hint));
}

Status CheckDirectoryPath(FileSystem& files, const std::string& root, std::string_view relative) {
  size_t end = 0;
  while (end < relative.size()) {
    end = std::min(relative.find('/', end + 1), relative.size());
    const std::string path = JoinPath(root, relative.substr(0, end));
    PGK_ASSIGN_OR_RETURN(const FileInfo info, files.StatNoFollow(path));
    if (info.type == FileInfo::Type::kOther) return NotOurs(path);
    if (info.type == FileInfo::Type::kFile) {
      return Err(ErrorCode::kNotFound, "{} is a file, not a directory", path);
    }
  }
  return Ok();
}

std::string UserName(uint32_t id) {
  std::array<char, 4096> buffer{};
  struct passwd entry = {};
  struct passwd* found = nullptr;
  if (::getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return fmt::format("#{}", id);
}

bool LocksAreMissing(const Error& error) {
  const int os_errno = error.os_errno().value_or(0);
  return os_errno == ENOLCK || os_errno == EOPNOTSUPP || os_errno == ENOSYS || os_errno == EINVAL;
}

Error NotOurs(const std::string& path) {
  return Err(ErrorCode::kRefused, "{} is a symbolic link or special file", path)
      .WithHint(
          "pgkeep follows no links inside a repository; put the real file or directory there");
}

}  // namespace pgkeep::storage
