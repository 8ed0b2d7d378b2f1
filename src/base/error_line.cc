#include "base/error_line.h"

#include <cstdio>
#include <string>
#include <utility>

#include "base/mutex.h"

namespace pgkeep {
namespace {

struct Holder {
  Mutex mutex;
  std::shared_ptr<const ErrorLineWriter> writer PGK_GUARDED_BY(mutex);
};

Holder& TheHolder() {
  static Holder holder;
  return holder;
}

}  // namespace

void SetErrorLineWriter(ErrorLineWriter writer) {
  auto next = writer ? std::make_shared<const ErrorLineWriter>(std::move(writer)) : nullptr;
  Holder& holder = TheHolder();
  MutexLock lock(holder.mutex);
  // What was there goes after the lock, with the argument: it may own much.
  holder.writer.swap(next);
}

std::shared_ptr<const ErrorLineWriter> CurrentErrorLineWriter() {
  Holder& holder = TheHolder();
  MutexLock lock(holder.mutex);
  return holder.writer;
}

void WriteErrorLine(std::string_view line) {
  if (const auto writer = CurrentErrorLineWriter()) {
    (*writer)(line);
    return;
  }
  const std::string whole = std::string(line) + "\n";
  static_cast<void>(std::fwrite(whole.data(), 1, whole.size(), stderr));
  static_cast<void>(std::fflush(stderr));
}

}  // namespace pgkeep
