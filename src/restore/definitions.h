// Running the definitions of an archive on the target, by pg_restore.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "archive/toc.h"
#include "base/file.h"
#include "base/result.h"
#include "base/work_directory.h"
#include "logical/client_programs.h"
#include "postgres/connection_params.h"

namespace pgkeep::restore {

// An archive of definitions without data, in a directory of its own that goes with this object.
class DefinitionArchive {
 public:
  // Below `parent`; empty: /tmp.
  static Result<std::unique_ptr<DefinitionArchive>> Write(FileSystem& files,
                                                          const std::string& parent,
                                                          archive::Toc toc);
  DefinitionArchive(const DefinitionArchive&) = delete;
  DefinitionArchive& operator=(const DefinitionArchive&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit DefinitionArchive(std::unique_ptr<WorkDirectory> directory);

  const std::unique_ptr<WorkDirectory> directory_;
  const std::string path_;
};

// One run of pg_restore.
struct DefinitionRun {
  logical::ClientProgram program;
  postgres::ConnectionParams params;
  std::string section;  // "pre-data" or "post-data"
  unsigned jobs = 1;
  bool owners = true;
  bool privileges = true;
};

// Runs one section. Statements that fail do not end it: they come back, one line each. An error is
// for a pg_restore that did not come to its end: kChildFailed, kCancelled.
Result<std::vector<std::string>> RunDefinitions(const DefinitionRun& run,
                                                const DefinitionArchive& archive,
                                                std::stop_token stop);

}  // namespace pgkeep::restore
