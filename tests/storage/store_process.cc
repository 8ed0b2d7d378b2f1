// The second process of storage_process_test: does what lines on its input say to one directory
// store, and answers each with one line.
//
//   store_process DIRECTORY WRITER
//     create KEY SIZE   creates the object that only this writer would create; "won", "lost" or an
//                       error
//     fill PREFIX SIZE  creates PREFIX/0, PREFIX/1, ... and names each when it is acknowledged,
//                       until it is killed
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "storage/directory_store.h"
#include "testing/store_conformance_cases.h"

namespace pgkeep {
namespace {

// At once, not when a buffer is full.
void Answer(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string Create(storage::ObjectStore& store, const std::string& key, uint64_t writer,
                   size_t size) {
  const auto created = store.CreateIfAbsent(key, testing::Pattern(writer, size));
  if (created.ok()) return "won";
  if (created.error().code() == ErrorCode::kAlreadyExists) return "lost";
  return created.error().ToString();
}

int Serve(storage::ObjectStore& store, uint64_t writer) {
  char line[1024];
  while (std::fgets(line, sizeof(line), stdin) != nullptr) {
    std::istringstream words(line);
    std::string command;
    std::string key;
    size_t size = 0;
    words >> command >> key >> size;
    if (command == "create") {
      Answer(Create(store, key, writer, size));
      continue;
    }
    if (command != "fill") return EXIT_FAILURE;
    for (uint64_t i = 0;; ++i) {
      const std::string next = fmt::format("{}/{}", key, i);
      const std::string outcome = Create(store, next, writer, size);
      Answer(outcome == "won" ? next : outcome);
      if (outcome != "won") return EXIT_FAILURE;
    }
  }
  return EXIT_SUCCESS;
}

int Main(const std::string& directory, uint64_t writer) {
  const auto store = storage::OpenDirectoryStore(PosixFileSystem(), {.path = directory});
  if (!store.ok()) {
    Answer(store.error().ToString());
    return EXIT_FAILURE;
  }
  return Serve(**store, writer);
}

}  // namespace
}  // namespace pgkeep

int main(int argc, char** argv) {
  if (argc != 3) return EXIT_FAILURE;
  return pgkeep::Main(argv[1], std::strtoull(argv[2], nullptr, 10));
}
