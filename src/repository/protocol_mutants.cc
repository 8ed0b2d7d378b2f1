#include "repository/protocol_mutants.h"

#include <atomic>

namespace pgkeep::repository {

#ifdef PGKEEP_PROTOCOL_MUTANTS

namespace {

constexpr int kNone = -1;
std::atomic<int> active_mutant{kNone};

}  // namespace

void SetActiveMutant(std::optional<Mutant> mutant) {
  active_mutant = mutant ? static_cast<int>(*mutant) : kNone;
}

bool MutantActive(Mutant mutant) { return active_mutant == static_cast<int>(mutant); }

#endif

}  // namespace pgkeep::repository
