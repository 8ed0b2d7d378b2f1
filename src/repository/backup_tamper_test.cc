// Whatever happens to the objects of a repository, a reader returns what was written or an error:
// bit flips, cuts, exchanges and replays of every object there is.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "repository/backup_list.h"
#include "repository/data_test_kit.h"

namespace pgkeep::repository {
namespace {

std::string ClassOf(const std::string& key) {
  return key.starts_with("config") ? "config" : key.substr(0, key.find('/'));
}

// Two backups with every kind of node, and what they hold.
class BackupTamper : public ::testing::Test {
 protected:
  void SetUp() override {
    TestTree tree;
    tree["db"]["pages"] = TestPages(1, 60, 512);
    tree["db"]["wide"].units = {TestUnit(9, (1 << 20) + 5)};
    for (int i = 0; i < 40; ++i) {
      tree["db"]["table " + std::to_string(i)] = TestPages(static_cast<uint64_t>(100 + i), 2, 64);
    }
    Add(vault_, tree, &trees_);
    tree["db"]["pages"].units[5][5] ^= 1;
    Add(vault_, tree, &trees_);
  }

  static void Add(TestVault& vault, const TestTree& tree, std::map<BackupId, TestTree>* trees) {
    const auto backup = WriteTree(*vault.Open(), tree);
    ASSERT_TRUE(backup.ok()) << backup.error().Describe();
    (*trees)[backup->id] = tree;
  }

  // Reads everything that can still be listed. True if an error was seen.
  bool ReadAll(const std::string& what) {
    const auto bundle = vault_.created->keys.Clone();
    RepositoryOptions options;
    options.clock = &vault_.clock;
    auto repository = Repository::Open(vault_.own_store, vault_.created->id, &bundle, options);
    if (!repository.ok()) return true;
    bool failed = false;
    for (const auto& [id, tree] : trees_) {
      const auto read = ReadTree(**repository, id);
      if (!read.ok()) {
        failed = true;
        EXPECT_FALSE(read.error().ToString().empty());
        continue;
      }
      EXPECT_TRUE(*read == tree) << what << ": other content was returned";
    }
    return failed;
  }

  // Applies `change` to one object, reads, and puts the object back.
  bool WithChange(const std::string& key, const std::string& what,
                  const std::function<void(Bytes&)>& change) {
    const auto before = vault_.own_store.Save();
    vault_.own_store.Tamper(key, change);
    const bool failed = ReadAll(what + " of " + key);
    vault_.own_store.Restore(*before);
    return failed;
  }

  TestVault vault_;
  std::map<BackupId, TestTree> trees_;
};

TEST_F(BackupTamper, FlippedBitsAreNeverReturned) {
  std::map<std::string, std::pair<int, int>> seen;  // class: tried, noticed
  for (const std::string& key : vault_.own_store.Keys()) {
    const size_t size = vault_.own_store.Get(key, 64 << 20)->size();
    const size_t step = std::max<size_t>(1, size / 40);
    for (size_t at = 0; at < size; at += step) {
      const bool failed = WithChange(key, "bit flip at " + std::to_string(at),
                                     [at](Bytes& bytes) { bytes[at] ^= 1 << (at % 8); });
      auto& [tried, noticed] = seen[ClassOf(key)];
      ++tried;
      noticed += failed ? 1 : 0;
    }
  }
  for (const auto& [name, counts] : seen) {
    std::cout << name << ": " << counts.first << " flips, " << counts.second << " noticed\n";
  }
  // What every read goes through is noticed every time; a damaged configuration or expiry has a
  // copy or no influence, and parts of packs are not read for these backups (footers, trailers).
  for (const char* name : {"man", "ref", "dec", "ses"}) {
    EXPECT_EQ(seen[name].first, seen[name].second) << name;
  }
  EXPECT_GT(seen["p"].second, seen["p"].first / 2);
  EXPECT_GT(seen["m"].second, seen["m"].first / 4);
}

TEST_F(BackupTamper, TruncatedAndLengthenedObjectsAreNeverReturned) {
  for (const std::string& key : vault_.own_store.Keys()) {
    const size_t size = vault_.own_store.Get(key, 64 << 20)->size();
    for (const size_t keep : {size_t{0}, size / 3, size - 1}) {
      WithChange(key, "cut to " + std::to_string(keep),
                 [keep](Bytes& bytes) { bytes.resize(keep); });
    }
    WithChange(key, "one byte more", [](Bytes& bytes) { bytes.push_back(0); });
  }
}

TEST_F(BackupTamper, ObjectsInEachOthersPlaceAreNeverReturned) {
  TestVault other(77);
  std::map<BackupId, TestTree> other_trees;
  Add(other, trees_.begin()->second, &other_trees);
  std::vector<Bytes> foreign;
  std::vector<std::string> foreign_class;
  for (TestVault* vault : {&vault_, &other}) {
    for (const std::string& key : vault->own_store.Keys()) {
      foreign.push_back(*vault->own_store.Get(key, 64 << 20));
      foreign_class.push_back(ClassOf(key));
    }
  }
  uint64_t noticed = 0;
  uint64_t tried = 0;
  for (const std::string& key : vault_.own_store.Keys()) {
    for (size_t i = 0; i < foreign.size(); ++i) {
      // Every object of the same class, and one in eight of the others.
      if (foreign_class[i] != ClassOf(key) && i % 8 != 0) continue;
      ++tried;
      noticed += WithChange(key, "exchange", [&](Bytes& bytes) { bytes = foreign[i]; }) ? 1U : 0U;
    }
  }
  std::cout << tried << " exchanges, " << noticed << " noticed\n";
  EXPECT_GT(noticed, tried / 2);
}

}  // namespace
}  // namespace pgkeep::repository
