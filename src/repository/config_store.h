// The configurations in a store: `config.<n>` and the copies `cfgcopy/<n>`. Normative:
// docs/format/control.md.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "repository/config_object.h"
#include "repository/ids.h"
#include "repository/key_ring.h"
#include "repository/repository_context.h"
#include "storage/object_store.h"

namespace pgkeep::repository {

// The configuration that counts.
struct CurrentConfig {
  ConfigObject config;
  // The highest generation of which there is any object, usable or not.
  uint64_t newest_generation = 0;
  // Why a higher generation, which is there, cannot be used; empty when there is none such. Nobody
  // may write or collect then: that generation may have dropped a recipient or a signer.
  std::string outdated;
  // What was passed over for good reasons: configurations that another key has signed.
  std::vector<std::string> warnings;
};

// The highest valid configuration of a repository of which only the id is known; of each
// generation the object or its copy. It must be signed by the operator key of `keys`, or without
// keys by that of the lowest valid generation: the operator key of a repository never changes, and
// who can only create objects cannot replace the first.
//   kNotFound            no repository there
//   kWrongKey            all of them are another repository's or another operator's
//   kUnsupportedVersion  a newer format
//   others               as the store and DecodeConfig
Result<CurrentConfig> ReadConfig(storage::ObjectStore& store, const RepositoryId& id,
                                 const KeyRing* keys, const RetryPolicy& retry, Clock& clock,
                                 std::stop_token stop);

// The id of the repository in a store, read from its first configuration before any key is known.
Result<RepositoryId> PeekRepository(storage::ObjectStore& store);

// Writes `config` as the next generation, copy first: the new generation counts as soon as the copy
// is there. Errors: kConflict when another process was faster. REQUIRES: full keys.
Status WriteConfig(const RepositoryContext& context, const ConfigObject& config);

// False if the object or the copy of the current generation is missing.
Result<bool> IsConfigComplete(const RepositoryContext& context);

// Creates the object or the copy of the current generation if one of the two is missing, as after a
// WriteConfig that was cut off.
Status CompleteConfig(const RepositoryContext& context);

// Ok if the configuration of this context is the newest one. kRefused otherwise: see
// CurrentConfig::outdated.
Status CheckConfigIsCurrent(const RepositoryContext& context);

// Ok if a new repository may be made in the store. kAlreadyExists says what is there: a repository
// (also one whose making was cut off after its configuration counted), what a making that was cut
// off earlier has left, or something else. `in_bucket`: what pgkeep leaves when it tries out a
// bucket (storage/s3/probe_names.h) does not count.
Status CheckEmpty(storage::ObjectStore& store, bool in_bucket);

}  // namespace pgkeep::repository
