#include "repository/pack_windows.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace pgkeep::repository {

namespace {

constexpr size_t kWindowBytes = size_t{256} << 10;
constexpr size_t kWindowsMax = 16;

}  // namespace

PackWindows::PackWindows(const RepositoryContext& context, LocalPackCache* local)
    : context_(context), local_(local) {}

void PackWindows::AddPacks(const ReferenceList& references) {
  const MutexLock lock(mutex_);
  for (const PackEntry& entry : references.entries()) {
    if (entry.name.kind == PackKind::kMeta) sizes_.emplace(entry.name, entry.size);
  }
}

Status PackWindows::Read(const PackName& pack, uint64_t offset, MutableByteSpan out,
                         bool* from_local) {
  std::optional<Window> window = Find(pack, offset, out.size());
  if (!window) {
    PGK_ASSIGN_OR_RETURN(Window loaded, Load(pack, offset, WindowSize(pack, offset, out.size())));
    Insert(loaded);
    window = std::move(loaded);
  }
  const auto from = window->bytes->begin() + static_cast<ptrdiff_t>(offset - window->offset);
  std::copy_n(from, out.size(), out.begin());
  *from_local = *from_local || window->local;
  return Ok();
}

std::optional<PackWindows::Window> PackWindows::Find(const PackName& pack, uint64_t offset,
                                                     size_t size) {
  const MutexLock lock(mutex_);
  for (auto it = windows_.begin(); it != windows_.end(); ++it) {
    const bool inside = it->pack == pack && offset >= it->offset &&
                        offset - it->offset <= it->bytes->size() &&
                        size <= it->bytes->size() - (offset - it->offset);
    if (!inside) continue;
    windows_.splice(windows_.begin(), windows_, it);
    return windows_.front();
  }
  return std::nullopt;
}

size_t PackWindows::WindowSize(const PackName& pack, uint64_t offset, size_t size) {
  const MutexLock lock(mutex_);
  const auto found = sizes_.find(pack);
  if (found == sizes_.end() || found->second < offset) return size;
  const uint64_t left = found->second - offset;
  return std::max<size_t>(size, static_cast<size_t>(std::min<uint64_t>(left, kWindowBytes)));
}

Result<PackWindows::Window> PackWindows::Load(const PackName& pack, uint64_t offset, size_t size) {
  auto bytes = std::make_shared<Bytes>(size);
  Window window{pack, offset, bytes, false};
  if (MayUseCopy(pack) && local_->Read(pack, offset, *bytes)) {
    window.local = true;
    return window;
  }
  const std::string key = pack.Key();
  PGK_TRY(Retry(context_.retry, *context_.clock, context_.stop,
                [&] { return context_.store->GetRange(key, offset, *bytes); }));
  return window;
}

bool PackWindows::MayUseCopy(const PackName& pack) {
  if (local_ == nullptr) return false;
  const MutexLock lock(mutex_);
  return !distrusted_.contains(pack);
}

void PackWindows::Insert(const Window& window) {
  const MutexLock lock(mutex_);
  // Another thread may have found the copy bad since this was read from it.
  if (window.local && distrusted_.contains(window.pack)) return;
  windows_.push_front(window);
  if (windows_.size() > kWindowsMax) windows_.pop_back();
}

void PackWindows::Forget(const PackName& pack) {
  const MutexLock lock(mutex_);
  windows_.remove_if([&pack](const Window& window) { return window.pack == pack; });
}

void PackWindows::DistrustCopy(const PackName& pack) {
  {
    const MutexLock lock(mutex_);
    distrusted_.insert(pack);
  }
  Forget(pack);
  if (local_ != nullptr) local_->Discard(pack);
}

}  // namespace pgkeep::repository
