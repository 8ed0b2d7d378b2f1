#include "base/work_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/file_util.h"
#include "testing/forwarding_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kPrefix[] = "work-";

class WorkDirectoryTest : public ::testing::Test {
 protected:
  using Made = Result<std::unique_ptr<WorkDirectory>>;

  Made Make(FileSystem& files = PosixFileSystem()) {
    return WorkDirectory::Make(files, parent_.path(), kPrefix, [&](MutableByteSpan out) {
      std::ranges::fill(out, next_);
      ++next_;
    });
  }
  void Write(const std::string& path) {
    ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), path, AsBytes("x"), 0600, false).ok());
  }
  std::vector<std::string> Left() {
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : *PosixFileSystem().ReadDirectory(parent_.path())) {
      names.push_back(entry.name);
    }
    return names;
  }
  static std::string Name(const std::string& pair) {
    std::string name = kPrefix;
    for (int i = 0; i < 16; ++i) name += pair;
    return name;
  }

  const testing::TemporaryDirectory parent_;
  uint8_t next_ = 1;
};

TEST_F(WorkDirectoryTest, GoesWithAllThatIsInIt) {
  const testing::TemporaryDirectory elsewhere;
  Write(elsewhere.Join("kept"));
  {
    const Made work = Make();
    ASSERT_TRUE(work.ok()) << work.error().Describe();
    EXPECT_EQ((*work)->path(), parent_.Join(Name("01")));
    EXPECT_EQ(PosixFileSystem().Stat((*work)->path())->mode & 0777, 0700u);
    ASSERT_TRUE(CreateDirectories(PosixFileSystem(), (*work)->path() + "/a/b", 0700).ok());
    Write((*work)->path() + "/a/b/file");
    ASSERT_EQ(::symlink(elsewhere.path().c_str(), ((*work)->path() + "/link").c_str()), 0);
  }
  EXPECT_THAT(Left(), IsEmpty());
  EXPECT_TRUE(PosixFileSystem().Stat(elsewhere.Join("kept")).ok());
}

// Locked belongs to somebody who lives; another name to somebody else.
TEST_F(WorkDirectoryTest, RemovesWhatKilledProcessesHaveLeft) {
  const Made alive = Make();
  ASSERT_TRUE(alive.ok());
  for (const std::string& name : {Name("dd"), std::string("work-notes"), "other-" + Name("dd")}) {
    ASSERT_TRUE(CreateDirectories(PosixFileSystem(), parent_.Join(name) + "/sub", 0700).ok());
    Write(parent_.Join(name) + "/sub/file");
  }
  Write(parent_.Join(Name("ee")));
  const Made next = Make();
  ASSERT_TRUE(next.ok());
  EXPECT_THAT(Left(), UnorderedElementsAre(Name("01"), Name("02"), "work-notes",
                                           "other-" + Name("dd"), Name("ee")));
}

TEST_F(WorkDirectoryTest, DoesNotFollowALinkThatLooksLikeOne) {
  const testing::TemporaryDirectory elsewhere;
  Write(elsewhere.Join("kept"));
  ASSERT_EQ(::symlink(elsewhere.path().c_str(), parent_.Join(Name("dd")).c_str()), 0);
  ASSERT_TRUE(Make().ok());
  EXPECT_THAT(Left(), ElementsAre(Name("dd")));
  EXPECT_TRUE(PosixFileSystem().Stat(elsewhere.Join("kept")).ok());
}

// Another process that tidies up gets hold of the new directory before it is locked.
TEST_F(WorkDirectoryTest, TriesAgainWhenItsDirectoryIsTakenAway) {
  class Rival final : public testing::ForwardingFileSystem {
   public:
    using ForwardingFileSystem::ForwardingFileSystem;
    Status CreateDirectory(const std::string& path, uint32_t mode) override {
      PGK_TRY(inner().CreateDirectory(path, mode));
      return ++made <= 2 ? inner().RemoveDirectory(path) : Ok();
    }
    int made = 0;
  };
  Rival files(PosixFileSystem());
  const Made work = Make(files);
  ASSERT_TRUE(work.ok()) << work.error().Describe();
  EXPECT_EQ(files.made, 3);
  EXPECT_EQ((*work)->path(), parent_.Join(Name("03")));
}

TEST_F(WorkDirectoryTest, SaysWhyNoneCanBeMade) {
  const Made work = WorkDirectory::Make(PosixFileSystem(), parent_.Join("nowhere"), kPrefix,
                                        [](MutableByteSpan) {});
  ASSERT_FALSE(work.ok());
  EXPECT_EQ(work.error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace pgkeep
