// Where a repository is, with what it takes to reach it.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/environment.h"
#include "cli/options.h"
#include "config/configuration.h"
#include "storage/store_url.h"

namespace pgkeep::cli {

// The address that --repository and the --s3 options give. kInvalidArgument for S3 options with a
// directory, and for values that cannot be; both also set the moment of --as-of.
Result<storage::StoreUrl> AddressOf(const GlobalOptions& options, const Environment& environment);

// The address in a configuration. kInvalidArgument if S3 options were given as well: the
// configuration says it all.
Result<storage::StoreUrl> AddressOf(const config::RepositorySettings& settings,
                                    const GlobalOptions& options, const Environment& environment);

// " --repository URL" and the S3 options with which AddressOf() gives `url` again, for commands
// that are shown to users; with the bucket's own settings that options can say.
std::string AddressOptions(const storage::StoreUrl& url);

// kInvalidArgument with --as-of, for commands that are about a bucket as it is now.
Status RequirePresent(const storage::StoreUrl& url);

// What stores get of the world of a command.
storage::StoreEnvironment StoreEnvironmentOf(const Environment& environment);

}  // namespace pgkeep::cli
