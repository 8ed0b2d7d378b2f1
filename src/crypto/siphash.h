#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/secret.h"

namespace pgkeep::crypto {

// SipHash-2-4 with 64 bits of output (Aumasson and Bernstein, 2012): the fingerprint that tells
// whether a unit changed since the base backup. Keyed, so that who can write rows cannot craft a
// change that keeps the value; 64 bits, so a change is missed with probability 2^-64. It is not a
// content address: those are HmacSha256Key.
//
// Constant after construction; any number of threads. The key is wiped by the destructor. Never
// fails.
class SipHash24 {
 public:
  // REQUIRES: 16 bytes. Not kept by reference.
  explicit SipHash24(ByteSpan key);

  // The value as an integer: the paper's output bytes read little-endian.
  [[nodiscard]] uint64_t Hash(ByteSpan data) const;

 private:
  SecretBytes key_;
};

// A 128-bit value as two integers; `low` are the first eight output bytes.
struct SipHash128Value {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const SipHash128Value&, const SipHash128Value&) = default;

  // Addition modulo 2^128: the order-free sum over the rows of a table.
  SipHash128Value& operator+=(const SipHash128Value& other);
};

// SipHash-2-4 with 128 bits of output (the authors' SipHash-128, libsodium's siphashx24), for sums
// over many values where 64 bits would be few. Threads, key and failure as SipHash24.
class SipHash128 {
 public:
  // REQUIRES: 16 bytes. Not kept by reference.
  explicit SipHash128(ByteSpan key);

  [[nodiscard]] SipHash128Value Hash(ByteSpan data) const;

 private:
  SecretBytes key_;
};

}  // namespace pgkeep::crypto
