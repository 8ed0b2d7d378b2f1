// A directory for one test.
#pragma once

#include <string>
#include <string_view>

namespace pgkeep::testing {

// Makes an empty directory below $TMPDIR (or /tmp) and removes it with all that is in it when it
// goes. Aborts when that cannot be made: no test can run without. One thread at a time.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  // Absolute, without links in it and without a slash at the end.
  const std::string& path() const { return path_; }
  // path() + "/" + name.
  std::string Join(std::string_view name) const;

 private:
  std::string path_;
};

}  // namespace pgkeep::testing
