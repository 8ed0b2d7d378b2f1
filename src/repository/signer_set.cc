#include "repository/signer_set.h"

#include "base/hex.h"

namespace pgkeep::repository {

SignerSet::SignerSet(std::span<const Signer> signers) {
  for (const Signer& signer : signers) states_.emplace(signer.public_key, signer.state);
}

std::optional<SignerState> SignerSet::Find(const crypto::PublicKey& key) const {
  const auto found = states_.find(key);
  if (found == states_.end()) return std::nullopt;
  return found->second;
}

Status SignerSet::RequireActive(const crypto::PublicKey& key) const {
  const std::optional<SignerState> state = Find(key);
  if (state == SignerState::kActive) return Ok();
  return Err(ErrorCode::kRefused, "this host's signing key {} {}", HexEncode(key),
             state ? "is retired in the repository's configuration"
                   : "is not listed in the repository's configuration")
      .WithHint("use the newest key file of this repository");
}

}  // namespace pgkeep::repository
