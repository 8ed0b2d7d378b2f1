// Restoring tables under another schema than they came from.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "archive/toc.h"
#include "base/result.h"

namespace pgkeep::restore {

// Moves the objects of some entries from one schema to another: their own schema, and their
// qualified names in the statements of all of these entries, also in literals that name a table or
// sequence (the defaults of serial columns). Names of objects that do not move stay.
//
// A value; constant after Make(), so safe for several threads.
class SchemaRename {
 public:
  // `moved` are the entries that move, out of `all` of the archive.
  // kUnsupported, with one sentence for people, if they cannot be moved without a risk of changing
  // what they mean: views, functions and rules, policies where the schema's name may be an alias.
  static Result<SchemaRename> Make(const std::vector<archive::TocEntry>& moved,
                                   const std::vector<archive::TocEntry>& all, std::string from,
                                   std::string to, bool standard_strings);

  // Rewrites one of the entries that move.
  void Apply(archive::TocEntry& entry) const;

  // A statement with its names replaced; exposed for tests.
  std::string Rewrite(std::string_view sql, bool any_literal = false) const;

 private:
  SchemaRename(std::string from, std::string to, std::set<std::string> names,
               bool standard_strings);
  bool Moves(std::string_view qualified, std::string& renamed) const;

  std::string from_;
  std::string to_;
  std::set<std::string> names_;  // of tables, indexes, sequences, types that move
  bool standard_strings_;
};

}  // namespace pgkeep::restore
