// What is special about directories: errors of the file system, things in the tree that are not
// ours, and what happens when the disk fails. The promises common to all stores are in
// store_conformance_test.cc.
#include "storage/directory_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "base/error.h"
#include "storage/store_util.h"
#include "testing/faulty_file_system.h"
#include "testing/forwarding_file_system.h"
#include "testing/store_conformance_cases.h"
#include "testing/temporary_directory.h"

namespace pgkeep::storage {
namespace {

using testing::FaultyFileSystem;
using testing::FileCall;
using testing::FileFault;
using testing::FileFaultAction;
using testing::ForwardingFileSystem;
using testing::kForEver;
using testing::ListKeys;
using testing::TemporaryDirectory;

class DirectoryStoreTest : public ::testing::Test {
 protected:
  DirectoryStoreTest() : faulty_(PosixFileSystem()), root_(directory_.Join("repository")) {}

  std::unique_ptr<ObjectStore> Open(FileSystem& files, bool create = true) {
    auto store = OpenDirectoryStore(files, {.path = root_, .create = create});
    EXPECT_TRUE(store.ok()) << store.error().Describe();
    return store.ok() ? std::move(store).value() : nullptr;
  }
  std::unique_ptr<ObjectStore> Open() { return Open(PosixFileSystem()); }

  std::string Path(std::string_view name) const { return root_ + "/" + std::string(name); }

  // Names in the temporary directory, without those that a live writer keeps there.
  size_t LeftTemporaries() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(Path("+tmp"))) {
      if (entry.path().extension() != ".lock") ++count;
    }
    return count;
  }

  // An error that a user can act on: the code, the place, and what to do.
  template <class Outcome>
  void ExpectExplained(const Outcome& outcome, ErrorCode code, std::string_view hint) {
    ASSERT_FALSE(outcome.ok());
    const Error& error = outcome.error();
    EXPECT_EQ(CodeName(error.code()), CodeName(code)) << error.Describe();
    EXPECT_NE(error.ToString().find(directory_.path()), std::string::npos) << error.Describe();
    EXPECT_NE(error.hint().find(hint), std::string::npos) << error.Describe();
  }

  const TemporaryDirectory directory_;
  FaultyFileSystem faulty_;
  const std::string root_;
};

TEST_F(DirectoryStoreTest, KeepsObjectsAsPlainFilesForTheOwnerAlone) {
  const auto store = Open();
  ASSERT_TRUE(store->CreateIfAbsent("p/s/1", AsBytes("content")).ok());
  std::ifstream file(Path("p/s/1"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "content");
  struct stat info = {};
  ASSERT_EQ(::stat(Path("p/s/1").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_EQ(info.st_nlink, 1U);
  ASSERT_EQ(::stat(Path("p/s").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
  EXPECT_EQ(LeftTemporaries(), 0U);
}

TEST_F(DirectoryStoreTest, ClosingLeavesNothingBehind) {
  Open()->CreateIfAbsent("a", {}).value();
  EXPECT_TRUE(std::filesystem::is_empty(Path("+tmp")));
}

TEST_F(DirectoryStoreTest, OpensOnlyWhatIsThere) {
  ExpectExplained(OpenDirectoryStore(PosixFileSystem(), {.path = root_}), ErrorCode::kNotFound,
                  "mounted");
  std::ofstream(root_) << "a file";
  ExpectExplained(OpenDirectoryStore(PosixFileSystem(), {.path = root_}),
                  ErrorCode::kInvalidArgument, "directory");
  const auto relative = OpenDirectoryStore(PosixFileSystem(), {.path = "relative"});
  ASSERT_FALSE(relative.ok());
  EXPECT_EQ(relative.error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(DirectoryStoreTest, CreatesMissingParentsAndAcceptsATrailingSlash) {
  const std::string path = directory_.Join("a/b/c/");
  const auto store = OpenDirectoryStore(PosixFileSystem(), {.path = path, .create = true});
  ASSERT_TRUE(store.ok()) << store.error().Describe();
  EXPECT_EQ((*store)->Url(), "file://" + directory_.Join("a/b/c"));
  EXPECT_TRUE((*store)->CreateIfAbsent("x", {}).ok());
}

// What root leaves with mode 0600 in the repository of a service account, that account cannot read.
TEST_F(DirectoryStoreTest, RootChangesNothingOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a directory away";
  Open()->CreateIfAbsent("a/b", AsBytes("x")).value();
  for (const char* name : {"", "+tmp", "a", "a/b"}) {
    ASSERT_EQ(::chown(Path(name).c_str(), 1, 1), 0);  // "daemon" on Debian
  }
  const auto store = Open(PosixFileSystem(), false);
  EXPECT_TRUE(store->Get("a/b", 10).ok());
  ExpectExplained(store->CreateIfAbsent("c", {}), ErrorCode::kRefused, "sudo -u daemon pgkeep");
  ExpectExplained(store->Put("c", {}), ErrorCode::kRefused, "sudo -u daemon pgkeep");
  ExpectExplained(store->Delete("a/b"), ErrorCode::kRefused, "sudo -u daemon pgkeep");
  EXPECT_EQ(RequireOwnUser(*store).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(ListKeys(*store, "", 10), std::vector<std::string>{"a/b"});
  // Nor is a new repository made for it.
  std::filesystem::remove(Path("+tmp"));
  ExpectExplained(OpenDirectoryStore(PosixFileSystem(), {.path = root_, .create = true}),
                  ErrorCode::kRefused, "sudo -u daemon pgkeep");
  EXPECT_FALSE(std::filesystem::exists(Path("+tmp")));
}

TEST_F(DirectoryStoreTest, RootMayBeALink) {
  std::filesystem::create_directory(directory_.Join("real"));
  std::filesystem::create_symlink("real", root_);
  const auto store = Open();
  ASSERT_TRUE(store->CreateIfAbsent("a/b", AsBytes("x")).ok());
  EXPECT_TRUE(std::filesystem::exists(directory_.Join("real/a/b")));
  EXPECT_EQ(ListKeys(*store, "", 10), std::vector<std::string>{"a/b"});
}

TEST_F(DirectoryStoreTest, LinksBelowTheRootAreNeverFollowed) {
  const auto store = Open();
  const std::string outside = directory_.Join("outside");
  std::filesystem::create_directory(outside);
  std::ofstream(outside + "/secret") << "secret";
  std::filesystem::create_symlink(outside, Path("dir"));
  std::filesystem::create_symlink(outside + "/secret", Path("file"));
  std::filesystem::create_symlink(outside + "/missing", Path("dangling"));

  Bytes one(1);
  for (const char* key : {"dir/secret", "file", "dangling", "dir"}) {
    SCOPED_TRACE(key);
    ExpectExplained(store->Get(key, 100), ErrorCode::kRefused, "link");
    ExpectExplained(store->GetRange(key, 0, one), ErrorCode::kRefused, "link");
    ExpectExplained(store->Head(key), ErrorCode::kRefused, "link");
    ExpectExplained(store->CreateIfAbsent(key, one), ErrorCode::kRefused, "link");
    ExpectExplained(store->Put(key, one), ErrorCode::kRefused, "link");
    ExpectExplained(store->Delete(key), ErrorCode::kRefused, "link");
  }
  ExpectExplained(store->CreateIfAbsent("dir/new", one), ErrorCode::kRefused, "link");
  ExpectExplained(store->CreateIfAbsent("dir/new/deeper", one), ErrorCode::kRefused, "link");
  EXPECT_TRUE(ListKeys(*store, "", 10).empty());
  EXPECT_TRUE(ListKeys(*store, "dir/", 10).empty());
  EXPECT_TRUE(ListKeys(*store, "dir/secret", 10).empty());
  EXPECT_TRUE(std::filesystem::is_symlink(Path("file")));
  EXPECT_FALSE(std::filesystem::exists(outside + "/new"));
  EXPECT_TRUE(std::filesystem::exists(outside + "/secret"));
}

// Opening a pipe for reading would wait for a writer for ever.
TEST_F(DirectoryStoreTest, PipesAreRefusedWithoutBlocking) {
  const auto store = Open();
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  ExpectExplained(store->Get("pipe", 100), ErrorCode::kRefused, "link");
  ExpectExplained(store->CreateIfAbsent("pipe", {}), ErrorCode::kRefused, "link");
  EXPECT_TRUE(ListKeys(*store, "", 10).empty());
}

TEST_F(DirectoryStoreTest, NamesThatAreNoKeysAreNotListed) {
  const auto store = Open();
  ASSERT_TRUE(store->CreateIfAbsent("a/b", {}).ok());
  for (const char* name : {"lost+found", ".snapshot", "with space", "a/.nfs000123", "a/b~"}) {
    std::filesystem::create_directories(Path(name));
    std::ofstream(Path(name) + "/inside") << "x";
  }
  std::ofstream(Path("+tmp/0123456789abcdef-1")) << "x";
  EXPECT_EQ(ListKeys(*store, "", 10), std::vector<std::string>{"a/b"});
}

TEST_F(DirectoryStoreTest, FileWhereADirectoryIsNeededIsAConflict) {
  const auto store = Open();
  ASSERT_TRUE(store->CreateIfAbsent("a", {}).ok());
  ASSERT_TRUE(store->CreateIfAbsent("g/b", {}).ok());
  ExpectExplained(store->CreateIfAbsent("a/b", {}), ErrorCode::kConflict, "same name");
  ExpectExplained(store->CreateIfAbsent("a/b/c/d", {}), ErrorCode::kConflict, "same name");
  ExpectExplained(store->Put("a/b", {}), ErrorCode::kConflict, "same name");
  ExpectExplained(store->CreateIfAbsent("g", {}), ErrorCode::kConflict, "same name");
  ExpectExplained(store->Put("g", {}), ErrorCode::kConflict, "same name");
}

// The mount point of a disk that is gone is an empty directory: nothing may be created in it, and
// nothing may be reported missing.
TEST_F(DirectoryStoreTest, UnmountedDiskIsNotAnEmptyStore) {
  const auto store = Open();
  ASSERT_TRUE(store->CreateIfAbsent("dec/a", AsBytes("x")).ok());
  std::filesystem::rename(root_, root_ + ".unmounted");
  std::filesystem::create_directory(root_);
  ExpectExplained(store->Get("dec/a", 10), ErrorCode::kUnavailable, "mounted");
  ExpectExplained(store->Head("dec/a"), ErrorCode::kUnavailable, "mounted");
  ExpectExplained(store->List("", "", 10), ErrorCode::kUnavailable, "mounted");
  ExpectExplained(store->CreateIfAbsent("dec/b", {}), ErrorCode::kUnavailable, "mounted");
  ExpectExplained(store->Put("dec/b", {}), ErrorCode::kUnavailable, "mounted");
  EXPECT_TRUE(std::filesystem::is_empty(root_));
  std::filesystem::remove(root_);
  ExpectExplained(store->List("", "", 10), ErrorCode::kUnavailable, "mounted");
  std::filesystem::rename(root_ + ".unmounted", root_);
  EXPECT_TRUE(store->Get("dec/a", 10).ok());
}

TEST_F(DirectoryStoreTest, CopyWithoutItsTemporaryDirectoryCanOnlyBeRead) {
  Open()->CreateIfAbsent("dec/a", AsBytes("x")).value();
  std::filesystem::remove(Path("+tmp"));
  const auto store = Open(PosixFileSystem(), false);
  EXPECT_TRUE(store->Get("dec/a", 10).ok());
  EXPECT_EQ(ListKeys(*store, "", 10), std::vector<std::string>{"dec/a"});
  ExpectExplained(store->CreateIfAbsent("dec/b", {}), ErrorCode::kNotFound, "+tmp");
}

TEST_F(DirectoryStoreTest, ReadOnlyFileSystemCanBeRead) {
  Open()->CreateIfAbsent("dec/a", AsBytes("x")).value();
  for (const FileCall call :
       {FileCall::kCreateNew, FileCall::kCreateDirectory, FileCall::kRemove}) {
    faulty_.AddFault({.call = call, .times = kForEver, .os_errno = EROFS});
  }
  const auto store = Open(faulty_, false);
  EXPECT_FALSE(store->features().can_delete);
  EXPECT_TRUE(store->Get("dec/a", 10).ok());
  EXPECT_EQ(ListKeys(*store, "", 10), std::vector<std::string>{"dec/a"});
  ExpectExplained(store->CreateIfAbsent("dec/b", {}), ErrorCode::kPermission, "read-only");
  ExpectExplained(store->Put("dec/b", {}), ErrorCode::kPermission, "read-only");
  ExpectExplained(store->Delete("dec/a"), ErrorCode::kPermission, "read-only");
  ExpectExplained(store->ServerTime(), ErrorCode::kPermission, "read-only");
}

TEST_F(DirectoryStoreTest, SystemErrorsAreExplained) {
  const auto store = Open(faulty_);
  ASSERT_TRUE(store->CreateIfAbsent("dec/a", AsBytes("x")).ok());
  int groups = 0;
  struct Case {
    FileCall call;
    int os_errno;
    ErrorCode code;
    const char* hint;
  };
  for (const Case& expected : {
           Case{FileCall::kWrite, ENOSPC, ErrorCode::kOutOfSpace, "free space"},
           Case{FileCall::kCreateNew, ENOSPC, ErrorCode::kOutOfSpace, "free space"},
           Case{FileCall::kWrite, EDQUOT, ErrorCode::kOutOfSpace, "quota"},
           Case{FileCall::kCreateNew, EACCES, ErrorCode::kPermission, "user"},
           Case{FileCall::kCreateDirectory, EROFS, ErrorCode::kPermission, "read-only"},
           Case{FileCall::kWrite, EIO, ErrorCode::kIo, "kernel log"},
           Case{FileCall::kSync, EIO, ErrorCode::kIo, "kernel log"},
           Case{FileCall::kLink, ENOSPC, ErrorCode::kOutOfSpace, "free space"},
           Case{FileCall::kCreateNew, EMFILE, ErrorCode::kIo, "ulimit"},
       }) {
    SCOPED_TRACE(std::string(testing::FileCallName(expected.call)) + " errno " +
                 std::to_string(expected.os_errno));
    faulty_.Reset();
    faulty_.AddFault({.call = expected.call, .os_errno = expected.os_errno});
    // A new group each time, so that the call is made.
    const std::string key = "new" + std::to_string(++groups) + "/a";
    ExpectExplained(store->CreateIfAbsent(key, Bytes(10)), expected.code, expected.hint);
    EXPECT_EQ(faulty_.fired(), 1U);
    EXPECT_EQ(LeftTemporaries(), 0U);
  }
  faulty_.Reset();
  faulty_.AddFault({.call = FileCall::kRead, .os_errno = EIO});
  ExpectExplained(store->Get("dec/a", 10), ErrorCode::kIo, "kernel log");
  faulty_.AddFault({.call = FileCall::kOpenRead, .os_errno = EACCES});
  ExpectExplained(store->Get("dec/a", 10), ErrorCode::kPermission, "user");
  faulty_.AddFault({.call = FileCall::kReadDirectory, .os_errno = EACCES});
  ExpectExplained(store->List("", "", 10), ErrorCode::kPermission, "user");
  faulty_.AddFault({.call = FileCall::kSpace, .os_errno = EIO});
  ExpectExplained(store->FreeBytes(), ErrorCode::kIo, "kernel log");
  EXPECT_EQ(ListKeys(*store, "", 10), std::vector<std::string>{"dec/a"});
}

TEST_F(DirectoryStoreTest, FullDiskLeavesNothingAndRecovers) {
  const auto store = Open(faulty_);
  faulty_.LimitSpace(1000);
  ExpectExplained(store->CreateIfAbsent("p/a", Bytes(1001)), ErrorCode::kOutOfSpace, "free space");
  EXPECT_EQ(LeftTemporaries(), 0U);
  faulty_.Reset();
  EXPECT_TRUE(store->CreateIfAbsent("p/a", Bytes(1001)).ok());
}

TEST_F(DirectoryStoreTest, ShortenedFilesAreCorruption) {
  const auto store = Open(faulty_);
  ASSERT_TRUE(store->CreateIfAbsent("p/a", Bytes(100)).ok());
  Bytes out(50);
  faulty_.AddFault(
      {.action = FileFaultAction::kShort, .call = FileCall::kRead, .times = 2, .bytes = 10});
  ExpectExplained(store->Get("p/a", 100), ErrorCode::kCorruption, "shortened");
  ExpectExplained(store->GetRange("p/a", 0, out), ErrorCode::kCorruption, "shortened");
}

// Any failure of any single call must leave the object whole or absent, and success only when it is
// there: the sweep fails the first call, then the second, until a creation needs no more calls.
TEST_F(DirectoryStoreTest, NoSingleFailureBreaksACreation) {
  const Bytes content = testing::Pattern(1, 1000);
  for (const FileFaultAction action : {FileFaultAction::kFailBefore, FileFaultAction::kFailAfter}) {
    uint64_t nth = 1;
    uint64_t fired = 0;
    for (bool reached = true; reached; ++nth) {
      SCOPED_TRACE("call " + std::to_string(nth));
      const std::string key = "g" + std::to_string(nth) + std::to_string(int(action)) + "/a";
      faulty_.Reset();
      const auto store = Open(faulty_);
      faulty_.Reset();
      faulty_.AddFault({.action = action, .nth = nth});
      const auto created = store->CreateIfAbsent(key, content);
      reached = faulty_.calls() >= nth;
      fired += faulty_.fired();
      faulty_.Reset();
      const auto found = Open()->Get(key, content.size());
      if (found.ok()) {
        EXPECT_TRUE(BytesEqual(*found, content));
        EXPECT_TRUE(created.ok() || created.error().code() == ErrorCode::kUnavailable ||
                    created.error().code() == ErrorCode::kAlreadyExists)
            << created.error().Describe();
      } else {
        EXPECT_EQ(found.error().code(), ErrorCode::kNotFound);
        EXPECT_FALSE(created.ok()) << "acknowledged, but not there";
      }
    }
    EXPECT_GT(fired, 10U) << "the sweep has injected next to nothing";
  }
}

TEST_F(DirectoryStoreTest, FailedDirectorySyncIsUnknownAndFinal) {
  const auto store = Open(faulty_);
  ASSERT_TRUE(store->CreateIfAbsent("dec/a", AsBytes("x")).ok());
  faulty_.Reset();
  faulty_.AddFault({.call = FileCall::kSyncDirectory});
  ExpectExplained(store->CreateIfAbsent("dec/b", AsBytes("y")), ErrorCode::kUnavailable, "kernel");
  // The next sync would succeed, but it cannot be believed.
  ExpectExplained(store->CreateIfAbsent("dec/b", AsBytes("y")), ErrorCode::kIo, "kernel log");
  ExpectExplained(store->Put("dec/c", {}), ErrorCode::kIo, "kernel log");
  ExpectExplained(store->Delete("dec/a"), ErrorCode::kIo, "kernel log");
  EXPECT_TRUE(store->Get("dec/a", 10).ok());
}

// "It exists" must be as durable as "it is created": the caller may compare and go on.
TEST_F(DirectoryStoreTest, SyncsTheDirectoryBeforeSayingThatAnObjectExists) {
  ASSERT_TRUE(Open()->CreateIfAbsent("dec/a", AsBytes("x")).ok());
  const auto store = Open(faulty_);
  ASSERT_FALSE(store->CreateIfAbsent("dec/a", AsBytes("x")).ok());
  const uint64_t before = faulty_.calls(FileCall::kSyncDirectory);
  const auto exists = store->CreateIfAbsent("dec/a", AsBytes("x"));
  ASSERT_FALSE(exists.ok());
  EXPECT_EQ(exists.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(faulty_.calls(FileCall::kSyncDirectory), before + 1);
  // What is refused anyway is not written first.
  EXPECT_EQ(faulty_.calls(FileCall::kWrite), 0U);
}

// Lets a rival create the object at the worst moment: when the first writer has looked, found
// nothing, and is writing.
class RivalFileSystem : public ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;

  void Arm(std::function<void()> rival) { rival_ = std::move(rival); }

  Result<std::unique_ptr<File>> CreateNew(const std::string& path, uint32_t mode) override {
    if (rival_) std::exchange(rival_, nullptr)();
    return inner().CreateNew(path, mode);
  }

 private:
  std::function<void()> rival_;
};

TEST_F(DirectoryStoreTest, NeverReplacesAnObjectThatAppearsAtTheLastMoment) {
  for (const bool has_links : {true, false}) {
    faulty_.Reset();
    if (!has_links) {
      faulty_.AddFault(
          {.call = FileCall::kLink, .times = kForEver, .code = ErrorCode::kUnsupported});
    }
    RivalFileSystem files(faulty_);
    const auto store = Open(files);
    const std::string key = has_links ? "dec/linked" : "dec/renamed";
    ASSERT_TRUE(store->CreateIfAbsent(key + "-warm-up", {}).ok());
    files.Arm([&] { ASSERT_TRUE(Open()->CreateIfAbsent(key, AsBytes("hers")).ok()); });
    const auto created = store->CreateIfAbsent(key, AsBytes("mine"));
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().code(), ErrorCode::kAlreadyExists);
    EXPECT_EQ(AsText(store->Get(key, 10).value()), "hers");
    EXPECT_EQ(LeftTemporaries(), 0U);
  }
}

// An NFS client repeats a request whose answer was lost, and gets the error that it now deserves.
TEST_F(DirectoryStoreTest, KnowsItsOwnLinkWhenTheNetworkRepeatsTheRequest) {
  faulty_.AddFault({.action = FileFaultAction::kFailAfter,
                    .call = FileCall::kLink,
                    .path_contains = "dec/a",
                    .os_errno = EEXIST});
  const auto store = Open(faulty_);
  const auto created = store->CreateIfAbsent("dec/a", AsBytes("mine"));
  EXPECT_TRUE(created.ok()) << created.error().Describe();
  EXPECT_EQ(faulty_.fired(), 1U);
  EXPECT_EQ(AsText(Open()->Get("dec/a", 10).value()), "mine");
}

TEST_F(DirectoryStoreTest, FeaturesTellWhetherAnythingCanBePublished) {
  EXPECT_TRUE(Open()->features().conditional_create);
  faulty_.AddFault({.call = FileCall::kLink, .times = kForEver, .code = ErrorCode::kUnsupported});
  EXPECT_TRUE(Open(faulty_)->features().conditional_create);
  faulty_.AddFault(
      {.call = FileCall::kRenameNoReplace, .times = kForEver, .code = ErrorCode::kUnsupported});
  const auto store = Open(faulty_);
  EXPECT_FALSE(store->features().conditional_create);
  ExpectExplained(store->CreateIfAbsent("a", {}), ErrorCode::kUnsupported, "ext4");
  EXPECT_TRUE(store->Put("a", {}).ok());
}

// Finds every name in any case.
class CaselessFileSystem : public ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;
  Result<FileInfo> StatNoFollow(const std::string& path) override {
    if (path.ends_with("/+TMP")) {
      return inner().StatNoFollow(path.substr(0, path.size() - 4) + "+tmp");
    }
    return inner().StatNoFollow(path);
  }
};

TEST_F(DirectoryStoreTest, RefusesFileSystemsThatIgnoreCase) {
  CaselessFileSystem caseless(PosixFileSystem());
  ExpectExplained(OpenDirectoryStore(caseless, {.path = root_, .create = true}),
                  ErrorCode::kUnsupported, "ext4");
}

TEST_F(DirectoryStoreTest, RecreatesADirectoryThatSomebodyRemoved) {
  const auto store = Open();
  ASSERT_TRUE(store->CreateIfAbsent("p/s/1", {}).ok());
  std::filesystem::remove_all(Path("p"));
  const auto created = store->CreateIfAbsent("p/s/2", AsBytes("x"));
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  EXPECT_EQ(ListKeys(*store, "", 10), std::vector<std::string>{"p/s/2"});
}

TEST_F(DirectoryStoreTest, FreeBytesAreThoseOfTheFileSystem) {
  const auto free = Open()->FreeBytes();
  ASSERT_TRUE(free.ok() && *free);
  EXPECT_LE(**free, PosixFileSystem().Space(root_).value().total);
}

// A create costs one file sync and, once the directory is known, one directory sync.
TEST_F(DirectoryStoreTest, CreationCostsTwoSyncs) {
  const auto store = Open(faulty_);
  ASSERT_TRUE(store->CreateIfAbsent("p/s/1", Bytes(10)).ok());
  faulty_.Reset();
  ASSERT_TRUE(store->CreateIfAbsent("p/s/2", Bytes(10)).ok());
  EXPECT_EQ(faulty_.calls(FileCall::kSync), 1U);
  EXPECT_EQ(faulty_.calls(FileCall::kSyncDirectory), 1U);
  EXPECT_EQ(faulty_.calls(FileCall::kWrite), 1U);
  EXPECT_LE(faulty_.calls(), 16U);
}

}  // namespace
}  // namespace pgkeep::storage
