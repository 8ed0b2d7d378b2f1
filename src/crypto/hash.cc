#include "crypto/hash.h"

#include <openssl/evp.h>

#include "base/check.h"
#include "crypto/library.h"

namespace pgkeep::crypto {

Digest32 Sha256(ByteSpan data) {
  Digest32 digest;
  const int ok = EVP_Digest(data.data(), data.size(), digest.data(), nullptr,
                            internal::GetLibrary().sha256, nullptr);
  PGK_CHECK(ok == 1, "SHA-256 failed");
  return digest;
}

void Sha256Hasher::Deleter::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256Hasher::Sha256Hasher() : context_(EVP_MD_CTX_new()) {
  PGK_CHECK(context_ != nullptr, "out of memory");
  Reset();
}

Sha256Hasher::~Sha256Hasher() = default;
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;

void Sha256Hasher::Update(ByteSpan data) {
  PGK_CHECK(!finished_, "SHA-256 was already finished");
  const int ok = EVP_DigestUpdate(context_.get(), data.data(), data.size());
  PGK_CHECK(ok == 1, "SHA-256 failed");
}

Digest32 Sha256Hasher::Finish() {
  PGK_CHECK(!finished_, "SHA-256 was already finished");
  finished_ = true;
  Digest32 digest;
  const int ok = EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
  PGK_CHECK(ok == 1, "SHA-256 failed");
  return digest;
}

void Sha256Hasher::Reset() {
  const int ok = EVP_DigestInit_ex2(context_.get(), internal::GetLibrary().sha256, nullptr);
  PGK_CHECK(ok == 1, "SHA-256 failed");
  finished_ = false;
}

}  // namespace pgkeep::crypto
