// Each deliberate defect is caught, with the shortest way to the damage printed; or is shown to be
// harmless.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/model/model_test_kit.h"

namespace pgkeep::model {
namespace {

// What a user would notice: a live backup is damaged, or a backup was reported that does not exist.
constexpr std::uint8_t kUserChecks = kCheckLive | kCheckReported;

Config WithDefect(Mutant mutant, int gcs, std::uint8_t checks) {
  Config config;
  config.writers = 1;
  config.gcs = gcs;
  config.checks = checks;
  return config.With(mutant);
}

struct Defect {
  const char* name;
  Mutant mutant;
  int gcs;
  std::string rule;
  std::uint8_t checks = kUserChecks;
};
std::ostream& operator<<(std::ostream& out, const Defect& defect) { return out << defect.name; }

class DefectTest : public testing::TestWithParam<Defect> {};

TEST_P(DefectTest, IsCaught) {
  const Defect& defect = GetParam();
  ExpectCaught(ExploreAndPrint(WithDefect(defect.mutant, defect.gcs, defect.checks)), defect.rule);
}

constexpr char kDamage[] = "I1: a live backup lost";
constexpr char kPack[] = "I1: a live backup lost a pack";
constexpr char kSesNeeded[] = "I1: a live backup lost a ses";
constexpr char kGarbage[] = "I4: garbage";

INSTANTIATE_TEST_SUITE_P(
    ProtocolModel, DefectTest,
    testing::Values(
        Defect{"WriterDoesNotLookForExpiry", Mutant::kNoExpiryCheck, 1, kPack},
        Defect{"PinsAreListedFirst", Mutant::kPinsListedFirst, 1, kPack},
        Defect{"DecisionsAreNotListedAgain", Mutant::kDecisionsBeforePinsOnly, 2, kPack},
        Defect{"TombstoneIsDeleted", Mutant::kTombstoneDeleted, 1, kDamage},
        Defect{"TombstoneIsDeletedRule2", Mutant::kTombstoneDeleted, 1, "I2", kCheckDecision},
        Defect{"NoPin", Mutant::kNoPin, 1, kPack},
        Defect{"CommitOverwrites", Mutant::kCommitOverwrites, 1, kDamage},
        Defect{"CommitOverwritesRule2", Mutant::kCommitOverwrites, 1, "I2", kCheckDecision},
        Defect{"BaseOfUndecidedIsNotKept", Mutant::kKeepIgnoresUndecidedBase, 1, kPack},
        Defect{"ManifestGoesUnderUndecided", Mutant::kManifestGoesUnderUndecided, 1,
               "I5: an undecided writer lost man or ref", kCheckPromise},
        Defect{"MissingRefOfPinnedBaseIsIgnored", Mutant::kMissingBaseRefIgnored, 2, kPack},
        Defect{"MissingRefOfLiveBackupIsIgnored", Mutant::kMissingLiveRefIgnored, 2, kPack},
        Defect{"MissingPinIsIgnored", Mutant::kMissingPinIgnored, 2, kPack},
        Defect{"SesGoesBeforeReusedPacks", Mutant::kSesIgnoresLivePacks, 1, kSesNeeded},
        Defect{"SesOfBackupWithoutOwnPacksGoes", Mutant::kSesOfLiveBackupWithoutPacks, 1,
               kSesNeeded},
        Defect{"UndecidedIsGarbage", Mutant::kUndecidedIsGarbage, 1, kPack},
        Defect{"SesBeforePinLeaks", Mutant::kSesBeforePin, 1, kGarbage, kCheckLeak},
        Defect{"ManifestsAreForgotten", Mutant::kManifestsForgotten, 1, kGarbage, kCheckLeak}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

// Deleting man and ref under an undecided writer costs that writer its backup, and no more as long
// as collectors honour the rule for missing refs. Without that rule it costs data.
TEST(ProtocolModel, ManifestGoneUnderUndecidedWriterIsContained) {
  Config config = WithDefect(Mutant::kManifestGoesUnderUndecided, 2, kUserChecks | kCheckDecision);
  ExpectClean(ExploreAndPrint(config), 800'000);
  ExpectCaught(ExploreAndPrint(config.With(Mutant::kMissingBaseRefIgnored)), kPack);
}

// Without adoption of interrupted writers the first listing of decisions adds nothing to safety:
// what was decided between D1 and D2 is judged by D2 alone.
TEST(ProtocolModel, CandidatesFromTheLaterListingAreHarmless) {
  ExpectClean(ExploreAndPrint(WithDefect(Mutant::kCandidatesFromLaterList, 2, kCheckAll)), 800'000);
}

// The defects that are caught step by step are caught in the reduced model too, as far as it may be
// used for them.
TEST(Reduction, CatchesTheSameDefects) {
  for (const Mutant mutant : {Mutant::kNoExpiryCheck, Mutant::kPinsListedFirst, Mutant::kNoPin,
                              Mutant::kKeepIgnoresUndecidedBase, Mutant::kMissingBaseRefIgnored,
                              Mutant::kMissingPinIgnored, Mutant::kSesIgnoresLivePacks,
                              Mutant::kUndecidedIsGarbage, Mutant::kSesOfLiveBackupWithoutPacks}) {
    Config config = WithDefect(mutant, 2, kUserChecks);
    config.reduced = true;
    ExpectCaught(Explore(config), "I1");
  }
}

}  // namespace
}  // namespace pgkeep::model
