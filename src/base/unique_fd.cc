#include "base/unique_fd.h"

#include <unistd.h>

#include <cerrno>

namespace pgkeep {

int UniqueFd::Close() {
  if (!valid()) return 0;
  return ::close(std::exchange(fd_, -1)) == 0 ? 0 : errno;
}

}  // namespace pgkeep
