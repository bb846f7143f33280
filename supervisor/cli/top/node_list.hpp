// supervisor/cli/top/node_list.hpp
//
// The nodes that are listed: as a tree that can be folded or as a table that can be sorted, those that a filter leaves, and
// which of them is chosen.
//
// Choice     follows the node, not the line: when others come, go, or change places, the same node stays chosen. When it is
//            gone, or hidden, the one that stands in its place is.
// Filter     case does not matter (of ASCII); in path, state and why. In the tree what holds a node that is found is shown with
//            it, and nothing is folded.
// Bounds     10,000 nodes are listed anew in milliseconds.
// Threads    one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/cli/columns.hpp"
#include "supervisor/cli/tree_text.hpp"

namespace simplevisor::cli::live {

class NodeList {
 public:
  enum class Mode : std::uint8_t { tree, table };
  struct Line {
    std::size_t row;    // in rows()
    std::size_t depth;  // 0 in the table
    bool folded;        // what is below it is not shown
    bool holds;         // there is something below it
  };

  void show(Rows rows);

  void move(std::ptrdiff_t lines);  // stays within the list
  void choose_first() { choose(0); }
  void choose_last() { choose(lines_.empty() ? 0 : lines_.size() - 1); }
  // Folds the chosen node, or goes to the one that holds it when there is nothing to fold.
  void fold();
  void unfold();
  void toggle();
  void fold_well();  // all subtrees in which all is well
  void unfold_all();
  void set_mode(Mode mode);
  void sort_by(const NodeColumn& column, bool reverse);
  void set_filter(std::string filter);
  // Moves the first line that is shown, so that the chosen one is among `height` lines.
  void scroll(std::size_t height);

  [[nodiscard]] const Rows& rows() const { return rows_; }
  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
  [[nodiscard]] const std::vector<WorstBelow>& worst() const { return worst_; }  // for each row
  [[nodiscard]] std::size_t chosen() const { return chosen_; }                   // its line
  [[nodiscard]] const runtime::NodeStatus* chosen_node() const;
  // The rows of the chosen node and of what is below it.
  [[nodiscard]] std::size_t chosen_size() const;
  [[nodiscard]] std::size_t first() const { return first_; }
  [[nodiscard]] Mode mode() const { return mode_; }
  [[nodiscard]] const NodeColumn& sorted_by() const { return *sort_; }
  [[nodiscard]] bool reversed() const { return reverse_; }
  [[nodiscard]] const std::string& filter() const { return filter_; }

 private:
  void list();
  void list_tree();
  void list_found();
  void list_table();
  void choose(std::size_t line);
  [[nodiscard]] bool is_found(const runtime::NodeStatus& row) const;
  [[nodiscard]] bool holds(std::size_t row) const;
  [[nodiscard]] std::size_t end_of(std::size_t row) const;

  Rows rows_;
  std::vector<std::size_t> depths_;
  std::vector<WorstBelow> worst_;
  std::vector<Line> lines_;
  std::set<std::string, std::less<>> folded_;  // paths
  Mode mode_ = Mode::tree;
  const NodeColumn* sort_ = find_column("path");
  bool reverse_ = false;
  std::string filter_;
  std::string chosen_path_;
  std::size_t chosen_ = 0;
  std::size_t first_ = 0;
};

}  // namespace simplevisor::cli::live
