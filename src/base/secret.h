// Bytes that must not be seen: keys and passphrases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>

#include "base/bytes.h"

namespace pgkeep {

// Owns secret bytes and wipes them before their memory is freed. Cannot be copied by accident,
// compared, printed or formatted: all of these do not compile. Its address is stable when it moves.
// One thread at a time; reading may be shared.
class SecretBytes {
 public:
  // Empty.
  SecretBytes() = default;

  // `size` zero bytes, to be filled through ExposeMutable().
  explicit SecretBytes(size_t size);

  // A copy; the caller wipes the original.
  explicit SecretBytes(ByteSpan bytes);

  // The source becomes empty.
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { Wipe(); }

  // A second copy, on purpose.
  SecretBytes Clone() const { return SecretBytes(Expose()); }

  // The bytes, borrowed: valid until this is moved to, wiped or destroyed.
  ByteSpan Expose() const { return {data_.get(), size_}; }
  MutableByteSpan ExposeMutable() { return {data_.get(), size_}; }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Overwrites the bytes with zeros and becomes empty.
  void Wipe();

 private:
  std::unique_ptr<uint8_t[]> data_;
  size_t size_ = 0;
};

std::ostream& operator<<(std::ostream& stream, const SecretBytes& secret) = delete;

// Overwrites memory in a way that the compiler cannot leave out.
void WipeMemory(MutableByteSpan bytes);

}  // namespace pgkeep
