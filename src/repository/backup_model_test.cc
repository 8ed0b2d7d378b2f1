// The map against the simplest model there is: an array of units per stream. Random changes,
// backups and expiries in any order; every backup that has not expired must read back exactly.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "repository/data_test_kit.h"
#include "repository/expiry.h"
#include "repository/garbage_collector.h"
#include "storage/directory_store.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

// One random history, on a real directory.
class History {
 public:
  explicit History(uint64_t seed) : rng_(seed), seed_(seed) {
    storage::DirectoryStoreOptions options;
    options.path = directory_.path() + "/repository";
    options.create = true;
    auto store = storage::OpenDirectoryStore(PosixFileSystem(), options);
    PGK_CHECK(store.ok(), "a directory store opens");
    store_ = *std::move(store);
    vault_ = std::make_unique<TestVault>(seed, store_.get());
    for (int i = 0; i < 3; ++i) AddStream();
  }

  void Run(int steps) {
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE("seed " + std::to_string(seed_) + ", step " + std::to_string(step));
      switch (Below(10)) {
        case 0:
          AddStream();
          break;
        case 1:
          DropStream();
          break;
        case 2:
          Expire();
          break;
        case 3:
          Collect();
          break;
        case 4:
        case 5:
        case 6:
          Backup();
          break;
        default:
          ChangeStream();
      }
    }
    Collect();
    Collect();
    CheckAll();
  }

 private:
  uint64_t Below(uint64_t limit) { return rng_() % limit; }

  size_t UnitBytes(uint32_t unit_size) {
    if (unit_size != 0) return unit_size;
    switch (Below(20)) {
      case 0:
        return 0;
      case 1:
        return 1'048'576 + Below(2) * Below(1'500'000);
      default:
        return Below(3'000);
    }
  }

  Bytes RandomUnit(uint32_t unit_size) {
    if (Below(10) == 0 && unit_size != 0) return Bytes(unit_size);
    return TestUnit(rng_(), UnitBytes(unit_size));
  }

  // Sometimes the last unit of a stream of fixed size is short.
  void Trim(TestStream& stream) {
    if (stream.unit_size == 0 || stream.units.empty()) return;
    for (Bytes& unit : stream.units) unit.resize(stream.unit_size);
    if (Below(2) == 0) stream.units.back().resize(1 + Below(stream.unit_size));
  }

  void AddStream() {
    TestStream stream;
    const uint32_t sizes[] = {0, 0, 64, 512};
    stream.unit_size = sizes[Below(4)];
    const uint64_t count = Below(8) == 0 ? 17'000 : Below(200);
    const bool small = count > 1'000;
    for (uint64_t i = 0; i < count; ++i) {
      stream.units.push_back(small && stream.unit_size == 0 ? TestUnit(rng_(), Below(40))
                                                            : RandomUnit(stream.unit_size));
    }
    Trim(stream);
    tree_[Below(2) == 0 ? "a" : "b"]["stream " + std::to_string(++names_)] = std::move(stream);
  }

  TestStream* PickStream() {
    for (int attempt = 0; attempt < 10; ++attempt) {
      auto& streams = tree_[Below(2) == 0 ? "a" : "b"];
      if (streams.empty()) continue;
      auto it = streams.begin();
      std::advance(it, static_cast<ptrdiff_t>(Below(streams.size())));
      return &it->second;
    }
    return nullptr;
  }

  void DropStream() {
    auto& streams = tree_["a"];
    if (streams.size() > 1) streams.erase(streams.begin());
  }

  void ChangeStream() {
    TestStream* stream = PickStream();
    if (stream == nullptr) return;
    switch (Below(4)) {
      case 0:
        stream->units.resize(Below(stream->units.size() + 1));
        break;
      case 1:
        for (uint64_t i = Below(50); i > 0; --i) {
          stream->units.push_back(RandomUnit(stream->unit_size));
        }
        break;
      default:
        for (uint64_t i = Below(20); i > 0 && !stream->units.empty(); --i) {
          stream->units[Below(stream->units.size())] = RandomUnit(stream->unit_size);
        }
    }
    Trim(*stream);
  }

  void Backup() {
    WriterOptions options = InlineOptions();
    options.encode_threads = static_cast<unsigned>(Below(3));
    options.upload_threads = static_cast<unsigned>(Below(2));
    const auto backup = WriteTree(*vault_->Open(), tree_, options);
    ASSERT_TRUE(backup.ok()) << backup.error().Describe();
    backups_[backup->id] = tree_;
    Check(backup->id);
  }

  void Expire() {
    if (backups_.size() < 2) return;
    auto it = backups_.begin();
    std::advance(it, static_cast<ptrdiff_t>(Below(backups_.size())));
    ExpireOptions options;
    options.backups = {it->first};
    options.force = true;
    const auto expired = ExpireBackups(vault_->Open()->context(), options);
    ASSERT_TRUE(expired.ok()) << expired.error().Describe();
    backups_.erase(it);
  }

  void Collect() {
    GcOptions options;
    options.force = true;
    const auto report = CollectGarbage(vault_->Open()->context(), options);
    ASSERT_TRUE(report.ok()) << report.error().Describe();
    EXPECT_TRUE(report->Outcome().ok());
    CheckAll();
  }

  void CheckAll() {
    for (const auto& [id, tree] : backups_) Check(id);
  }

  void Check(const BackupId& id) {
    const auto read = ReadTree(*vault_->Open(), id);
    ASSERT_TRUE(read.ok()) << read.error().Describe();
    const TestTree& expected = backups_.at(id);
    for (const auto& [subtree, streams] : expected) {
      ASSERT_TRUE(read->contains(subtree));
      ASSERT_EQ(read->at(subtree).size(), streams.size());
      for (const auto& [name, stream] : streams) {
        ASSERT_TRUE(read->at(subtree).at(name).units == stream.units) << name;
      }
    }
  }

  std::mt19937_64 rng_;
  const uint64_t seed_;
  testing::TemporaryDirectory directory_;
  std::unique_ptr<storage::ObjectStore> store_;
  std::unique_ptr<TestVault> vault_;
  TestTree tree_ = {{"a", {}}, {"b", {}}};
  std::map<BackupId, TestTree> backups_;
  uint64_t names_ = 0;
};

class BackupModel : public ::testing::TestWithParam<uint64_t> {};

TEST_P(BackupModel, EveryLiveBackupReadsBackExactly) { History(GetParam()).Run(40); }

INSTANTIATE_TEST_SUITE_P(Seeds, BackupModel, ::testing::Range(uint64_t{1}, uint64_t{9}));

}  // namespace
}  // namespace pgkeep::repository
