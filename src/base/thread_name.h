// Names for threads, so that stacks and profiles can be read.
#pragma once

#include <string>

namespace pgkeep {

// Names the calling thread; the kernel keeps the first 15 bytes.
void SetThreadName(const std::string& name);

}  // namespace pgkeep
