// Fixed-width integers in byte order. No alignment is needed; the caller answers for the bounds.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace pgkeep {

namespace internal {

static_assert(std::endian::native == std::endian::little ||
              std::endian::native == std::endian::big);

// Reverses the bytes of an unsigned integer.
inline uint16_t SwapBytes(uint16_t value) { return __builtin_bswap16(value); }
inline uint32_t SwapBytes(uint32_t value) { return __builtin_bswap32(value); }
inline uint64_t SwapBytes(uint64_t value) { return __builtin_bswap64(value); }

// Reads a T that is stored in the byte order `order`.
template <class T, std::endian order>
T Load(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return order == std::endian::native ? value : SwapBytes(value);
}

// Writes a T in the byte order `order`.
template <class T, std::endian order>
void Store(uint8_t* to, T value) {
  if (order != std::endian::native) value = SwapBytes(value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace internal

// Little endian, as in pgkeep's own format. Each reads or writes exactly the bytes of its width.
inline uint16_t LoadLe16(const uint8_t* from) {
  return internal::Load<uint16_t, std::endian::little>(from);
}
inline uint32_t LoadLe32(const uint8_t* from) {
  return internal::Load<uint32_t, std::endian::little>(from);
}
inline uint64_t LoadLe64(const uint8_t* from) {
  return internal::Load<uint64_t, std::endian::little>(from);
}
inline void StoreLe16(uint8_t* to, uint16_t value) {
  internal::Store<uint16_t, std::endian::little>(to, value);
}
inline void StoreLe32(uint8_t* to, uint32_t value) {
  internal::Store<uint32_t, std::endian::little>(to, value);
}
inline void StoreLe64(uint8_t* to, uint64_t value) {
  internal::Store<uint64_t, std::endian::little>(to, value);
}

// Big endian, as on the network and in PostgreSQL's protocol.
inline uint16_t LoadBe16(const uint8_t* from) {
  return internal::Load<uint16_t, std::endian::big>(from);
}
inline uint32_t LoadBe32(const uint8_t* from) {
  return internal::Load<uint32_t, std::endian::big>(from);
}
inline uint64_t LoadBe64(const uint8_t* from) {
  return internal::Load<uint64_t, std::endian::big>(from);
}
inline void StoreBe16(uint8_t* to, uint16_t value) {
  internal::Store<uint16_t, std::endian::big>(to, value);
}
inline void StoreBe32(uint8_t* to, uint32_t value) {
  internal::Store<uint32_t, std::endian::big>(to, value);
}
inline void StoreBe64(uint8_t* to, uint64_t value) {
  internal::Store<uint64_t, std::endian::big>(to, value);
}

}  // namespace pgkeep
