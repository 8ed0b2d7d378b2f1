// How much memory COPY takes. A program of its own: sanitizers hold on to freed memory.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

#include "postgres/copy_in.h"
#include "postgres/copy_out.h"
#include "postgres/postgres_test_kit.h"

namespace pgkeep::postgres {
namespace {

using testing::PostgresCluster;

constexpr size_t kRow = size_t{64} << 20;

TEST(MemoryBound, CopyOutKeepsOneRow) {
  const auto connection = Connect(PostgresCluster::Shared().Conninfo());
  Result<CopyOut> copy = CopyOut::Start(
      *connection,
      fmt::format("COPY (SELECT repeat('x', {}) FROM generate_series(1, 6)) TO STDOUT", kRow));
  PGK_ASSERT_OK(copy);
  size_t after_first = 0;
  for (int i = 0; i < 6; ++i) {
    const Result<std::optional<ByteSpan>> row = copy->Next();
    PGK_ASSERT_OK(row);
    ASSERT_TRUE(*row);
    EXPECT_EQ((*row)->size(), kRow + 1);
    // The second may still find the buffer too small, as it begins in its middle.
    if (i == 1) after_first = PeakMemoryBytes();
  }
  EXPECT_LT(PeakMemoryBytes(), after_first + kRow / 4);
  const Result<std::optional<ByteSpan>> end = copy->Next();
  PGK_ASSERT_OK(end);
  EXPECT_FALSE(*end);
}

TEST(MemoryBound, CopyInKeepsNothing) {
  const TestDatabase database("big");
  const auto connection = database.Connect();
  PGK_ASSERT_OK(connection->Execute("CREATE TABLE t (a text)"));
  const std::string row = std::string(kRow, 'x') + "\n";
  Result<CopyIn> copy = CopyIn::Start(*connection, "COPY t FROM STDIN");
  PGK_ASSERT_OK(copy);
  const size_t before = PeakMemoryBytes();
  for (int i = 0; i < 4; ++i) PGK_ASSERT_OK(copy->Write(AsBytes(row)));
  EXPECT_EQ(copy->Finish().ValueOr(0U), 4U);
  EXPECT_LT(PeakMemoryBytes(), before + (size_t{4} << 20));
}

}  // namespace
}  // namespace pgkeep::postgres
