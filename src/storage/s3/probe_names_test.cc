#include "storage/s3/probe_names.h"

#include <gtest/gtest.h>

#include <string>

namespace pgkeep::storage {
namespace {

TEST(ProbeNames, KnowsWhatPgkeepMakes) {
  for (const std::string key :
       {"probe/overwrite", "probe/report.20261122T140000Z",
        "probe/report.20261122T140000Z.0123456789abcdef", "probe/0123456789abcdef/race.1.0",
        "probe/0123456789abcdef0123456789abcdef"}) {
    EXPECT_TRUE(IsProbeKey(key)) << key;
  }
}

TEST(ProbeNames, LeavesOutWhatIsSomebodysOwn) {
  for (const std::string key :
       {"", "probe", "probe/", "probe/notes", "probe/overwrite/x", "probe/overwritten",
        "probe/report.", "probe/report.old", "probe/report.20261122T140000",
        "probe/report.20261122X140000Z", "probe/report.20261122T140000Z.",
        "probe/report.20261122T140000Z.0123", "probe/report.20261122T140000Z-0123456789abcdef",
        "probe/report.20261122T140000Z.0123456789abcdeg", "probe/0123", "probe/2026/data",
        "probe/0123456789ABCDEF/x", "other/0123456789abcdef"}) {
    EXPECT_FALSE(IsProbeKey(key)) << key;
  }
}

}  // namespace
}  // namespace pgkeep::storage
