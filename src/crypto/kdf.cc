#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <memory>

#include "base/check.h"
#include "crypto/library.h"

namespace pgkeep::crypto {
namespace {

constexpr size_t kHashBytes = 32;
constexpr size_t kOutputBytesMax = 255 * kHashBytes;  // RFC 5869 section 2.3
constexpr size_t kInfoBytesMax = 1024;                // what every OpenSSL 3 takes

struct KdfContextDeleter {
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

// OpenSSL's parameters are read-only here but declared for both directions.
OSSL_PARAM OctetParam(const char* name, ByteSpan value) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<uint8_t*>(value.data()), value.size());
}

SecretBytes Hkdf(int mode, ByteSpan key, ByteSpan salt, ByteSpan info, size_t n) {
  PGK_CHECK(n >= 1 && n <= kOutputBytesMax, "HKDF gives 1 to 8160 bytes");
  PGK_CHECK(info.size() <= kInfoBytesMax, "the info of HKDF is limited to 1024 bytes");
  const std::unique_ptr<EVP_KDF_CTX, KdfContextDeleter> context(
      EVP_KDF_CTX_new(internal::GetLibrary().hkdf));
  PGK_CHECK(context != nullptr, "out of memory");

  std::array<char, 7> digest = {'S', 'H', 'A', '2', '5', '6', '\0'};
  std::array<OSSL_PARAM, 6> params{};
  size_t count = 0;
  params[count++] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
  params[count++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0);
  params[count++] = OctetParam(OSSL_KDF_PARAM_KEY, key);
  if (!salt.empty()) params[count++] = OctetParam(OSSL_KDF_PARAM_SALT, salt);
  if (!info.empty()) params[count++] = OctetParam(OSSL_KDF_PARAM_INFO, info);
  params[count] = OSSL_PARAM_construct_end();

  SecretBytes out(n);
  const int ok = EVP_KDF_derive(context.get(), out.ExposeMutable().data(), n, params.data());
  PGK_CHECK(ok == 1, "HKDF failed");
  return out;
}

}  // namespace

SecretBytes HkdfSha256(ByteSpan ikm, ByteSpan salt, ByteSpan info, size_t n) {
  PGK_CHECK(!ikm.empty(), "HKDF needs key material");
  return Hkdf(EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, ikm, salt, info, n);
}

SecretBytes HkdfExpandSha256(ByteSpan prk, ByteSpan info, size_t n) {
  PGK_CHECK(prk.size() >= kHashBytes, "HKDF expands a key of at least 32 bytes");
  return Hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, prk, {}, info, n);
}

}  // namespace pgkeep::crypto
