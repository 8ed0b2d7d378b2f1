// How numbers, times and tables look to people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/display.h"

namespace pgkeep::cli {

// "1 backup", "2 backups", "0 backups".
std::string Count(uint64_t number, std::string_view noun);

// Columns of text, aligned. One thread at a time.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // REQUIRES: one cell for each column.
  void AddRow(std::vector<std::string> cells);

  bool empty() const { return rows_.empty(); }

  // The titles and then the rows; two spaces between columns, none at the end of a line.
  std::vector<std::string> Lines() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace pgkeep::cli
