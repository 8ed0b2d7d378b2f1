// Which entry an entry is a part of: the table of an index, the sequence of a value. Internal to
// the room.
#pragma once

#include <cstdint>
#include <optional>

#include "archive/toc.h"
#include "archive/toc_index.h"

namespace pgkeep::archive {

// The dump id of the entry that this one belongs to: it is made with it and goes with it. None for
// what stands for itself (tables, functions, types), for what joins several objects (partitions to
// their parents, tables to publications), and for what belongs to something that is not in the
// archive.
//
// Comments, labels, privileges and data name their object as the first dependency. What belongs to
// a table may depend on several; then its tag, which begins with the table's name, and at last its
// definition decide.
std::optional<int32_t> OwnerOf(const TocIndex& index, const TocEntry& entry);

// The partition and its parent that a TABLE ATTACH entry joins; none if it is another entry, or if
// one of the two is not in the archive. The order of its dependencies says nothing.
struct Attachment {
  int32_t partition = 0;
  int32_t parent = 0;
};
std::optional<Attachment> AttachmentOf(const TocIndex& index, const TocEntry& entry);

}  // namespace pgkeep::archive
