#include "base/mapped_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <utility>

#include "base/error.h"
#include "testing/temporary_directory.h"

namespace pgkeep {
namespace {

TEST(MappedFile, ShowsTheWholeFile) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.Join("file");
  const std::string text(100'000, 'x');
  std::ofstream(path) << text;
  auto mapped = MappedFile::Open(path, text.size());
  ASSERT_TRUE(mapped.ok()) << mapped.error().Describe();
  const MappedFile moved = std::move(mapped).value();
  EXPECT_EQ(AsText(moved.bytes()), text);
}

TEST(MappedFile, AnEmptyFileHasNoBytes) {
  const testing::TemporaryDirectory directory;
  std::ofstream(directory.Join("file")).flush();
  EXPECT_TRUE(MappedFile::Open(directory.Join("file"), 0)->bytes().empty());
}

TEST(MappedFile, RefusesWhatIsTooLongOrNotThere) {
  const testing::TemporaryDirectory directory;
  std::ofstream(directory.Join("file")) << "1234";
  EXPECT_EQ(MappedFile::Open(directory.Join("file"), 3).error().code(), ErrorCode::kLimitExceeded);
  EXPECT_EQ(MappedFile::Open(directory.Join("none"), 3).error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace pgkeep
