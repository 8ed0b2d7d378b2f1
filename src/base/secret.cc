#include "base/secret.h"

#include <cstring>
#include <utility>

namespace pgkeep {

SecretBytes::SecretBytes(size_t size)
    : data_(size > 0 ? std::make_unique<uint8_t[]>(size) : nullptr), size_(size) {}

SecretBytes::SecretBytes(ByteSpan bytes) : SecretBytes(bytes.size()) {
  if (!bytes.empty()) std::memcpy(data_.get(), bytes.data(), bytes.size());
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    Wipe();
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void SecretBytes::Wipe() {
  WipeMemory(ExposeMutable());
  data_.reset();
  size_ = 0;
}

void WipeMemory(MutableByteSpan bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

}  // namespace pgkeep
