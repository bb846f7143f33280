// supervisor/cli/top/table.hpp
//
// The nodes in columns: which of them there is room for, and one line.
//
// Threads    pure, but for the locale. Keeps a reference to the list.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/cli/top/node_list.hpp"
#include "supervisor/cli/top/styled.hpp"

namespace simplevisor::cli::live {

class Table {
 public:
  Table(const NodeList& nodes, std::size_t columns);

  [[nodiscard]] std::string titles() const;
  [[nodiscard]] PictureLine line(std::size_t line) const;

 private:
  struct Place {
    std::string_view title;
    std::size_t width;
    bool right;
    Cell (*cell)(const NodeList& nodes, std::size_t row);
  };
  [[nodiscard]] std::string label(const NodeList::Line& line) const;

  const NodeList& nodes_;
  std::size_t label_width_;
  std::vector<Place> places_;  // behind the label
};

}  // namespace simplevisor::cli::live
