#include "archive/copy_text_guard.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace pgkeep::archive {
namespace {

// Whether the text passes, fed in pieces of one size.
bool Passes(std::string_view text, size_t piece) {
  CopyTextGuard guard;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    const Status status = guard.Take(AsBytes(text.substr(0, piece)));
    if (!status.ok()) {
      EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
      return false;
    }
  }
  return guard.CheckEnd().ok();
}

TEST(CopyTextGuard, LooksForTheEndMarkerWhereverPiecesAreCut) {
  for (size_t piece = 1; piece < 12; ++piece) {
    for (const char* good : {"", "\n", "a\n", "\\\\.\n", "a\\.\n", "\\.a\n", "\\.\\.\n", "a\tb\n\n",
                             "\\N\n.\n", "\n\\\n.\n", "aaaaaaaaaa\n\\.a\n"}) {
      EXPECT_TRUE(Passes(good, piece)) << good << piece;
    }
    for (const char* bad : {"\\.\n", "a\n\\.\n", "\n\\.\nb\n", "aaaaaaaaaaaa\n\\.\nDROP TABLE x;\n",
                            "a", "\n\\.", "a\nb"}) {
      EXPECT_FALSE(Passes(bad, piece)) << bad << piece;
    }
  }
}

}  // namespace
}  // namespace pgkeep::archive
