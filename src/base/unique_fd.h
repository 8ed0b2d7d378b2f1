// Ownership of a file descriptor.
#pragma once

#include <utility>

namespace pgkeep {

// Owns one descriptor and closes it. One thread at a time.
class UniqueFd {
 public:
  // Owns nothing.
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      static_cast<void>(Close());
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~UniqueFd() { static_cast<void>(Close()); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  // Closes now and returns the errno, 0 for success. The descriptor is gone in either case: Linux
  // frees it before it reports, so that a second close(2) could hit somebody else's.
  [[nodiscard]] int Close();

 private:
  int fd_ = -1;
};

}  // namespace pgkeep
