#include "crypto/constant_time.h"

#include <openssl/crypto.h>

namespace pgkeep::crypto {

bool ConstantTimeEqual(ByteSpan a, ByteSpan b) {
  if (a.size() != b.size()) return false;
  return a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace pgkeep::crypto
