// What fails alone stays alone: a database that fails takes nothing with it but itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <thread>

#include "repository/backup_list.h"
#include "repository/data_test_kit.h"
#include "repository/limits.h"
#include "repository/object_names.h"
#include "testing/faulty_store.h"

namespace pgkeep::repository {
namespace {

using storage::StoreOperation;
using ::testing::HasSubstr;

#define ASSERT_OK(expression)                                    \
  do {                                                           \
    const auto& ok_result = (expression);                        \
    ASSERT_TRUE(ok_result.ok()) << ok_result.error().Describe(); \
  } while (false)

void ExpectCode(const Status& status, ErrorCode code, const char* text = "") {
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), code) << status.error().Describe();
  EXPECT_THAT(status.error().ToString(), HasSubstr(text));
}

CommitOptions Partial() {
  CommitOptions options;
  options.state = BackupState::kPartial;
  return options;
}

class BackupIsolation : public ::testing::Test {
 protected:
  BackupIsolation() {
    tree_["a"]["t"] = TestPages(1, 200);
    tree_["b"]["t"] = TestPages(2, 50);
  }

  std::unique_ptr<BackupWriter> Begin(const WriterOptions& options = InlineOptions()) {
    BackupSpec spec;
    spec.source = "app";
    auto writer = BackupWriter::Begin(*repository_, spec, options);
    EXPECT_TRUE(writer.ok()) << writer.error().Describe();
    return *std::move(writer);
  }

  static std::unique_ptr<SubtreeWriter> Subtree(BackupWriter& writer, const std::string& name) {
    SubtreeSpec spec;
    spec.name = name;
    auto subtree = writer.OpenSubtree(std::move(spec));
    EXPECT_TRUE(subtree.ok()) << subtree.error().Describe();
    return *std::move(subtree);
  }

  static std::unique_ptr<StreamWriter> Stream(SubtreeWriter& subtree, const std::string& name,
                                              uint32_t unit_size) {
    StreamSpec spec;
    spec.name = name;
    spec.unit_size = unit_size;
    auto stream = subtree.OpenStream(std::move(spec));
    EXPECT_TRUE(stream.ok()) << stream.error().Describe();
    return *std::move(stream);
  }

  static std::unique_ptr<RangeWriter> Range(StreamWriter& stream, uint64_t first = 0) {
    auto range = stream.OpenRange(first);
    EXPECT_TRUE(range.ok()) << range.error().Describe();
    return *std::move(range);
  }

  static Status Fill(StreamWriter& stream, const TestStream& content) {
    const auto range = Range(stream);
    for (const Bytes& unit : content.units) PGK_TRY(range->Append(unit));
    return range->Close();
  }

  // All of `tree_[name]`.
  Status Write(BackupWriter& writer, const std::string& name) {
    const auto subtree = Subtree(writer, name);
    for (const auto& [stream_name, content] : tree_[name]) {
      const auto stream = Stream(*subtree, stream_name, content.unit_size);
      PGK_TRY(Fill(*stream, content));
      PGK_TRY(stream->Finish());
    }
    return subtree->Finish();
  }

  ReferenceList References(const BackupId& id) {
    const auto reader = BackupReader::Open(*repository_, id);
    EXPECT_TRUE(reader.ok()) << reader.error().Describe();
    return (*reader)->references();
  }

  TestVault vault_;
  std::unique_ptr<Repository> repository_ = vault_.Open();
  TestTree tree_;
};

// COPY of one table ends early in one thread while another database is stored.
TEST_F(BackupIsolation, ADatabaseThatFailsInTheMiddleLeavesTheOthersWhole) {
  for (const unsigned threads : {0U, 2U}) {
    WriterOptions options = InlineOptions();
    options.encode_threads = threads;
    options.upload_threads = threads;
    options.deliver_threads = 2;
    const auto writer = Begin(options);
    {
      const std::jthread failing([&] {
        const auto subtree = Subtree(*writer, "a");
        const auto stream = Stream(*subtree, "t", 8192);
        {
          const auto range = Range(*stream);
          for (size_t i = 0; i < 100; ++i) {
            EXPECT_TRUE(range->Append(tree_["a"]["t"].units[i]).ok());
          }
        }
        ExpectCode(stream->Finish(), ErrorCode::kCancelled, "a range was given up");
      });
      ASSERT_OK(Write(*writer, "b"));
    }
    const auto receipt = writer->Commit(Partial());
    ASSERT_OK(receipt);
    const auto read = ReadTree(*repository_, receipt->backup);
    ASSERT_OK(read);
    TestTree expected;
    expected["b"] = tree_["b"];
    EXPECT_EQ(*read, expected);
  }
}

TEST_F(BackupIsolation, ADatabaseThatFailedIsTriedAgainInTheSameRun) {
  // With a base, so that the first try counts units of packs that are there already.
  ASSERT_OK(WriteTree(*repository_, tree_));
  const auto writer = Begin();
  {
    const auto subtree = Subtree(*writer, "a");
    const auto stream = Stream(*subtree, "t", 8192);
    ASSERT_OK(Fill(*stream, tree_["a"]["t"]));
    ASSERT_OK(stream->Finish());
  }
  ASSERT_OK(Write(*writer, "a"));
  ASSERT_OK(Write(*writer, "b"));
  const auto receipt = writer->Commit({});
  ASSERT_OK(receipt);
  uint64_t live = 0;
  const ReferenceList references = References(receipt->backup);
  for (const PackEntry& entry : references.entries()) live += entry.live_units;
  EXPECT_EQ(live, 250U);
  const auto read = ReadTree(*repository_, receipt->backup);
  ASSERT_OK(read);
  EXPECT_EQ(*read, tree_);
}

TEST_F(BackupIsolation, AFailedDatabasePinsNoPacks) {
  ASSERT_OK(WriteTree(*repository_, tree_));
  tree_["a"]["t"].units[3][0] ^= 1;
  const auto writer = Begin();
  {
    const auto subtree = Subtree(*writer, "a");
    const auto stream = Stream(*subtree, "t", 8192);
    ASSERT_OK(Fill(*stream, tree_["a"]["t"]));
    ASSERT_OK(stream->Finish());
  }
  const auto receipt = writer->Commit(Partial());
  ASSERT_OK(receipt);
  EXPECT_TRUE(References(receipt->backup).empty());
}

TEST_F(BackupIsolation, AFailedStreamCountsForNothing) {
  const auto writer = Begin();
  const auto subtree = Subtree(*writer, "a");
  {
    const auto failed = Stream(*subtree, "gone", 8192);
    ASSERT_OK(Fill(*failed, TestPages(9, 30)));
  }
  const auto stream = Stream(*subtree, "t", 8192);
  ASSERT_OK(Fill(*stream, tree_["a"]["t"]));
  ASSERT_OK(stream->Finish());
  ASSERT_OK(subtree->Finish());
  const auto receipt = writer->Commit({});
  ASSERT_OK(receipt);
  const auto reader = BackupReader::Open(*repository_, receipt->backup);
  ASSERT_OK(reader);
  EXPECT_EQ((*reader)->manifest().subtrees.at(0).new_units, 200U);
  EXPECT_EQ((*reader)->manifest().subtrees.at(0).new_bytes, 200U * 8192);
}

TEST_F(BackupIsolation, UnitsDeliveredTwiceFailOneStreamOnly) {
  const auto writer = Begin();
  {
    const auto subtree = Subtree(*writer, "a");
    const auto stream = Stream(*subtree, "t", 64);
    for (int i = 0; i < 2; ++i) {
      const auto range = Range(*stream);
      ASSERT_OK(range->Append(TestUnit(2, 64)));
      (void)range->Close();
    }
    ExpectCode(stream->Finish(), ErrorCode::kInvalidArgument, "delivered twice");
  }
  ASSERT_OK(Write(*writer, "b"));
  ASSERT_OK(writer->Commit(Partial()));
}

TEST_F(BackupIsolation, AGivenUpRangeLeavesNothingInTheNextStreamsFrames) {
  ASSERT_OK(WriteTree(*repository_, tree_));
  // Given up while another stream asks for a frame: that one gets the same buffer.
  std::unique_ptr<RangeWriter> given_up;
  WriterOptions options = InlineOptions();
  options.store_again = [&](const PackEntry& /*entry*/) {
    given_up.reset();
    return true;
  };
  const auto writer = Begin(options);
  const auto other = Subtree(*writer, "other");
  const auto failing = Stream(*other, "u", 8192);
  given_up = Range(*failing);
  for (uint64_t i = 0; i < kMaxUnitsPerFrame; ++i) {
    ASSERT_OK(given_up->Append(TestUnit(1'000 + i, 8192)));
  }
  tree_["b"]["t"] = TestPages(77, 50);
  ASSERT_OK(Write(*writer, "b"));
  ASSERT_EQ(given_up, nullptr) << "the base was asked";
  const auto receipt = writer->Commit(Partial());
  ASSERT_OK(receipt);
  const auto read = ReadTree(*repository_, receipt->backup);
  ASSERT_OK(read);
  EXPECT_EQ(read->at("b"), tree_["b"]);
}

TEST_F(BackupIsolation, ABigUnitThatFailsAtItsEndHangsNobody) {
  testing::FaultyStore faulty(vault_.own_store, vault_.clock);
  repository_ = vault_.Open(false, "", &faulty);
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                                      .operation = StoreOperation::kCreateIfAbsent,
                                      .key_contains = "p/",
                                      .times = 1'000,
                                      .code = ErrorCode::kIo});
  WriterOptions options = InlineOptions();
  options.memory_limit = 1;  // packs as small as they may be: each frame is uploaded at once
  const auto writer = Begin(options);
  const auto subtree = Subtree(*writer, "a");
  const auto stream = Stream(*subtree, "t", 0);
  {
    const auto range = Range(*stream);
    ASSERT_OK(range->AppendPart(TestUnit(1, (1 << 20) + 500'000)));
    // The session fails while the unit is open.
    const auto broken = Stream(*subtree, "u", 0);
    const auto other = Range(*broken);
    for (uint64_t i = 0; i < 40; ++i) (void)other->Append(TestUnit(i, 100'000));
    (void)other->Close();
    ExpectCode(range->EndUnit(), ErrorCode::kIo);
    ExpectCode(range->Close(), ErrorCode::kIo);
  }
  EXPECT_GT(faulty.fired(rule), 0U);
  ExpectCode(stream->Finish(), ErrorCode::kIo);
}

TEST_F(BackupIsolation, TheFirstErrorOfARangeIsFinal) {
  struct WrongUse {
    const char* what;
    Status (*use)(RangeWriter& range);
  };
  const WrongUse uses[] = {
      {"a unit that is too long", [](RangeWriter& r) { return r.Append(TestUnit(1, 65)); }},
      {"an empty unit", [](RangeWriter& r) { return r.Append({}); }},
      {"the end of no unit", [](RangeWriter& r) { return r.EndUnit(); }},
      {"holes inside a unit",
       [](RangeWriter& r) {
         (void)r.AppendPart(TestUnit(1, 10));
         return r.AppendHoles(3);
       }},
      {"an end inside a unit",
       [](RangeWriter& r) {
         (void)r.AppendPart(TestUnit(1, 10));
         return r.Close();
       }},
  };
  const auto writer = Begin();
  for (const WrongUse& wrong : uses) {
    const auto subtree = Subtree(*writer, "a");
    const auto stream = Stream(*subtree, "t", 64);
    const auto range = Range(*stream);
    ASSERT_OK(range->Append(TestUnit(1, 64)));
    const Status first = wrong.use(*range);
    ASSERT_FALSE(first.ok()) << wrong.what;
    const std::string text = first.error().ToString();
    for (const Status& later : {range->Append(TestUnit(1, 64)), range->AppendPart({}),
                                range->EndUnit(), range->AppendHoles(1), range->Close()}) {
      ASSERT_FALSE(later.ok()) << wrong.what;
      EXPECT_EQ(later.error().ToString(), text) << wrong.what;
    }
    const Status finished = stream->Finish();
    ASSERT_FALSE(finished.ok()) << wrong.what;
    EXPECT_THAT(finished.error().ToString(), HasSubstr(text)) << wrong.what;
  }
  ASSERT_OK(Write(*writer, "b"));
  ASSERT_OK(writer->Commit(Partial()));
}

TEST_F(BackupIsolation, WhatIsFinishedTooLateIsRefused) {
  const auto writer = Begin();
  const auto early = Subtree(*writer, "a");
  const auto late = Subtree(*writer, "b");
  const auto stream = Stream(*early, "t", 8192);
  ASSERT_OK(Fill(*stream, tree_["a"]["t"]));
  ASSERT_OK(early->Finish());
  ExpectCode(stream->Finish(), ErrorCode::kInvalidArgument, "finished already");
  ExpectCode(early->Finish(), ErrorCode::kInvalidArgument, "finished already");
  StreamSpec spec;
  spec.name = "u";
  EXPECT_FALSE(early->OpenStream(spec).ok());
  SubtreeSpec again;
  again.name = "a";
  const auto second = writer->OpenSubtree(again);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kAlreadyExists);
  ASSERT_OK(writer->Commit(Partial()));
  ExpectCode(late->Finish(), ErrorCode::kInvalidArgument, "committed already");
  again.name = "c";
  EXPECT_FALSE(writer->OpenSubtree(again).ok());
  EXPECT_FALSE(writer->Commit(Partial()).ok());
}

TEST_F(BackupIsolation, ABackupWithAnUnfinishedDatabaseIsNotComplete) {
  const auto writer = Begin();
  Subtree(*writer, "a").reset();
  ASSERT_OK(Write(*writer, "b"));
  const auto refused = writer->Commit({});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr("first \"a\""));
  ASSERT_OK(Write(*writer, "a"));
  ASSERT_OK(writer->Commit({}));
}

TEST_F(BackupIsolation, LimitsAreCheckedWhenTheyAreGiven) {
  const auto writer = Begin();
  SubtreeSpec spec;
  spec.name = "x";
  spec.attributes.resize(kMaxSubtreeAttributesBytes + 1);
  const auto too_long = writer->OpenSubtree(spec);
  ASSERT_FALSE(too_long.ok());
  EXPECT_EQ(too_long.error().code(), ErrorCode::kInvalidArgument);
  spec.attributes.clear();
  spec.snapshot_time = Timestamp{Duration{-1}};
  EXPECT_FALSE(writer->OpenSubtree(spec).ok());

  const auto subtree = Subtree(*writer, "a");
  ExpectCode(subtree->Finish(Bytes(kMaxSubtreeAttributesBytes + 1)), ErrorCode::kInvalidArgument);
  ASSERT_OK(subtree->Finish(Bytes(kMaxSubtreeAttributesBytes)));  // the refusal changed nothing

  CommitOptions options;
  options.attributes.resize(kMaxManifestAttributesBytes + 1);
  EXPECT_FALSE(writer->Commit(options).ok());
  options.attributes.pop_back();
  ASSERT_OK(writer->Commit(options));  // the refusal changed nothing
}

TEST_F(BackupIsolation, ManySubtreesAreRefusedBeforeTheirDataIsStored) {
  const auto writer = Begin();
  std::vector<std::unique_ptr<SubtreeWriter>> open;
  for (size_t i = 0; i < kMaxSubtrees; ++i) {
    open.push_back(Subtree(*writer, std::to_string(i)));
  }
  SubtreeSpec spec;
  spec.name = "one more";
  const auto refused = writer->OpenSubtree(spec);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kLimitExceeded);
}

TEST_F(BackupIsolation, SubtreesThatFillTheManifestAreRefusedOneByOne) {
  const auto writer = Begin();
  size_t finished = 0;
  while (true) {
    const auto subtree = Subtree(*writer, std::to_string(finished));
    const Status added = subtree->Finish(Bytes(kMaxSubtreeAttributesBytes, 'x'));
    if (!added.ok()) {
      EXPECT_EQ(added.error().code(), ErrorCode::kLimitExceeded);
      break;
    }
    ++finished;
    ASSERT_LT(finished, 100U);
  }
  EXPECT_GE(finished, 60U);
  CommitOptions options = Partial();
  options.attributes.resize(kMaxManifestAttributesBytes);
  ASSERT_OK(writer->Commit(options));
}

TEST_F(BackupIsolation, ASourceThatWouldNotBeFoundAgainIsRefused) {
  const std::string names[] = {"a\xff", "a\nb", std::string(kMaxTextBytes + 1, 'x')};
  for (const std::string& name : names) {
    BackupSpec spec;
    spec.source = name;
    const auto writer = BackupWriter::Begin(*repository_, spec, InlineOptions());
    ASSERT_FALSE(writer.ok());
    EXPECT_EQ(writer.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST_F(BackupIsolation, AStreamThatCouldNotBeOpenedIsTriedAgain) {
  ASSERT_OK(WriteTree(*repository_, tree_));
  testing::FaultyStore faulty(vault_.own_store, vault_.clock);
  repository_ = vault_.Open(false, "", &faulty);
  // A base directory that does not stand in the manifest, so that opening reads it.
  for (size_t i = 0; i < 20; ++i) tree_["a"]["stream " + std::to_string(i)] = {};
  ASSERT_OK(WriteTree(*repository_, tree_));
  const auto writer = Begin();
  const auto subtree = Subtree(*writer, "a");
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                                      .operation = StoreOperation::kGetRange,
                                      .code = ErrorCode::kIo});
  StreamSpec spec;
  spec.name = "t";
  spec.unit_size = 8192;
  EXPECT_FALSE(subtree->OpenStream(spec).ok());
  EXPECT_EQ(faulty.fired(rule), 1U);
  EXPECT_TRUE(subtree->OpenStream(spec).ok());
}

// An exception (out of memory) where others wait for a count ends the process there and then,
// instead of leaving them waiting.
TEST_F(BackupIsolation, AnExceptionWhileALeafIsWrittenEndsTheProcess) {
  tree_["a"]["t"] = TestPages(1, 200);
  for (size_t i = 0; i < 200; i += 2) tree_["a"]["t"].units[i][0] ^= 1;
  ASSERT_OK(WriteTree(*repository_, tree_));
  // Shorter, so that no unit but only the leaf is stored.
  tree_["a"]["t"].units.resize(150);
  WriterOptions options = InlineOptions();
  options.make_codec = []() -> std::unique_ptr<codec::BlockCodec> {
    (void)std::vector<int>().at(1);
    return nullptr;
  };
  EXPECT_EXIT(
      {
        ::alarm(60);
        try {
          const auto writer = Begin(options);
          (void)Write(*writer, "a");
        } catch (const std::exception&) {
        }
      },
      ::testing::KilledBySignal(SIGABRT), "");
}

TEST_F(BackupIsolation, AWriterThatIsGivenUpNeedNotBecomeStale) {
  testing::FaultyStore faulty(vault_.own_store, vault_.clock);
  repository_ = vault_.Open(false, "", &faulty);
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kOutOfSpace,
                                      .operation = StoreOperation::kCreateIfAbsent,
                                      .key_contains = "p/",
                                      .times = 1'000});
  for (const bool with_commit : {false, true}) {
    BackupId id;
    {
      const auto writer = Begin();
      id = writer->id();
      ASSERT_OK(Write(*writer, "a"));
      if (with_commit) {
        EXPECT_FALSE(writer->Commit({}).ok());
      }
    }
    ASSERT_OK(vault_.own_store.Head(DecisionKey(id)));
  }
  EXPECT_GT(faulty.fired(rule), 0U);
  const auto backups = ListBackups(repository_->context());
  ASSERT_OK(backups);
  EXPECT_TRUE(backups->empty());
}

}  // namespace
}  // namespace pgkeep::repository
