// Would the simulator notice? Each deliberate protocol error must show as a violation within 2,000
// seeds.
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <string>

#include "repository/protocol_mutants.h"
#include "tests/simulator/world.h"

namespace pgkeep::simulator {
namespace {

using repository::Mutant;

struct NamedMutant {
  Mutant mutant;
  const char* name;
  // Where the search begins, of rare ones: so that it need not take long as long as the protocol
  // and the simulator are what they were.
  uint64_t first_seed = 1;

  // For the names of the tests.
  friend void PrintTo(const NamedMutant& named, std::ostream* out) { *out << named.name; }
};

class Mutants : public ::testing::TestWithParam<NamedMutant> {
 protected:
  void TearDown() override { repository::SetActiveMutant(std::nullopt); }
};

TEST_P(Mutants, IsFoundWithinTwoThousandSeeds) {
  repository::SetActiveMutant(GetParam().mutant);
  constexpr uint64_t kSeeds = 2'000;
  for (uint64_t tried = 0; tried < kSeeds; ++tried) {
    const uint64_t seed = 1 + (GetParam().first_seed - 1 + tried) % kSeeds;
    const Outcome outcome = World(seed).Run();
    if (outcome.violations.empty()) continue;
    std::cout << GetParam().name << ": seed " << seed << ": " << outcome.violations.front() << "\n";
    return;
  }
  FAIL() << GetParam().name << " was not found";
}

INSTANTIATE_TEST_SUITE_P(
    Protocol, Mutants,
    ::testing::Values(NamedMutant{Mutant::kNoPin, "NoPin"},
                      NamedMutant{Mutant::kNoExpiryCheckAfterPin, "NoExpiryCheckAfterPin"},
                      NamedMutant{Mutant::kNoPresenceCheck, "NoPresenceCheck"},
                      NamedMutant{Mutant::kCommitOverwrites, "CommitOverwrites"},
                      NamedMutant{Mutant::kLostAnswerIsSuccess, "LostAnswerIsSuccess"},
                      NamedMutant{Mutant::kHeartbeatsIgnored, "HeartbeatsIgnored"},
                      NamedMutant{Mutant::kPinsListedFirst, "PinsListedFirst", 1'040},
                      NamedMutant{Mutant::kOneDecisionListing, "OneDecisionListing"},
                      NamedMutant{Mutant::kMissingReferenceIgnored, "MissingReferenceIgnored"},
                      NamedMutant{Mutant::kAbortNotWon, "AbortNotWon", 365},
                      NamedMutant{Mutant::kBaseNotKept, "BaseNotKept"},
                      NamedMutant{Mutant::kUndecidedNotKept, "UndecidedNotKept"},
                      NamedMutant{Mutant::kDecisionDeleted, "DecisionDeleted"},
                      NamedMutant{Mutant::kExpiryDeleted, "ExpiryDeleted"},
                      NamedMutant{Mutant::kSessionWithLivePacks, "SessionWithLivePacks"}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

}  // namespace
}  // namespace pgkeep::simulator
