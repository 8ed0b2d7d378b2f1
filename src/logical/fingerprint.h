// The fingerprint of a table: equal for equal rows, in whatever order they come.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/siphash.h"

namespace pgkeep::logical {

inline constexpr size_t kFingerprintKeyBytes = 16;

// Number of rows and the sum, modulo 2^128, of the keyed SipHash-2-4-128 of each row: its line of
// COPY text without the line feed, over the columns that COPY takes, in the database's encoding. A
// sum and not an exclusive or, so that rows that are there twice count twice. A value.
struct TableFingerprint {
  uint64_t rows = 0;
  crypto::SipHash128Value sum;

  // Adds the rows of another part of the table.
  TableFingerprint& operator+=(const TableFingerprint& other) {
    rows += other.rows;
    sum += other.sum;
    return *this;
  }
  friend bool operator==(const TableFingerprint&, const TableFingerprint&) = default;
};

// Adds rows up. One thread at a time; borrows the hash.
class FingerprintSum {
 public:
  explicit FingerprintSum(const crypto::SipHash128& hash) : hash_(hash) {}

  // `row` without its line feed.
  void Add(ByteSpan row) {
    ++value_.rows;
    value_.sum += hash_.Hash(row);
  }

  const TableFingerprint& value() const { return value_; }

 private:
  const crypto::SipHash128& hash_;
  TableFingerprint value_;
};

// The key for the tables of one repository, so that fingerprints of its backups can be compared
// with each other. `repository_key` is secret and belongs to the repository (K_meta).
SecretBytes DeriveFingerprintKey(ByteSpan repository_key);

}  // namespace pgkeep::logical
