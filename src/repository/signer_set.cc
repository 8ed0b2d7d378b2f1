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
      .WithHint(state ? "put the newest host key file of this repository in its place"
                      : "use the newest key file of this repository; if a rotation was cut off, "
                        "finish it with 'pgkeep key rotate'");
}

std::vector<Signer> SignerSet::WithOnlyActive(std::span<const Signer> signers,
                                              const crypto::PublicKey& key) {
  std::vector<Signer> changed;
  bool listed = false;
  for (const Signer& signer : signers) {
    const bool is_key = signer.public_key == key;
    listed = listed || is_key;
    changed.push_back({signer.public_key, is_key ? SignerState::kActive : SignerState::kRetired});
  }
  if (!listed) changed.push_back({key, SignerState::kActive});
  return changed;
}

}  // namespace pgkeep::repository
