// Which objects are read by their oldest version in a store with versions.
//
// They are created once: whoever overwrites or hides one changes nothing. Objects of the first list
// may be deleted when nobody needs them any more, so they are listed as they are now; those of the
// second list never are.
#pragma once

#include <array>
#include <string_view>

#include "repository/object_names.h"

namespace pgkeep::repository {

inline constexpr std::array<std::string_view, 10> kOldestVersionPrefixes = {
    kConfigPrefix,   kConfigCopyPrefix, kKeySlotPrefix, kManifestPrefix, kReferenceListPrefix,
    kDecisionPrefix, kExpiryPrefix,     kSessionPrefix, kDataPackPrefix, kMetaPackPrefix};

inline constexpr std::array<std::string_view, 4> kOldestVersionListedPrefixes = {
    kConfigPrefix, kConfigCopyPrefix, kDecisionPrefix, kExpiryPrefix};

}  // namespace pgkeep::repository
