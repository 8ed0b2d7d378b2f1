// The tests that every object store must pass.
//
// A test file registers a store once, at namespace scope:
//
//   const bool registered = RegisterStoreConformance("DirectoryStoreConformance", [] { ... });
//
// and gets one GoogleTest case per promise of storage/object_store.h, each on a fresh, empty store.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "storage/object_store.h"

namespace pgkeep::testing {

// A fresh store and whatever must live as long as it does (directories, decorated stores).
struct StoreUnderTest {
  StoreUnderTest() = default;
  StoreUnderTest(StoreUnderTest&&) = default;
  StoreUnderTest& operator=(StoreUnderTest&&) = default;
  // Closes the store before what it stands on.
  ~StoreUnderTest();

  std::unique_ptr<storage::ObjectStore> store;
  // Opens a second, independent handle on the same objects, as another process would. May be empty
  // when there is no such thing.
  std::function<std::unique_ptr<storage::ObjectStore>()> open_another;
  std::shared_ptr<void> keep_alive;
};

// Makes an empty store; called once per test case.
using StoreMaker = std::function<StoreUnderTest()>;

// Registers all conformance cases under the name `suite`. Must run before main(): initialise a
// namespace-scope constant with it. Returns true.
bool RegisterStoreConformance(const std::string& suite, StoreMaker maker);

}  // namespace pgkeep::testing
