// Memory is bounded by configuration, not by the size of what is backed up: measured, not believed.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/worker_pool.h"
#include "repository/backup_list.h"
#include "repository/backup_tree_walker.h"
#include "repository/backup_writer.h"
#include "repository/data_test_kit.h"
#include "repository/verify_data.h"
#include "repository/verify_structure.h"
#include "testing/memory_store.h"
#include "testing/store_place.h"

namespace pgkeep::repository {
namespace {

// The highest resident memory that this process had, in KiB (proc(5), VmHWM).
uint64_t PeakResidentKib() {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/status", "r"),
                                                   std::fclose);
  std::array<char, 256> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), file.get()) != nullptr) {
    unsigned long long kib = 0;
    if (std::sscanf(line.data(), "VmHWM: %llu", &kib) == 1) return kib;
  }
  return 0;
}

// Runs `work` in a process of its own and returns its peak, or 0 when it failed.
uint64_t PeakOf(const std::function<bool()>& work) {
  std::array<int, 2> pipe_ends{};
  if (::pipe(pipe_ends.data()) != 0) return 0;
  const pid_t child = ::fork();
  if (child == 0) {
    const uint64_t peak = work() ? PeakResidentKib() : 0;
    const bool told = ::write(pipe_ends[1], &peak, sizeof(peak)) == sizeof(peak);
    ::_exit(told ? 0 : 1);
  }
  ::close(pipe_ends[1]);  // or nobody would be told of a child that dies
  uint64_t peak = 0;
  if (::read(pipe_ends[0], &peak, sizeof(peak)) != sizeof(peak)) peak = 0;
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return peak;
}

using Fill = std::function<bool(SubtreeWriter&)>;

// How a backup is made.
struct Setting {
  InitOptions repository = {};
  WriterOptions writer = InlineOptions();
};

bool Backup(TestVault& vault, const Fill& fill, const WriterOptions& options = InlineOptions()) {
  const auto repository = vault.Open();
  BackupSpec spec;
  spec.source = "app";
  auto writer = BackupWriter::Begin(*repository, spec, options);
  if (!writer.ok()) return false;
  SubtreeSpec subtree_spec;
  subtree_spec.name = "db";
  auto subtree = (*writer)->OpenSubtree(subtree_spec);
  return subtree.ok() && fill(**subtree) && (*subtree)->Finish().ok() && (*writer)->Commit({}).ok();
}

// A backup into a new repository.
bool BackupInto(const testing::StorePlace& place, const std::string& name, const Fill& fill,
                const Setting& setting = {}) {
  const auto store = place.Open(name);
  TestVault vault(1, store.get(), setting.repository);
  return Backup(vault, fill, setting.writer);
}

// The peak of a second backup of the same: what it holds of its base. 0 when one of them failed.
uint64_t PeakOfIncrement(const testing::StorePlace& place, const std::string& name,
                         const Fill& fill) {
  const auto store = place.Open(name);
  TestVault vault(1, store.get());
  if (PeakOf([&] { return Backup(vault, fill); }) == 0) return 0;
  // The child's random numbers were drawn from a copy; without this the second would draw the same.
  Bytes behind(64);
  vault.random.Fill(behind);
  return PeakOf([&] { return Backup(vault, fill); });
}

// A stream of zeros with 64 real pages, whatever its size.
bool FillSparse(SubtreeWriter& subtree, uint64_t gib) {
  StreamSpec spec;
  spec.name = "sparse";
  spec.unit_size = 8192;
  auto stream = subtree.OpenStream(spec);
  if (!stream.ok()) return false;
  auto range = (*stream)->OpenRange(0);
  if (!range.ok()) return false;
  constexpr uint64_t kPagesPerGib = (uint64_t{1} << 30) / 8192;
  const uint64_t stride = gib * kPagesPerGib / 64;
  for (uint64_t page = 0; page < gib * kPagesPerGib; page += stride) {
    if (!(*range)->Append(TestUnit(page, 8192)).ok()) return false;
    if (!(*range)->AppendHoles(stride - 1).ok()) return false;
  }
  return (*range)->Close().ok() && (*stream)->Finish().ok();
}

bool FillStreams(SubtreeWriter& subtree, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    StreamSpec spec;
    spec.name = "public.a_table_with_a_name_of_usual_length_" + std::to_string(i);
    spec.identity = Bytes(100, 'c');
    auto stream = subtree.OpenStream(spec);
    if (!stream.ok()) return false;
    auto range = (*stream)->OpenRange(0);
    if (!range.ok() || !(*range)->Append(TestUnit(i, 200)).ok()) return false;
    if (!(*range)->Close().ok() || !(*stream)->Finish().ok()) return false;
  }
  return true;
}

TEST(MemoryBound, AHundredThousandStreamsTakeLessThanTwoKibEach) {
  const testing::StorePlace place;
  const uint64_t few = PeakOf([&] {
    return BackupInto(place, "few", [](SubtreeWriter& s) { return FillStreams(s, 100); });
  });
  const uint64_t many = PeakOf([&] {
    return BackupInto(place, "many", [](SubtreeWriter& s) { return FillStreams(s, 100'000); });
  });
  ASSERT_GT(few, 0U);
  ASSERT_GT(many, 0U);
  std::printf("peak resident: 100 streams %llu KiB, 100,000 streams %llu KiB\n",
              static_cast<unsigned long long>(few), static_cast<unsigned long long>(many));
  EXPECT_LE(many, few + 2 * 100'000);
}

TEST(MemoryBound, AnIncrementOf64GibTakesWhatOneOf4GibTakes) {
  const testing::StorePlace place;
  const uint64_t small =
      PeakOfIncrement(place, "4", [](SubtreeWriter& s) { return FillSparse(s, 4); });
  const uint64_t large =
      PeakOfIncrement(place, "64", [](SubtreeWriter& s) { return FillSparse(s, 64); });
  ASSERT_GT(small, 0U);
  ASSERT_GT(large, 0U);
  std::printf("peak resident, incremental: 4 GiB %llu KiB, 64 GiB %llu KiB\n",
              static_cast<unsigned long long>(small), static_cast<unsigned long long>(large));
  EXPECT_LE(large, small + small / 10);
}

TEST(MemoryBound, AnIncrementOfAHundredThousandStreamsTakesLessThanTwoKibEach) {
  const testing::StorePlace place;
  const uint64_t few =
      PeakOfIncrement(place, "few", [](SubtreeWriter& s) { return FillStreams(s, 100); });
  const uint64_t many =
      PeakOfIncrement(place, "many", [](SubtreeWriter& s) { return FillStreams(s, 100'000); });
  ASSERT_GT(few, 0U);
  ASSERT_GT(many, 0U);
  std::printf("peak resident, incremental: 100 streams %llu KiB, 100,000 streams %llu KiB\n",
              static_cast<unsigned long long>(few), static_cast<unsigned long long>(many));
  EXPECT_LE(many, few + 2 * 100'000);
}

// Many short units: of those the fingerprints are a large part.
bool FillShortUnits(SubtreeWriter& subtree, uint64_t count) {
  StreamSpec spec;
  spec.name = "short";
  spec.unit_size = 16;
  auto stream = subtree.OpenStream(spec);
  if (!stream.ok()) return false;
  auto range = (*stream)->OpenRange(0);
  if (!range.ok()) return false;
  Bytes unit(16, 1);
  for (uint64_t i = 0; i < count; ++i) {
    std::memcpy(unit.data(), &i, sizeof(i));
    if (!(*range)->Append(unit).ok()) return false;
  }
  return (*range)->Close().ok() && (*stream)->Finish().ok();
}

TEST(MemoryBound, FingerprintsOfTheBaseAreHeldUpToALimit) {
  // 16 and 48 MiB of fingerprints; 16 are kept.
  constexpr uint64_t kUnits = uint64_t{2} << 20;
  const testing::StorePlace place;
  const uint64_t some =
      PeakOfIncrement(place, "some", [](SubtreeWriter& s) { return FillShortUnits(s, kUnits); });
  const uint64_t more = PeakOfIncrement(
      place, "more", [](SubtreeWriter& s) { return FillShortUnits(s, 3 * kUnits); });
  ASSERT_GT(some, 0U);
  ASSERT_GT(more, 0U);
  std::printf("peak resident, incremental: %llu units %llu KiB, %llu units %llu KiB\n",
              static_cast<unsigned long long>(kUnits), static_cast<unsigned long long>(some),
              static_cast<unsigned long long>(3 * kUnits), static_cast<unsigned long long>(more));
  EXPECT_LE(more, some + 8 * 1024);
}

// The repository that BackupInto made: its keys follow from the seed.
bool With(const testing::StorePlace& place, const std::string& name,
          const std::function<bool(Repository&)>& work) {
  const auto store = place.Open(name);
  testing::MemoryStore empty;
  TestVault keys(1, &empty);
  const auto repository = keys.Open(false, "", store.get());
  return work(*repository);
}

bool ReadAll(Repository& repository) {
  const auto backups = ListBackups(repository.context());
  if (!backups.ok() || backups->size() != 1) return false;
  const auto reader = BackupReader::Open(repository, backups->front().id);
  if (!reader.ok()) return false;
  uint64_t bytes = 0;
  const Status walked = (*reader)->WalkStreams("db", [&](const StreamEntry& entry) -> Status {
    PGK_ASSIGN_OR_RETURN(const auto stream, (*reader)->OpenStream(entry));
    return stream->ReadUnits(0, entry.units, [&](const UnitPart& part) -> Result<bool> {
      bytes += part.hole ? part.unit_bytes : part.bytes.size();
      return true;
    });
  });
  return walked.ok() && bytes == (*reader)->manifest().subtrees[0].bytes;
}

bool VerifyAll(Repository& repository) {
  BackupTreeWalker walker(repository.context());
  VerifyStructureOptions options;
  options.walker = &walker;
  const auto structure = VerifyStructure(repository.context(), options);
  VerifyDataOptions data_options;
  data_options.open_frames = true;
  const auto data = VerifyData(repository.context(), data_options);
  return structure.ok() && structure->Outcome().ok() && data.ok() && data->Outcome().ok() &&
         data->frames > 0;
}

// A stream of pages that are all different.
bool FillPages(SubtreeWriter& subtree, const std::string& name, uint64_t first, uint64_t pages) {
  StreamSpec spec;
  spec.name = name;
  spec.unit_size = 8192;
  auto stream = subtree.OpenStream(spec);
  if (!stream.ok()) return false;
  auto range = (*stream)->OpenRange(0);
  if (!range.ok()) return false;
  for (uint64_t page = first; page < first + pages; ++page) {
    if (!(*range)->Append(TestUnit(page, 8192)).ok()) return false;
  }
  return (*range)->Close().ok() && (*stream)->Finish().ok();
}

// Two such streams, written at the same time.
bool FillDense(SubtreeWriter& subtree, uint64_t mib) {
  const uint64_t pages = mib * 64;
  std::atomic<int> written = 0;
  WorkerPool pool("fill", 2, 1);
  for (const uint64_t first : {uint64_t{0}, pages}) {
    pool.Submit([&, first] {
      if (FillPages(subtree, "dense" + std::to_string(first), first, pages)) ++written;
    });
  }
  pool.Drain();
  return written == 2;
}

// Writing, reading and verifying `large` may take no more than `small`, and this.
void ExpectSamePeaks(const char* what, const Fill& small, const Fill& large, uint64_t allowance_kib,
                     const Setting& setting = {}) {
  const testing::StorePlace place;
  const auto expect_same = [&](const char* name, const auto& work) {
    const uint64_t less = PeakOf([&] { return work("small", small); });
    const uint64_t more = PeakOf([&] { return work("large", large); });
    ASSERT_GT(less, 0U) << name;
    ASSERT_GT(more, 0U) << name;
    std::printf("peak resident, %s, %s: %llu KiB, %llu KiB\n", what, name,
                static_cast<unsigned long long>(less), static_cast<unsigned long long>(more));
    EXPECT_LE(more, less + allowance_kib) << name;
  };
  expect_same("write", [&](const std::string& store, const Fill& fill) {
    return BackupInto(place, store, fill, setting);
  });
  expect_same("read",
              [&](const std::string& store, const Fill&) { return With(place, store, ReadAll); });
  expect_same("verify",
              [&](const std::string& store, const Fill&) { return With(place, store, VerifyAll); });
}

TEST(MemoryBound, SixtyFourGibTakeWhatFourGibTake) {
  ExpectSamePeaks(
      "sparse 4 and 64 GiB", [](SubtreeWriter& s) { return FillSparse(s, 4); },
      [](SubtreeWriter& s) { return FillSparse(s, 64); }, 1024);
}

// With threads, and more packs than are in memory at a time: about 20 and 80 of 1 MiB. Leaves and
// buffers still fill up, hence a quarter of what there is more. Runs in S3 too, where more requests
// are under way.
TEST(PackMemory, FourTimesAsManyPacksTakeTheSame) {
  Setting setting;
  setting.repository.pack_bytes = 1 << 20;
  setting.writer = {};
  setting.writer.heartbeat_thread = false;  // by a clock that stands still
  ExpectSamePeaks(
      "dense 40 and 160 MiB", [](SubtreeWriter& s) { return FillDense(s, 40); },
      [](SubtreeWriter& s) { return FillDense(s, 160); }, 15 * 1024, setting);
}

}  // namespace
}  // namespace pgkeep::repository
