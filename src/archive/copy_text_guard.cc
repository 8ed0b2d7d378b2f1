#include "archive/copy_text_guard.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"

namespace pgkeep::archive {
namespace {

constexpr std::string_view kEndMarker = "\n\\.\n";
constexpr size_t kSeamBytes = kEndMarker.size() - 1;

}  // namespace

Status CopyTextGuard::Take(ByteSpan piece) {
  const std::string_view text = AsText(piece);
  const std::string seam = tail_ + std::string(text.substr(0, kSeamBytes));
  if (seam.find(kEndMarker) != std::string::npos ||
      text.find(kEndMarker) != std::string_view::npos) {
    return Error(ErrorCode::kCorruption, "the rows of a table contain the end marker of COPY");
  }
  if (text.size() >= kSeamBytes) {
    tail_ = text.substr(text.size() - kSeamBytes);
  } else {
    tail_ = seam.substr(seam.size() - std::min(seam.size(), kSeamBytes));
  }
  return Ok();
}

Status CopyTextGuard::CheckEnd() const {
  if (tail_.back() == '\n') return Ok();
  return Error(ErrorCode::kCorruption, "the rows of a table end inside a row");
}

}  // namespace pgkeep::archive
