// Creating, replacing, deleting, and what the store says about itself.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <chrono>

#include "testing/store_conformance_cases.h"

namespace pgkeep::testing {
namespace {

using storage::ObjectInfo;
using storage::ObjectStore;

// Asserts that an outcome is an error with this code and, as every error must, with words.
template <class Outcome>
void ExpectCode(const Outcome& outcome, ErrorCode code) {
  ASSERT_FALSE(outcome.ok()) << "expected " << CodeName(code);
  EXPECT_EQ(CodeName(outcome.error().code()), CodeName(code)) << outcome.error().Describe();
  EXPECT_FALSE(outcome.error().message().empty());
}

template <class Outcome>
void ExpectOk(const Outcome& outcome) {
  EXPECT_TRUE(outcome.ok()) << outcome.error().Describe();
}

void ExpectContent(ObjectStore& store, std::string_view key, ByteSpan expected) {
  const auto content = store.Get(key, expected.size() + 1);
  ASSERT_TRUE(content.ok()) << content.error().Describe();
  EXPECT_TRUE(BytesEqual(*content, expected)) << "content of " << key << " differs";
}

void ExpectSameInfo(const ObjectInfo& left, const ObjectInfo& right) {
  EXPECT_EQ(left.key, right.key);
  EXPECT_EQ(left.size, right.size);
  EXPECT_EQ(left.etag, right.etag);
  EXPECT_EQ(left.modified, right.modified);
}

// What the creation of an object said, against what the store says later.
void ExpectInfoOfCreation(const ObjectInfo& created, const ObjectInfo& later) {
  EXPECT_EQ(created.key, later.key);
  EXPECT_EQ(created.size, later.size);
  EXPECT_EQ(created.etag, later.etag);
}

void CreatedObjectIsSeenByEveryCall(StoreUnderTest& t) {
  const Bytes bytes = Pattern(1, 1000);
  const auto created = Write(*t.store, "p/s1/00000001", bytes);
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  EXPECT_EQ(created->key, "p/s1/00000001");
  EXPECT_EQ(created->size, bytes.size());

  const auto another = t.open_another ? t.open_another() : nullptr;
  for (ObjectStore* store : {t.store.get(), another.get()}) {
    if (store == nullptr) continue;
    ExpectContent(*store, "p/s1/00000001", bytes);
    const auto head = store->Head("p/s1/00000001");
    ASSERT_TRUE(head.ok()) << head.error().Describe();
    ExpectInfoOfCreation(*created, *head);
    const auto page = store->List("p/", "", 10);
    ASSERT_TRUE(page.ok()) << page.error().Describe();
    ASSERT_EQ(page->objects.size(), 1U);
    ExpectSameInfo(page->objects[0], *head);
    EXPECT_EQ(page->next, "");
  }
}

void CreateNeverReplaces(StoreUnderTest& t) {
  if (!t.store->features().conditional_create) return;
  const Bytes first = Pattern(1, 300);
  ExpectOk(t.store->CreateIfAbsent("dec/a", first));
  const auto before = t.store->Head("dec/a");
  const auto another = t.open_another ? t.open_another() : nullptr;
  for (ObjectStore* store : {t.store.get(), another.get()}) {
    if (store == nullptr) continue;
    ExpectCode(store->CreateIfAbsent("dec/a", Pattern(2, 300)), ErrorCode::kAlreadyExists);
    ExpectCode(store->CreateIfAbsent("dec/a", {}), ErrorCode::kAlreadyExists);
    // The same bytes are no reason to call it a success: only the caller knows what it means.
    ExpectCode(store->CreateIfAbsent("dec/a", first), ErrorCode::kAlreadyExists);
  }
  ExpectContent(*t.store, "dec/a", first);
  const auto after = t.store->Head("dec/a");
  ASSERT_TRUE(before.ok() && after.ok());
  ExpectSameInfo(*before, *after);
}

void CreateIsRefusedExactlyWhenFeaturesSaySo(StoreUnderTest& t) {
  const auto created = t.store->CreateIfAbsent("dec/a", Pattern(1, 10));
  if (t.store->features().conditional_create) {
    ExpectOk(created);
    return;
  }
  ExpectCode(created, ErrorCode::kUnsupported);
  EXPECT_FALSE(created.error().hint().empty());
  ExpectCode(t.store->Head("dec/a"), ErrorCode::kNotFound);
  EXPECT_TRUE(ListKeys(*t.store, "", 10).empty());
}

void EmptyObjectsAreObjects(StoreUnderTest& t) {
  const auto created = Write(*t.store, "pin/empty", {});
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  EXPECT_EQ(created->size, 0U);
  ExpectContent(*t.store, "pin/empty", {});
  EXPECT_EQ(ListKeys(*t.store, "", 10), std::vector<std::string>{"pin/empty"});
}

void ObjectOf64MiBComesBackWhole(StoreUnderTest& t) {
  const Bytes bytes = Pattern(9, size_t{64} << 20);
  const auto created = Write(*t.store, "p/big", bytes);
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  const auto content = t.store->Get("p/big", bytes.size());
  ASSERT_TRUE(content.ok()) << content.error().Describe();
  EXPECT_TRUE(BytesEqual(*content, bytes));
  Bytes tail(5);
  ExpectOk(t.store->GetRange("p/big", bytes.size() - tail.size(), tail));
  EXPECT_TRUE(BytesEqual(tail, ByteSpan(bytes).last(tail.size())));
}

// The memory behind the oversized span is never touched: the refusal must come first.
void OversizedObjectIsRefusedUnread(StoreUnderTest& t) {
  const size_t size = storage::kMaxObjectBytes + 1;
  void* const memory =
      ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  const ByteSpan bytes(static_cast<const uint8_t*>(memory), size);
  ExpectCode(t.store->Put("p/huge", bytes), ErrorCode::kLimitExceeded);
  if (t.store->features().conditional_create) {
    ExpectCode(t.store->CreateIfAbsent("p/huge", bytes), ErrorCode::kLimitExceeded);
  }
  ::munmap(memory, size);
  EXPECT_TRUE(ListKeys(*t.store, "", 10).empty());
}

void PutCreatesAndReplacesWhole(StoreUnderTest& t) {
  for (const size_t size : {100U, 5000U, 0U, 3U}) {
    const auto written = t.store->Put("lease/x", Pattern(size, size));
    ASSERT_TRUE(written.ok()) << written.error().Describe();
    EXPECT_EQ(written->size, size);
    ExpectContent(*t.store, "lease/x", Pattern(size, size));
    const auto head = t.store->Head("lease/x");
    ASSERT_TRUE(head.ok());
    ExpectInfoOfCreation(*written, *head);
  }
  EXPECT_EQ(ListKeys(*t.store, "", 10), std::vector<std::string>{"lease/x"});
}

void DeleteRemovesJustThatKey(StoreUnderTest& t) {
  for (const char* key : {"a/b", "a/bc", "a/b-c", "a/c/d"}) {
    ExpectOk(Write(*t.store, key, Pattern(1, 10)));
  }
  ExpectOk(t.store->Delete("a/b"));
  EXPECT_EQ(ListKeys(*t.store, "", 10), (std::vector<std::string>{"a/b-c", "a/bc", "a/c/d"}));
  ExpectCode(t.store->Get("a/b", 100), ErrorCode::kNotFound);
  ExpectCode(t.store->Head("a/b"), ErrorCode::kNotFound);
  // A group of objects is not an object.
  ExpectOk(t.store->Delete("a/c"));
  ExpectOk(t.store->Delete("a"));
  EXPECT_EQ(ListKeys(*t.store, "", 10), (std::vector<std::string>{"a/b-c", "a/bc", "a/c/d"}));
}

void DeleteOfMissingKeySucceeds(StoreUnderTest& t) {
  ExpectOk(t.store->Delete("none"));
  ExpectOk(t.store->Delete("no/such/group"));
  ExpectOk(Write(*t.store, "a", Pattern(1, 10)));
  ExpectOk(t.store->Delete("a/below"));
  ExpectContent(*t.store, "a", Pattern(1, 10));
  ExpectOk(t.store->Delete("a"));
  ExpectOk(t.store->Delete("a"));
}

void DeletedKeyCanBeCreatedAgain(StoreUnderTest& t) {
  for (const uint64_t seed : {1U, 2U, 3U}) {
    ExpectOk(Write(*t.store, "a/b", Pattern(seed, 100)));
    ExpectContent(*t.store, "a/b", Pattern(seed, 100));
    ExpectOk(t.store->Delete("a/b"));
    EXPECT_TRUE(ListKeys(*t.store, "", 10).empty());
  }
}

void EtagsFollowContentWhenFeaturesSaySo(StoreUnderTest& t) {
  const Bytes bytes = Pattern(1, 100);
  const Bytes other = Pattern(2, 100);
  if (!t.store->features().content_etag) {
    EXPECT_EQ(t.store->ExpectedEtag(bytes), "");
    return;
  }
  EXPECT_NE(t.store->ExpectedEtag(bytes), t.store->ExpectedEtag(other));
  EXPECT_NE(t.store->ExpectedEtag({}), "");
  for (const Bytes& content : {bytes, other, bytes}) {
    const auto written = t.store->Put("a", content);
    ASSERT_TRUE(written.ok()) << written.error().Describe();
    EXPECT_EQ(written->etag, t.store->ExpectedEtag(content));
    const auto page = t.store->List("a", "", 1);
    ASSERT_TRUE(page.ok() && page->objects.size() == 1);
    EXPECT_EQ(page->objects[0].etag, written->etag);
  }
}

void StoreNamesItself(StoreUnderTest& t) {
  EXPECT_FALSE(t.store->features().kind.empty());
  EXPECT_FALSE(t.store->Url().empty());
  EXPECT_TRUE(t.store->features().strong_list);
  EXPECT_TRUE(t.store->features().can_delete);
}

// The tolerance is that of stores whose times are whole seconds.
void ServerTimeFitsCreationTimes(StoreUnderTest& t) {
  constexpr Duration kTolerance = std::chrono::seconds(2);
  auto last = t.store->ServerTime();
  ASSERT_TRUE(last.ok()) << last.error().Describe();
  for (int i = 0; i < 20; ++i) {
    const auto created = Write(*t.store, "t/" + std::to_string(i), Pattern(1, 10));
    ASSERT_TRUE(created.ok()) << created.error().Describe();
    const auto now = t.store->ServerTime();
    ASSERT_TRUE(now.ok()) << now.error().Describe();
    EXPECT_GE(*now + kTolerance, *last);
    EXPECT_GE(created->modified + kTolerance, *last);
    EXPECT_LE(created->modified, *now + kTolerance);
    last = now;
  }
}

void FreeBytesIsUnlimitedOrSomething(StoreUnderTest& t) {
  const auto free = t.store->FreeBytes();
  ASSERT_TRUE(free.ok()) << free.error().Describe();
  if (*free) {
    EXPECT_GT(**free, 0U);
  }
}

}  // namespace

std::vector<ConformanceCase> CreateCases() {
  return {
      {"CreatedObjectIsSeenByEveryCall", CreatedObjectIsSeenByEveryCall},
      {"CreateNeverReplaces", CreateNeverReplaces},
      {"CreateIsRefusedExactlyWhenFeaturesSaySo", CreateIsRefusedExactlyWhenFeaturesSaySo},
      {"EmptyObjectsAreObjects", EmptyObjectsAreObjects},
      {"ObjectOf64MiBComesBackWhole", ObjectOf64MiBComesBackWhole},
      {"OversizedObjectIsRefusedUnread", OversizedObjectIsRefusedUnread},
      {"PutCreatesAndReplacesWhole", PutCreatesAndReplacesWhole},
      {"DeleteRemovesJustThatKey", DeleteRemovesJustThatKey},
      {"DeleteOfMissingKeySucceeds", DeleteOfMissingKeySucceeds},
      {"DeletedKeyCanBeCreatedAgain", DeletedKeyCanBeCreatedAgain},
      {"EtagsFollowContentWhenFeaturesSaySo", EtagsFollowContentWhenFeaturesSaySo},
      {"StoreNamesItself", StoreNamesItself},
      {"ServerTimeFitsCreationTimes", ServerTimeFitsCreationTimes},
      {"FreeBytesIsUnlimitedOrSomething", FreeBytesIsUnlimitedOrSomething},
  };
}

}  // namespace pgkeep::testing
