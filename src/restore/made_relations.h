// Which tables and sequences of the target a restore has made itself, so that it loads rows into no
// others.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "postgres/connection.h"
#include "restore/restore_set.h"

namespace pgkeep::restore {

// Schema and name.
using RelationName = std::pair<std::string, std::string>;

// The relations of a database before its definitions are restored, to be compared with those that
// are there afterwards. Nobody else may restore into it in between. One thread at a time.
class MadeRelations {
 public:
  // What is there before. The connection's encoding is that of names in the backup.
  static Result<MadeRelations> Before(postgres::Connection& connection);

  // What is there after, as far as `set` loads it; `errors` are those of pg_restore. Call it once,
  // before the other two.
  Status After(postgres::Connection& connection, const RestoreSet& set,
               const std::vector<std::string>& errors);

  // Why nothing may be loaded into a table: it was there before, it could not be made, it is no
  // table, it has rows. "" if this restore has made it, or the extension that it belongs to has.
  std::string WhyNotLoad(const TableLoad& table) const;

  // The same for setting a sequence.
  std::string WhyNotSet(const archive::SequenceValue& sequence) const;

 private:
  struct Relation {
    std::string kind;        // relkind
    bool extension = false;  // belongs to one
    // Which of its rows are backed up, for a table of an extension: '' or a WHERE.
    std::string condition;
    bool may_have_rows = false;  // it is not certain that there are none
    std::string why_not;         // what its rows speak against loading more; "" if nothing
  };

  Status ReadAfter(postgres::Connection& connection);
  // Not of tables that their extension has made in this run: its own rows are no hindrance.
  void LookForRows(postgres::Connection& connection, const RelationName& name, Relation& relation);
  std::string WhyNotUse(const RelationName& name, std::string_view kind) const;

  std::set<RelationName> before_;
  std::map<RelationName, Relation> after_;
  std::set<RelationName> not_made_;  // whose CREATE TABLE has failed
};

}  // namespace pgkeep::restore
