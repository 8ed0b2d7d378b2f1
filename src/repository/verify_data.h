// Verification of the packs' bytes: reads them all, or a seeded sample.
#pragma once

#include <cstdint>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "repository/ids.h"
#include "repository/repository_context.h"
#include "repository/verify_report.h"

namespace pgkeep::repository {

// How much to read and how closely to look.
struct VerifyDataOptions {
  // Restrict to the packs of these live backups; empty: of all.
  std::vector<BackupId> backups = {};
  // Percentage of the packs that are read, 0 to 100: each is drawn independently by a hash of seed
  // and name, so one seed always draws the same packs, and a larger percentage contains a smaller.
  double sample_percent = 100;
  uint64_t seed = 0;
  // Also open every frame of the packs that are read. Data packs need keys that can read data,
  // metadata packs K_meta; without them: kRefused.
  bool open_frames = false;
  // Told where the work stands: phase "verifying_data", with bytes and, as objects, packs. Null:
  // nobody asks.
  Progress* progress = nullptr;
};

// Reads each chosen pack once, whole, and compares its SHA-256 with the reference lists; a pack
// that lists of several backups describe differently is a problem as well. With open_frames also
// checks header, every frame's place, authentication, length and content hash, and the footer; and
// compares the maps of the chosen backups with the packs that were read: every frame that a map
// names there must be in the pack, with the same length, number of units and content hash. So with
// 100 % all that a restore will read has been read and found to be what the maps say.
//
// Damage is in the report; errors are for what ends the work, as in VerifyStructure. Memory: two
// packs, or four from a store with parallel requests, 64 bytes per pack of the repository, and up
// to 100 MiB for maps: packs are compared a million frames at a time (about 100 GiB), and each time
// the trees are walked once.
Result<VerifyReport> VerifyData(const RepositoryContext& context, const VerifyDataOptions& options);

}  // namespace pgkeep::repository
