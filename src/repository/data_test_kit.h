// A repository and backups of made-up data, for tests of writing and reading.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "repository/backup_reader.h"
#include "repository/backup_writer.h"
#include "repository/repository.h"
#include "testing/fake_clock.h"
#include "testing/seeded_random.h"
#include "testing/test_store.h"

namespace pgkeep::repository {

// The units of one stream.
struct TestStream {
  uint32_t unit_size = 0;
  std::vector<Bytes> units;
  Bytes identity;

  friend bool operator==(const TestStream&, const TestStream&) = default;
};

// Streams by name, by name of the sub-tree.
using TestTree = std::map<std::string, std::map<std::string, TestStream>>;

// What a backup did.
struct TestBackup {
  BackupId id;
  uint64_t new_units = 0;
  uint64_t new_bytes = 0;
  uint64_t bases = 0;
};

// A repository on a store of its own, or on one that is given.
class TestVault {
 public:
  explicit TestVault(uint64_t seed = 1, storage::ObjectStore* store = nullptr,
                     InitOptions init = {});

  testing::SeededRandom random;
  testing::FakeClock clock;
  // In memory or in a bucket, see MakeTestStore().
  const std::unique_ptr<testing::TestStore> owner = testing::MakeTestStore(clock);
  testing::TestStore& own_store = *owner;
  storage::ObjectStore* store = nullptr;
  std::optional<NewRepository> created;

  // Opens with the full key, or with the host key. `state_directory` turns on the local cache.
  std::unique_ptr<Repository> Open(bool host_key = false, const std::string& state_directory = "",
                                   storage::ObjectStore* through = nullptr);
};

// Options without threads, so that runs repeat exactly.
WriterOptions InlineOptions();

// Who wants to know how far WriteTree is. Each may be empty.
struct WriteHooks {
  std::function<void(BackupWriter&)> after_begin;
  // Everything but the commit is done.
  std::function<void(const BackupId&)> before_commit;
  // The writer was told that the backup exists.
  std::function<void(const BackupId&)> after_commit;
};

// Writes all of `tree`; sub-trees and streams in order of their names.
Result<TestBackup> WriteTree(Repository& repository, const TestTree& tree,
                             const WriterOptions& options = InlineOptions(),
                             BackupState state = BackupState::kComplete,
                             const std::string& source = "app", const WriteHooks& hooks = {});

// The content of a whole backup.
Result<TestTree> ReadTree(Repository& repository, const BackupId& id);

// A unit of `size` bytes that follows from `seed`; compressible by about a half.
Bytes TestUnit(uint64_t seed, size_t size);

// A stream of `count` units of `unit_size` bytes.
TestStream TestPages(uint64_t seed, size_t count, uint32_t unit_size = 8192);

}  // namespace pgkeep::repository
