// The loops around system calls that may be interrupted or do a part of the work.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstddef>

namespace pgkeep::internal {

// Repeats a system call until it is not interrupted by a signal; returns what it returns.
template <class Call>
auto RetryInterrupted(Call call) {
  while (true) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

// What a loop of transfers came to.
struct Transferred {
  size_t bytes = 0;
  int error = 0;  // errno, 0 if there was none
};

// Calls transfer(done, left), which behaves like pread(2) or pwrite(2), until `size` bytes are
// through, one call fails, or one moves nothing: for a read that is the end of the file.
template <class Transfer>
Transferred TransferFully(size_t size, Transfer transfer) {
  Transferred total;
  while (total.bytes < size) {
    const ssize_t moved =
        RetryInterrupted([&] { return transfer(total.bytes, size - total.bytes); });
    if (moved < 0) {
      total.error = errno;
      break;
    }
    if (moved == 0) break;
    total.bytes += static_cast<size_t>(moved);
  }
  return total;
}

}  // namespace pgkeep::internal
