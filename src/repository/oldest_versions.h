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

// Packs, whose older versions the rules of the bucket purge: one that was overwritten or hidden is
// lost in some days. It is not listed, so that verification tells of it and a backup stores it
// anew.
inline constexpr std::array<std::string_view, 2> kIntactVersionPrefixes = {kDataPackPrefix,
                                                                           kMetaPackPrefix};

}  // namespace pgkeep::repository
