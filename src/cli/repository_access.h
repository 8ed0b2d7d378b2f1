// From the command line and the configuration to an open repository.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/environment.h"
#include "cli/key_access.h"
#include "cli/options.h"
#include "config/configuration.h"
#include "repository/repository.h"
#include "repository/repository_context.h"
#include "storage/object_store.h"
#include "storage/store_url.h"

namespace pgkeep::cli {

// Which repository is meant and what opens it.
struct RepositoryLocation {
  storage::StoreUrl url;
  KeySource keys;             // may be empty
  std::string configuration;  // its file; empty without one
};

// What the command line and the configuration say together.
struct Setup {
  RepositoryLocation repository;
  std::optional<config::Configuration> configuration;  // none with --repository
};

// Decides where the repository is. With --repository no configuration is read; else it is the first
// of --config, $PGKEEP_CONFIG, ./pgkeep.toml and /etc/pgkeep/pgkeep.toml, and --key-file or
// --passphrase-file take the place of the keys in it. kConfig and kInvalidArgument say what to do.
Result<Setup> FindSetup(const GlobalOptions& options, const Environment& environment);

// The same for commands that need nothing else of the configuration.
Result<RepositoryLocation> FindRepository(const GlobalOptions& options,
                                          const Environment& environment);

// Where configurations are looked for if --config says nothing: $PGKEEP_CONFIG, or the file in the
// current directory.
std::string DefaultConfigurationPath(const Environment& environment);

// Opens the store, or with `create` makes its place; what it is asked for is logged at debug level.
// Errors: as storage::OpenStore.
Result<std::unique_ptr<storage::ObjectStore>> OpenStore(const storage::StoreUrl& url,
                                                        const Environment& environment,
                                                        bool create);

// The store of a bucket with versions as OpenStore() opens it, but listing also the packs that
// somebody has overwritten, which count as missing else.
Result<std::unique_ptr<storage::ObjectStore>> OpenWithOverwrittenPacks(
    const storage::StoreUrl& url, const Environment& environment);

// Whether a command can do without keys.
enum class KeyNeed { kRequired, kOptional };

// An open repository with all that it stands on. Thread-safe as a Repository is; must outlive what
// is made from it.
class OpenedRepository {
 public:
  // kConfig when keys are required and none are named; others as OpenStore, LoadKeys and
  // Repository::Open.
  static Result<std::unique_ptr<OpenedRepository>> Open(const RepositoryLocation& location,
                                                        const Environment& environment,
                                                        KeyNeed need);

  repository::Repository& repository() { return *repository_; }
  const repository::RepositoryContext& context() const { return repository_->context(); }
  storage::ObjectStore& store() { return *store_; }
  // Null if there are none.
  const LoadedKeys* keys() const { return keys_ ? &*keys_ : nullptr; }

  // True if the keys are older than the last rotation: what was backed up since cannot be read.
  bool keys_are_outdated() const;

 private:
  OpenedRepository(std::unique_ptr<storage::ObjectStore> store, std::optional<LoadedKeys> keys,
                   std::unique_ptr<repository::Repository> repository);

  std::unique_ptr<storage::ObjectStore> store_;
  std::optional<LoadedKeys> keys_;
  std::unique_ptr<repository::Repository> repository_;
};

// The right to change a repository: its context, and in exclusive mode the lease that the context's
// store needs. Valid while this and the repository live.
struct ChangeRight {
  std::unique_ptr<repository::ExclusiveLease> lease;
  repository::RepositoryContext context;
};

// kBusy when somebody else is at work in exclusive mode; kRefused for root in the repository of
// another user, before anything is changed. `work` is for their message: "gc".
Result<ChangeRight> AcquireChangeRight(OpenedRepository& opened, const Environment& environment,
                                       const std::string& work);

// Creates the configuration or its copy if one of the two is missing: what writes them may be cut
// off between them. Errors as AcquireChangeRight() and repository::CompleteConfig().
Status CompleteConfig(OpenedRepository& opened, const Environment& environment,
                      const std::string& work);

// The options that every opening of a repository here has in common.
repository::RepositoryOptions OptionsFor(const Environment& environment);

}  // namespace pgkeep::cli
