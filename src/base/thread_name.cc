#include "base/thread_name.h"

#include <pthread.h>

namespace pgkeep {

void SetThreadName(const std::string& name) {
  constexpr size_t kNameBytesMax = 15;
  // Fails only for a longer name.
  pthread_setname_np(pthread_self(), name.substr(0, kNameBytesMax).c_str());
}

}  // namespace pgkeep
