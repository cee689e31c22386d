#include "admin-cli/table.h"

#include <cstdio>
#include <memory>

#include <libsmartcols.h>

namespace tj::cli {

void Table::Print() const {
  const std::unique_ptr<libscols_table, void (*)(libscols_table*)> table(scols_new_table(),
                                                                         scols_unref_table);
  if (table == nullptr) return;
  for (const Column& column : columns_) {
    scols_table_new_column(table.get(), column.title.c_str(), 0,
                           column.align == Align::kRight ? SCOLS_FL_RIGHT : 0);
  }
  for (const std::vector<std::string>& cells : rows_) {
    libscols_line* line = scols_table_new_line(table.get(), nullptr);
    for (size_t i = 0; line != nullptr && i < cells.size(); ++i) {
      scols_line_set_data(line, i, cells[i].c_str());
    }
  }
  scols_print_table(table.get());
  if (!rows_.empty()) std::fputc('\n', stdout);
}

}  // namespace tj::cli
