#include "crypto/init.h"

#include <string>

#include "base/error.h"
#include "crypto/library.h"
#include "crypto/self_test.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace pgkeep::crypto {

Status InitCrypto() {
  if (const char* missing = internal::LoadLibrary().missing) {
    return Error(ErrorCode::kInternal, std::string("cannot load ") + missing,
                 "install the OpenSSL 3 and libsodium packages of the system, and check that "
                 "OPENSSL_CONF does not disable the default provider");
  }
  static const char* const failed = internal::FailedSelfTest();
  if (failed != nullptr) {
    return Error(ErrorCode::kInternal, std::string(failed) + " gives a wrong answer",
                 "nothing was read or written; reinstall the OpenSSL and libsodium packages, and "
                 "test the memory of this machine");
  }
  return Ok();
}

bool HasAesHardware() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
  constexpr unsigned long kAesAndPmull = (1UL << 3) | (1UL << 4);  // HWCAP_AES, HWCAP_PMULL
  return (getauxval(AT_HWCAP) & kAesAndPmull) == kAesAndPmull;
#else
  return false;
#endif
}

}  // namespace pgkeep::crypto
