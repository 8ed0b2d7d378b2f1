// What is damaged or lost in a base costs storing it again, once; and never another backup.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_util.h"
#include "repository/data_test_kit.h"
#include "repository/directory_node.h"
#include "repository/node_store.h"
#include "repository/object_names.h"
#include "repository/pack_windows.h"
#include "repository/stream_map.h"
#include "repository/verify_structure.h"
#include "storage/counting_store.h"
#include "testing/faulty_store.h"
#include "testing/forwarding_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

using storage::StoreOperation;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;

#define ASSERT_OK(expression)                                    \
  do {                                                           \
    const auto& ok_result = (expression);                        \
    ASSERT_TRUE(ok_result.ok()) << ok_result.error().Describe(); \
  } while (false)

class BackupHeal : public ::testing::Test {
 protected:
  BackupHeal() { tree_["db"]["t"] = TestPages(11, 200); }

  // A backup by a process that knows nothing yet.
  Result<TestBackup> Write() { return WriteTree(*vault_.Open(), tree_); }

  void ExpectReadable(const BackupId& id) {
    const auto read = ReadTree(*vault_.Open(), id);
    ASSERT_OK(read);
    EXPECT_EQ(*read, tree_);
  }

  // How many problems a check of this backup alone finds.
  size_t ProblemsOf(const BackupId& id) {
    const auto repository = vault_.Open();
    VerifyStructureOptions options;
    options.backups = {id};
    const auto report = VerifyStructure(repository->context(), options);
    EXPECT_TRUE(report.ok());
    return report->problems.size();
  }

  void FlipBit(const std::string& key) {
    vault_.own_store.Tamper(key, [](Bytes& bytes) { bytes[bytes.size() / 2] ^= 1; });
  }

  // Damages the frame of a node, and nothing else of its pack.
  void Damage(const NodePointer& pointer) {
    ASSERT_NE(pointer.reference(), nullptr);
    const NodeRef ref = *pointer.reference();
    vault_.own_store.Tamper(ref.pack().Key(),
                            [&](Bytes& bytes) { bytes[ref.offset + ref.clen / 2 + 32] ^= 1; });
  }

  Manifest ManifestOf(const BackupId& id) {
    const auto repository = vault_.Open();
    const auto reader = BackupReader::Open(*repository, id);
    EXPECT_TRUE(reader.ok());
    return (*reader)->manifest();
  }

  TestVault vault_;
  TestTree tree_;
};

TEST_F(BackupHeal, ADamagedReferenceListDoesNotStopTheBackupsToCome) {
  const auto first = Write();
  ASSERT_OK(first);
  FlipBit(ReferenceListKey(first->id));
  ::testing::internal::CaptureStderr();
  const auto second = Write();
  const std::string log = ::testing::internal::GetCapturedStderr();
  ASSERT_OK(second);
  EXPECT_THAT(log, HasSubstr("backup " + first->id.Hex() + " is damaged"));
  EXPECT_EQ(second->bases, 0U);
  EXPECT_EQ(second->new_units, 200U);
  ExpectReadable(second->id);
  const auto third = Write();
  ASSERT_OK(third);
  EXPECT_EQ(third->bases, 1U);
  EXPECT_EQ(third->new_units, 0U);
}

TEST_F(BackupHeal, TheNextOlderBackupTakesThePlaceOfADamagedOne) {
  ASSERT_OK(Write());
  const TestTree before = tree_;
  tree_["db"]["t"].units[0][0] ^= 1;
  const auto second = Write();
  ASSERT_OK(second);
  ASSERT_TRUE(vault_.own_store.Delete(ReferenceListKey(second->id)).ok());
  tree_ = before;
  const auto third = Write();
  ASSERT_OK(third);
  EXPECT_EQ(third->bases, 1U);
  EXPECT_EQ(third->new_units, 0U) << "compared with the first one";
  EXPECT_EQ(ManifestOf(third->id).sequence->counter, 3U) << "the sequence counts it nevertheless";
}

// A data pack that nobody can decrypt is as lost as one that is gone.
class LostWriterKey : public BackupHeal, public ::testing::WithParamInterface<bool> {};

TEST_P(LostWriterKey, OfABaseCostsStoringItsUnitsAgain) {
  const auto first = Write();
  ASSERT_OK(first);
  if (GetParam()) {
    ASSERT_OK(vault_.own_store.Delete(SessionKey(first->id)));
  } else {
    FlipBit(SessionKey(first->id));
  }
  const auto second = Write();
  ASSERT_OK(second);
  EXPECT_EQ(second->new_units, 200U);
  ExpectReadable(second->id);
  EXPECT_EQ(ProblemsOf(second->id), 0U);
  const auto third = Write();
  ASSERT_OK(third);
  EXPECT_EQ(third->new_units, 0U);
  ExpectReadable(third->id);
}

INSTANTIATE_TEST_SUITE_P(BackupHeal, LostWriterKey, ::testing::Bool(), [](const auto& parameter) {
  return parameter.param ? "Missing" : "Damaged";
});

TEST_F(BackupHeal, ALostWriterKeyOfAnOlderBackupCostsItsUnitsOnly) {
  const auto first = Write();
  ASSERT_OK(first);
  for (size_t i = 0; i < 50; ++i) tree_["db"]["t"].units[i][0] ^= 1;
  ASSERT_OK(Write());
  ASSERT_OK(vault_.own_store.Delete(SessionKey(first->id)));
  const auto third = Write();
  ASSERT_OK(third);
  EXPECT_EQ(third->new_units, 150U);
  ExpectReadable(third->id);
  EXPECT_EQ(ProblemsOf(third->id), 0U);
}

TEST_F(BackupHeal, AWriterKeyThatGoesDuringTheBackupPreventsItsCommit) {
  const auto first = Write();
  ASSERT_OK(first);
  tree_["db"]["t"].units[0][0] ^= 1;
  WriteHooks hooks;
  hooks.before_commit = [&](const BackupId&) {
    ASSERT_OK(vault_.own_store.Delete(SessionKey(first->id)));
  };
  const auto second =
      WriteTree(*vault_.Open(), tree_, InlineOptions(), BackupState::kComplete, "app", hooks);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(second.error().message(), HasSubstr(SessionKey(first->id)));
}

TEST_F(BackupHeal, TheOwnWriterKeyIsLookedForToo) {
  ASSERT_OK(Write());
  // Nothing new, so that no pack asks for the key; but the manifest names it.
  WriteHooks hooks;
  hooks.before_commit = [&](const BackupId& id) {
    ASSERT_OK(vault_.own_store.Delete(SessionKey(id)));
  };
  const auto second =
      WriteTree(*vault_.Open(), tree_, InlineOptions(), BackupState::kComplete, "app", hooks);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kConflict);
}

TEST_F(BackupHeal, DamagedFingerprintsAreLookedForOnce) {
  for (int i = 0; i < 40; ++i) {
    tree_["db"]["stream " + std::to_string(i)] = TestPages(static_cast<uint64_t>(50 + i), 3, 512);
  }
  const auto first = Write();
  ASSERT_OK(first);
  const auto repository = vault_.Open();
  const auto reader = BackupReader::Open(*repository, first->id);
  ASSERT_OK(reader);
  std::string prints;
  for (const PackEntry& entry : (*reader)->references().entries()) {
    if (!entry.fingerprints) continue;
    ASSERT_TRUE(prints.empty()) << "one data pack";
    prints = PackName{first->id, PackKind::kMeta, entry.fingerprints->meta_seq}.Key();
    vault_.own_store.Tamper(prints,
                            [&](Bytes& bytes) { bytes[entry.fingerprints->offset + 40] ^= 1; });
  }
  testing::FaultyStore watching(vault_.own_store, vault_.clock);
  const size_t reads = watching.AddRule({.action = testing::FaultAction::kDelay,
                                         .operation = StoreOperation::kGetRange,
                                         .key_contains = prints,
                                         .times = 1'000});
  ::testing::internal::CaptureStderr();
  const auto second = WriteTree(*vault_.Open(false, "", &watching), tree_);
  const std::string log = ::testing::internal::GetCapturedStderr();
  ASSERT_OK(second);
  EXPECT_EQ(second->new_units, 200U + 120U);
  EXPECT_GT(watching.matched(reads), 0U);
  EXPECT_LE(watching.matched(reads), 3U);
  EXPECT_THAT(log, HasSubstr("are damaged, so its units are stored again"));
  EXPECT_EQ(log.find("stored again"), log.rfind("stored again")) << log;
  ExpectReadable(second->id);
}

TEST_F(BackupHeal, FingerprintsThatCannotBeReadNowAreNoReasonToStoreEverything) {
  const auto first = Write();
  ASSERT_OK(first);
  const auto repository = vault_.Open();
  const auto reader = BackupReader::Open(*repository, first->id);
  ASSERT_OK(reader);
  std::string prints;
  for (const PackEntry& entry : (*reader)->references().entries()) {
    if (entry.fingerprints) {
      prints = PackName{first->id, PackKind::kMeta, entry.fingerprints->meta_seq}.Key();
    }
  }
  testing::FaultyStore faulty(vault_.own_store, vault_.clock);
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                                      .operation = StoreOperation::kGetRange,
                                      .key_contains = prints,
                                      .times = 1'000,
                                      .code = ErrorCode::kPermission});
  const auto second = WriteTree(*vault_.Open(false, "", &faulty), tree_);
  EXPECT_GT(faulty.fired(rule), 0U);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kPermission);
}

// 40 leaves of holes that the next backup writes to the same bytes, below one damaged index node.
TEST_F(BackupHeal, ADamagedIndexNodeIsWrittenAgain) {
  const auto write = [&](storage::ObjectStore* through) -> Result<BackupId> {
    const auto repository = vault_.Open(false, "", through);
    BackupSpec spec;
    spec.source = "app";
    PGK_ASSIGN_OR_RETURN(const auto writer,
                         BackupWriter::Begin(*repository, spec, InlineOptions()));
    PGK_ASSIGN_OR_RETURN(
        const auto subtree,
        writer->OpenSubtree({.name = "db", .snapshot_time = {}, .attributes = {}}));
    StreamSpec stream_spec;
    stream_spec.name = "t";
    stream_spec.unit_size = 8192;
    PGK_ASSIGN_OR_RETURN(const auto stream, subtree->OpenStream(stream_spec));
    PGK_ASSIGN_OR_RETURN(const auto range, stream->OpenRange(0));
    PGK_TRY(range->AppendHoles(40 * uint64_t{16'384}));
    PGK_TRY(range->Close());
    PGK_TRY(stream->Finish());
    PGK_TRY(subtree->Finish());
    PGK_ASSIGN_OR_RETURN(const CommitReceipt receipt, writer->Commit({}));
    return receipt.backup;
  };
  const auto read = [&](const BackupId& id) -> Status {
    const auto repository = vault_.Open();
    PGK_ASSIGN_OR_RETURN(const auto reader, BackupReader::Open(*repository, id));
    PGK_ASSIGN_OR_RETURN(const StreamEntry entry, reader->FindStream("db", "t"));
    PGK_ASSIGN_OR_RETURN(const auto stream, reader->OpenStream(entry));
    Bytes out(10, 1);
    return stream->ReadAt(20 * uint64_t{16'384} * 8192, out);
  };
  const auto first = write(nullptr);
  ASSERT_OK(first);
  ASSERT_OK(read(*first));
  const auto repository = vault_.Open();
  const auto reader = BackupReader::Open(*repository, *first);
  ASSERT_OK(reader);
  const auto entry = (*reader)->FindStream("db", "t");
  ASSERT_OK(entry);
  Damage(entry->root);
  EXPECT_FALSE(read(*first).ok());

  testing::FaultyStore watching(vault_.own_store, vault_.clock);
  const size_t reads = watching.AddRule({.action = testing::FaultAction::kDelay,
                                         .operation = StoreOperation::kGetRange,
                                         .key_contains = entry->root.reference()->pack().Key(),
                                         .times = 1'000});
  ::testing::internal::CaptureStderr();
  const auto second = write(&watching);
  const std::string log = ::testing::internal::GetCapturedStderr();
  ASSERT_OK(second);
  EXPECT_EQ(log.find("stored again"), log.rfind("stored again")) << log;
  EXPECT_THAT(log, HasSubstr("stored again"));
  EXPECT_LE(watching.matched(reads), 3U);
  ASSERT_OK(read(*second));
}

TEST_F(BackupHeal, ADamagedDirectoryNodeIsWrittenAgain) {
  tree_.clear();
  for (int i = 0; i < 400; ++i) {
    tree_["db"]["stream " + std::to_string(i)].identity = Bytes(2'000, 'i');
  }
  const auto first = Write();
  ASSERT_OK(first);
  const auto repository = vault_.Open();
  NodeStore nodes(repository->context(), nullptr);
  const NodePointer root = ManifestOf(first->id).subtrees.at(0).directory;
  const auto payload = nodes.ReadNode(FrameKind::kDirectory, root);
  ASSERT_OK(payload);
  const auto node = DecodeDirectory(*payload);
  ASSERT_OK(node);
  ASSERT_GT(node->children.size(), 1U);
  Damage(node->children[1].node);
  EXPECT_FALSE(ReadTree(*vault_.Open(), first->id).ok());

  ::testing::internal::CaptureStderr();
  const auto second = Write();
  const std::string log = ::testing::internal::GetCapturedStderr();
  ASSERT_OK(second);
  EXPECT_THAT(log, HasSubstr("a directory of the base backup is damaged"));
  EXPECT_EQ(log.find("directory of the base"), log.rfind("directory of the base")) << log;
  ExpectReadable(second->id);
}

// A disk that lets nobody remove or write.
class ReadOnlyFiles : public testing::ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;
  Status Remove(const std::string& path) override { return ErrnoError(EROFS, path); }
  Result<std::unique_ptr<File>> OpenWrite(const std::string& path, uint32_t /*mode*/) override {
    return ErrnoError(EROFS, path);
  }
};

TEST_F(BackupHeal, ADamagedCopyOnAReadOnlyDiskCostsReadsOnly) {
  TemporaryDirectory directory;
  const auto backup = WriteTree(*vault_.Open(false, directory.path()), tree_);
  ASSERT_OK(backup);
  const std::string cache = directory.path() + "/" + vault_.created->id.Hex() + "/cache";
  const auto entries = PosixFileSystem().ReadDirectory(cache);
  ASSERT_OK(entries);
  ASSERT_FALSE(entries->empty());
  for (const DirectoryEntry& entry : *entries) {
    auto bytes = ReadWholeFile(PosixFileSystem(), cache + "/" + entry.name, 64 << 20);
    ASSERT_OK(bytes);
    for (size_t i = 200; i < bytes->size(); i += 40) (*bytes)[i] ^= 1;
    ASSERT_OK(WriteFileDurably(PosixFileSystem(), cache + "/" + entry.name, *bytes, 0600, true));
  }
  ReadOnlyFiles files(PosixFileSystem());
  RepositoryOptions options;
  options.clock = &vault_.clock;
  options.random = &vault_.random;
  options.state_directory = directory.path();
  options.files = &files;
  const KeyBundle keys = vault_.created->keys.Clone();
  const auto repository = Repository::Open(vault_.own_store, vault_.created->id, &keys, options);
  ASSERT_OK(repository);
  const auto read = ReadTree(**repository, backup->id);
  ASSERT_OK(read);
  EXPECT_EQ(*read, tree_);
}

// Tells when a copy is read, as another thread could find it bad just then.
class WatchedFiles : public testing::ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;
  Result<std::unique_ptr<File>> OpenRead(const std::string& path) override {
    auto file = ForwardingFileSystem::OpenRead(path);
    if (file.ok() && on_read) on_read();
    return file;
  }
  std::function<void()> on_read;
};

TEST_F(BackupHeal, ACopyThatAnotherThreadFoundBadIsNotKeptForLater) {
  TemporaryDirectory directory;
  const auto backup = Write();
  ASSERT_OK(backup);
  const PackName pack{backup->id, PackKind::kMeta, 0};
  WatchedFiles files(PosixFileSystem());
  LocalPackCache cache(files, directory.path());
  cache.Keep(pack, Bytes(4'096, 'x'));
  const auto repository = vault_.Open();
  PackWindows windows(repository->context(), &cache);
  files.on_read = [&] { windows.DistrustCopy(pack); };
  Bytes out(96);
  bool from_local = false;
  ASSERT_OK(windows.Read(pack, 0, out, &from_local));
  EXPECT_TRUE(from_local);
  from_local = false;
  ASSERT_OK(windows.Read(pack, 0, out, &from_local));
  EXPECT_FALSE(from_local);
  EXPECT_NE(out, Bytes(96, 'x'));
}

}  // namespace
}  // namespace pgkeep::repository
