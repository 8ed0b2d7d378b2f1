// How numbers, times and tables look to people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgkeep::cli {

// "0 B", "1023 B", "1.0 KiB", "31.9 MiB": three or four digits, rounded down so that nothing looks
// larger than it is.
std::string FormatBytes(uint64_t bytes);

// "1 backup", "2 backups", "0 backups".
std::string Count(uint64_t number, std::string_view noun);

// The number of characters that a terminal shows for UTF-8 text without control characters, taking
// each for one column.
size_t TextWidth(std::string_view text);

// Text from a repository without what a terminal does not show but obeys: control characters, which
// could move the cursor or forge lines, marks that turn the direction of the text around or hide in
// it, and bytes that are no UTF-8. Each becomes '?'.
std::string Printable(std::string_view text);

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
