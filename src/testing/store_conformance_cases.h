// The cases behind RegisterStoreConformance, by subject. Internal to the conformance suite.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "testing/store_conformance.h"

namespace pgkeep::testing {

// One promise of the contract and the function that checks it with GoogleTest assertions.
struct ConformanceCase {
  const char* name;
  void (*run)(StoreUnderTest& under_test);
};

// Creating, replacing, deleting, and what the store says about itself.
std::vector<ConformanceCase> CreateCases();
// Which keys a store accepts, and that it keeps them apart.
std::vector<ConformanceCase> KeyCases();
// Reading objects, whole and in part, at every edge.
std::vector<ConformanceCase> ReadCases();
// Listing: order, pages, prefixes and freshness.
std::vector<ConformanceCase> ListCases();
// What several threads see of each other.
std::vector<ConformanceCase> RaceCases();

// Creates an object however the store can: conditionally if possible, else by Put.
Result<storage::ObjectInfo> Write(storage::ObjectStore& store, std::string_view key,
                                  ByteSpan bytes);

// Bytes that tell their seed and their place.
Bytes Pattern(uint64_t seed, size_t size);

// Keys that no store may accept, with anything.
std::vector<std::string> HostileKeys();

// All keys that List shows, by pages of `page_size`; checks the promises about pages on the way.
std::vector<std::string> ListKeys(storage::ObjectStore& store, std::string_view prefix,
                                  size_t page_size);

}  // namespace pgkeep::testing
