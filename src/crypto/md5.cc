#include "crypto/md5.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace pgkeep::crypto {

std::optional<Digest16> Md5(ByteSpan data) {
  // Never freed: threads may still hash while the process exits.
  static const EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  if (md5 == nullptr) return std::nullopt;
  Digest16 digest;
  const int ok = EVP_Digest(data.data(), data.size(), digest.data(), nullptr, md5, nullptr);
  PGK_CHECK(ok == 1, "MD5 failed");
  return digest;
}

}  // namespace pgkeep::crypto
