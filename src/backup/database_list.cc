#include "backup/database_list.h"

#include <algorithm>
#include <utility>

namespace pgkeep::backup {
namespace {

using postgres::QueryResult;

// A DROP DATABASE that was interrupted leaves the connection limit -2.
constexpr std::string_view kDatabasesSql =
    "SELECT datname, datallowconn, datconnlimit <> -2 FROM pg_catalog.pg_database"
    " ORDER BY datname COLLATE \"C\"";

bool FitsAny(const std::vector<std::string>& patterns, std::string_view name) {
  return std::ranges::any_of(
      patterns, [name](const std::string& pattern) { return FitsName(pattern, name); });
}

bool IsNamed(const DatabaseSelection& selection, std::string_view name) {
  return std::ranges::find(selection.include, name) != selection.include.end();
}

// Names in the selection, without patterns, that the cluster does not have.
void AddMissing(const DatabaseSelection& selection, const std::vector<std::string>& existing,
                std::vector<ListedDatabase>& databases) {
  for (const std::string& name : selection.include) {
    if (name.find_first_of("*?") != std::string::npos || FitsAny(selection.exclude, name)) continue;
    if (std::ranges::find(existing, name) != existing.end()) continue;
    databases.push_back({.name = name, .available = false, .reason = "there is no such database"});
  }
}

}  // namespace

bool FitsName(std::string_view pattern, std::string_view name) {
  // The last star, and where its text would end if it took one more byte.
  size_t star = std::string_view::npos;
  size_t retry = 0;
  size_t p = 0;
  size_t n = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++retry;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(p), [](char c) { return c == '*'; });
}

Result<std::vector<ListedDatabase>> ListDatabases(postgres::Connection& connection,
                                                  const DatabaseSelection& selection) {
  PGK_ASSIGN_OR_RETURN(const QueryResult rows, connection.Query(kDatabasesSql));
  std::vector<ListedDatabase> databases;
  std::vector<std::string> existing;
  for (size_t row = 0; row < rows.rows(); ++row) {
    PGK_ASSIGN_OR_RETURN(const std::string_view name, rows.Text(row, 0));
    PGK_ASSIGN_OR_RETURN(const bool open, rows.Bool(row, 1));
    PGK_ASSIGN_OR_RETURN(const bool valid, rows.Bool(row, 2));
    existing.emplace_back(name);
    if (!FitsAny(selection.include, name) || FitsAny(selection.exclude, name)) continue;
    ListedDatabase database{.name = std::string(name), .available = true, .reason = ""};
    if (!open || !valid) {
      if (!IsNamed(selection, name)) continue;
      database.available = false;
      database.reason = open ? "it is the rest of a DROP DATABASE that failed"
                             : "the server allows no connections to it";
    }
    databases.push_back(std::move(database));
  }
  AddMissing(selection, existing, databases);
  if (databases.empty()) {
    return Error(ErrorCode::kConfig, "no database fits the selection")
        .WithHint("look at --database, or at 'databases' of the source in the configuration");
  }
  std::ranges::sort(databases, {}, &ListedDatabase::name);
  return databases;
}

}  // namespace pgkeep::backup
