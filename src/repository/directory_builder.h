#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "repository/directory_node.h"
#include "repository/node.h"
#include "repository/writer_session.h"

namespace pgkeep::repository {

// Writes the directory of a sub-tree and returns its root (nothing without streams). Nodes that the
// base's directory has as well, `known` by id, are named again instead of written. Where nodes end
// depends on names alone, so a stream more or less changes few nodes. What is named is added to
// `usage`.
//
// Errors: those of NodeWriter. REQUIRES: every entry obeys ValidateStreamEntry.
Result<NodePointer> BuildDirectory(WriterSession& session,
                                   const std::map<std::string, StreamEntry>& streams,
                                   const std::map<NodeId, NodePointer>& known, PackUsage& usage);

}  // namespace pgkeep::repository
