#include "testing/temporary_directory.h"

#include <stdlib.h>

#include <filesystem>
#include <system_error>

#include "base/check.h"

namespace pgkeep::testing {

TemporaryDirectory::TemporaryDirectory() {
  std::error_code error;
  std::filesystem::path base = std::filesystem::temp_directory_path(error);
  PGK_CHECK(!error, "there is a directory for temporary files");
  base = std::filesystem::canonical(base, error);
  PGK_CHECK(!error, "the directory for temporary files can be read");
  path_ = (base / "pgkeep-test-XXXXXX").string();
  PGK_CHECK(::mkdtemp(path_.data()) != nullptr, "a temporary directory can be made");
}

TemporaryDirectory::~TemporaryDirectory() {
  // Left-overs disturb no test; tests that take rights away give them back.
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::Join(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

}  // namespace pgkeep::testing
