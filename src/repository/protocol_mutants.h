// Deliberate protocol errors, so that the simulator can prove that it would notice them. In the
// product every question is answered with a constant "no" and costs nothing; only the library
// pgkeep_repository_mutants is compiled with PGKEEP_PROTOCOL_MUTANTS.
#pragma once

#ifdef PGKEEP_PROTOCOL_MUTANTS
#include <optional>
#endif

namespace pgkeep::repository {

// One step of protocol.md done wrongly.
enum class Mutant {
  // Writer.
  kNoPin,                  // W2: the pin is not created
  kNoExpiryCheckAfterPin,  // W3: bases are not looked up again after the pin
  kNoPresenceCheck,        // W6: COMMIT without looking for the packs
  kCommitOverwrites,       // W7: the decision is put, not created
  kLostAnswerIsSuccess,    // W7: an unknown outcome is taken for success
  // Collector.
  kHeartbeatsIgnored,        // G0: only the pin itself is a sign of life
  kPinsListedFirst,          // G1-G4: pins before expiries and decisions
  kOneDecisionListing,       // G4: D1 is used where D2 belongs
  kMissingReferenceIgnored,  // G6: goes on without a reference list that it needs
  kAbortNotWon,              // G6: goes on without having won the abort
  kBaseNotKept,              // G7: packs of an undecided writer's base are not kept
  kUndecidedNotKept,         // G8: packs of ids that are not decided are candidates as well
  kDecisionDeleted,          // never: dec/<T> of an aborted writer goes with the rest
  kExpiryDeleted,            // never: exp/<T> of an expired backup goes with the rest
  kSessionWithLivePacks,     // G8: ses/<T> goes although packs of T are kept
};

#ifdef PGKEEP_PROTOCOL_MUTANTS

// Switches one mutant on for the whole process, or all off. Thread-safe. Tests only.
void SetActiveMutant(std::optional<Mutant> mutant);

// Whether `mutant` is switched on. Thread-safe.
bool MutantActive(Mutant mutant);

#else

// Always false: mutants exist only where PGKEEP_PROTOCOL_MUTANTS is defined.
constexpr bool MutantActive(Mutant /*mutant*/) { return false; }

#endif

}  // namespace pgkeep::repository
