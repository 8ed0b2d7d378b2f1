#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pgkeep {
namespace {

Error Broken() { return Error(ErrorCode::kIo, "broken"); }

Result<int> Half(int number) {
  if (number % 2 != 0) return Err(ErrorCode::kInvalidArgument, "{} is odd", number);
  return number / 2;
}

Result<std::string> HalfAsText(int number) {
  PGK_ASSIGN_OR_RETURN(const int half, Half(number));
  int quarter = 0;
  PGK_ASSIGN_OR_RETURN(quarter, Half(half));
  return std::to_string(half) + " " + std::to_string(quarter);
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = Half(8);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, 4);
  EXPECT_EQ(good.value(), 4);
  const Result<int> bad = Half(7);
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().message(), "7 is odd");
}

TEST(Result, MacrosPassValuesAndErrorsOn) {
  EXPECT_EQ(*HalfAsText(8), "4 2");
  EXPECT_EQ(HalfAsText(7).error().message(), "7 is odd");
  EXPECT_EQ(HalfAsText(6).error().message(), "3 is odd");
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 5);
}

TEST(Result, ConvertsToTheValueTypeImplicitly) {
  struct Base {
    virtual ~Base() = default;
  };
  struct Derived : Base {};
  const auto make = []() -> Result<std::unique_ptr<Base>> { return std::make_unique<Derived>(); };
  EXPECT_NE(*make(), nullptr);
  const auto text = []() -> Result<std::string> { return "text"; };
  EXPECT_EQ(*text(), "text");
}

TEST(Result, ValueOfATemporaryOutlivesIt) {
  const auto make = [] { return Result<std::vector<std::string>>({"a long enough text", "b"}); };
  std::string joined;
  for (const std::string& part : *make()) joined += part;
  for (const std::string& part : make().value()) joined += part;
  EXPECT_EQ(joined, "a long enough textba long enough textb");
}

TEST(Result, ReachesMembersThroughTheArrow) {
  Result<std::vector<int>> result = std::vector<int>{1, 2};
  result->push_back(3);
  EXPECT_EQ(result->size(), 3U);
}

TEST(Result, ValueOrFallsBackOnlyOnError) {
  EXPECT_EQ(Half(8).ValueOr(-1), 4);
  EXPECT_EQ(Half(7).ValueOr(-1), -1);
  const Result<int> kept = Half(8);
  EXPECT_EQ(kept.ValueOr(-1), 4);
}

TEST(Status, SuccessIsSmallAndHoldsNothing) {
  EXPECT_TRUE(Ok().ok());
  EXPECT_TRUE(Status().ok());
  EXPECT_LE(sizeof(Status), 2 * sizeof(void*));
}

TEST(Try, ReturnsTheErrorOfAStatusAndOfAResult) {
  int reached = 0;
  const auto run = [&](Status first, Result<int> second) -> Result<std::string> {
    PGK_TRY(std::move(first));
    ++reached;
    PGK_TRY(std::move(second));
    ++reached;
    return "done";
  };
  EXPECT_EQ(*run(Ok(), 1), "done");
  EXPECT_EQ(reached, 2);
  EXPECT_EQ(run(Broken(), 1).error().message(), "broken");
  EXPECT_EQ(reached, 2);
  EXPECT_EQ(run(Ok(), Broken()).error().message(), "broken");
  EXPECT_EQ(reached, 3);
}

TEST(Try, LeavesAnErrorThatBelongsToSomebodyElse) {
  const Status kept = Broken();
  Status named = Broken();
  const auto run = [&]() -> Status {
    PGK_TRY(named);
    return Ok();
  };
  const auto run_const = [&]() -> Status {
    PGK_TRY(kept);
    return Ok();
  };
  EXPECT_EQ(run().error().message(), "broken");
  EXPECT_EQ(named.error().message(), "broken");
  EXPECT_EQ(run_const().error().message(), "broken");
  EXPECT_EQ(kept.error().message(), "broken");
}

TEST(Try, NestsInsideItsOwnArgument) {
  const auto outer = []() -> Status {
    PGK_TRY([]() -> Status {
      PGK_TRY(Status(Broken()));
      return Ok();
    }());
    return Ok();
  };
  EXPECT_EQ(outer().error().message(), "broken");
}

TEST(Try, ContextIsMadeOnlyOnFailure) {
  int made = 0;
  const auto run = [&](Status status) -> Status {
    PGK_TRY_CONTEXT((++made, "reading a"), std::move(status));
    return Ok();
  };
  EXPECT_TRUE(run(Ok()).ok());
  EXPECT_EQ(made, 0);
  EXPECT_EQ(run(Broken()).error().ToString(), "reading a: broken");
  EXPECT_EQ(made, 1);
}

TEST(ResultDeathTest, ReadingTheWrongSideAborts) {
  const Result<int> bad = Half(7);
  const Result<int> good = Half(8);
  const Status success;
  EXPECT_DEATH(static_cast<void>(*bad), "7 is odd");
  EXPECT_DEATH(static_cast<void>(bad.value()), "7 is odd");
  EXPECT_DEATH(static_cast<void>(good.error()), "result has an error");
  EXPECT_DEATH(static_cast<void>(success.error()), "status has an error");
}

}  // namespace
}  // namespace pgkeep
