// The mark on a database that a restore has made and not finished. It is the database's comment, so
// that it stays, and anybody sees it, when the program is killed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "repository/ids.h"

namespace pgkeep::restore {

// The comment: "pgkeep: half restored from backup <id>, begun at <time>".
std::string HalfRestoredMark(const repository::BackupId& backup, Timestamp begun);

// What such a comment says after "pgkeep: "; nullopt for any other comment.
std::optional<std::string> ReadHalfRestoredMark(std::string_view comment);

// The statement that gives a database this comment; an empty one takes it away.
std::string DatabaseCommentSql(std::string_view database, std::string_view comment);

}  // namespace pgkeep::restore
