#include "logical/fingerprint.h"

#include "base/bytes.h"
#include "crypto/kdf.h"

namespace pgkeep::logical {

SecretBytes DeriveFingerprintKey(ByteSpan repository_key) {
  return crypto::HkdfExpandSha256(repository_key, AsBytes("pgkeep table fingerprint 1"),
                                  kFingerprintKeyBytes);
}

}  // namespace pgkeep::logical
