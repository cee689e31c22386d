// Table: rows for people, columns aligned by what a terminal shows (a Chinese character takes two
// cells). Numbers to the right. Over libsmartcols; one thread.

#ifndef TJ_ADMIN_CLI_TABLE_H_
#define TJ_ADMIN_CLI_TABLE_H_

#include <string>
#include <vector>

namespace tj::cli {

class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // To standard output.
  void Print() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tj::cli

#endif  // TJ_ADMIN_CLI_TABLE_H_
