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

std::vector<ConformanceCase> CreateCases();
std::vector<ConformanceCase> KeyCases();
std::vector<ConformanceCase> ReadCases();
std::vector<ConformanceCase> ListCases();
std::vector<ConformanceCase> RaceCases();

// Creates an object however the store can: conditionally if possible, else by Put.
Result<storage::ObjectInfo> Write(storage::ObjectStore& store, std::string_view key,
                                  ByteSpan bytes);

// Bytes that differ at every position from those of another seed.
Bytes Pattern(uint64_t seed, size_t size);

// Keys that no store may accept, with anything.
std::vector<std::string> HostileKeys();

// All keys that List shows, by pages of `page_size`; checks the promises about pages on the way.
std::vector<std::string> ListKeys(storage::ObjectStore& store, std::string_view prefix,
                                  size_t page_size);

}  // namespace pgkeep::testing
