// Whose signatures a repository accepts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "crypto/sign.h"

namespace pgkeep::repository {

// Whether a signer may still write. The values are bytes of the format.
enum class SignerState : uint8_t { kActive = 1, kRetired = 2 };

// One line of the configuration's list of signers.
struct Signer {
  crypto::PublicKey public_key{};
  SignerState state = SignerState::kActive;
  bool operator==(const Signer&) const = default;
};

// The signers that a configuration lists. Objects of retired signers stay readable for ever (their
// backups do not become invalid), but a writer with a retired key must not start.
// Immutable after construction, so any number of threads may read it. Empty: no signature is
// accepted.
class SignerSet {
 public:
  SignerSet() = default;
  explicit SignerSet(std::span<const Signer> signers);

  // The state of a key; nullopt when the configuration does not list it.
  std::optional<SignerState> Find(const crypto::PublicKey& key) const;

  // Ok when `key` may write now. kRefused with a hint when it is retired or unknown.
  Status RequireActive(const crypto::PublicKey& key) const;

  // The list of `signers` with `key` as the only active one: the others are retired.
  static std::vector<Signer> WithOnlyActive(std::span<const Signer> signers,
                                            const crypto::PublicKey& key);

 private:
  std::map<crypto::PublicKey, SignerState> states_;
};

}  // namespace pgkeep::repository
