// The conformance suite over every store that there is, and over the directory store on poorer file
// systems.
#include "testing/store_conformance.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/check.h"
#include "base/error.h"
#include "storage/counting_store.h"
#include "storage/directory_store.h"
#include "storage/unconditional_store.h"
#include "testing/faulty_store.h"
#include "testing/forwarding_file_system.h"
#include "testing/memory_store.h"
#include "testing/temporary_directory.h"

namespace pgkeep::storage {
namespace {

using testing::FaultyStore;
using testing::ForwardingFileSystem;
using testing::MemoryStore;
using testing::RegisterStoreConformance;
using testing::StoreUnderTest;
using testing::TemporaryDirectory;

// Has no hard links, as FAT and some FUSE file systems.
class LinklessFileSystem : public ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;
  Status Link(const std::string& from, const std::string& to) override {
    return Err(ErrorCode::kUnsupported, "linking {} to {}: no hard links here", from, to);
  }
};

// Cannot rename without replacing either.
class PoorFileSystem : public LinklessFileSystem {
 public:
  using LinklessFileSystem::LinklessFileSystem;
  Status RenameNoReplace(const std::string& from, const std::string& to) override {
    return Err(ErrorCode::kUnsupported, "renaming {} to {}: not without replacing", from, to);
  }
};

std::unique_ptr<ObjectStore> OpenIn(FileSystem& files, const std::string& path) {
  auto store = OpenDirectoryStore(files, {.path = path, .create = true});
  PGK_CHECK(store.ok(), "a store opens in an empty directory");
  return std::move(store).value();
}

StoreUnderTest MakeDirectoryStore(FileSystem& files) {
  auto directory = std::make_shared<TemporaryDirectory>();
  const std::string path = directory->Join("repository");
  StoreUnderTest made;
  made.store = OpenIn(files, path);
  made.open_another = [&files, path] { return OpenIn(files, path); };
  made.keep_alive = directory;
  return made;
}

template <class Files>
StoreUnderTest MakeDirectoryStoreOn() {
  static Files files(PosixFileSystem());
  return MakeDirectoryStore(files);
}

// A decorator and the store that it decorates, as one store to own.
template <class Decorator>
StoreUnderTest Decorate(StoreUnderTest inner) {
  StoreUnderTest made;
  made.store = std::make_unique<Decorator>(*inner.store);
  made.keep_alive = std::make_shared<StoreUnderTest>(std::move(inner));
  return made;
}

StoreUnderTest MakeMemoryStore() {
  StoreUnderTest made;
  made.store = std::make_unique<MemoryStore>();
  return made;
}

const bool kRegistered =
    RegisterStoreConformance("DirectoryStoreConforms",
                             [] { return MakeDirectoryStore(PosixFileSystem()); }) &&
    RegisterStoreConformance("DirectoryStoreWithoutLinksConforms",
                             [] { return MakeDirectoryStoreOn<LinklessFileSystem>(); }) &&
    RegisterStoreConformance("DirectoryStoreOnPoorFileSystemConforms",
                             [] { return MakeDirectoryStoreOn<PoorFileSystem>(); }) &&
    RegisterStoreConformance("MemoryStoreConforms", MakeMemoryStore) &&
    RegisterStoreConformance("CountingStoreConforms",
                             [] { return Decorate<CountingStore>(MakeMemoryStore()); }) &&
    RegisterStoreConformance("UnconditionalStoreConforms",
                             [] { return Decorate<UnconditionalStore>(MakeMemoryStore()); }) &&
    RegisterStoreConformance("FaultyStoreWithoutFaultsConforms",
                             [] { return Decorate<FaultyStore>(MakeMemoryStore()); });

// Keeps the registration from being taken for an unused constant, and the suite from being empty
// unnoticed.
TEST(StoreConformance, IsRegistered) { EXPECT_TRUE(kRegistered); }

}  // namespace
}  // namespace pgkeep::storage
