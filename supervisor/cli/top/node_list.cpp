#include "supervisor/cli/top/node_list.hpp"

#include <algorithm>
#include <utility>

#include "supervisor/control/node_order.hpp"

namespace simplevisor::cli::live {
namespace {

using runtime::NodeStatus;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool contains(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, {}, lower, lower).empty() || part.empty();
}

}  // namespace

void NodeList::show(Rows rows) {
  rows_ = std::move(rows);
  depths_ = control::shown_depths(rows_);
  worst_ = worst_below(rows_);
  // What is gone for good must not be kept, however long we run.
  std::set<std::string, std::less<>> folded;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    if (holds(row) && folded_.contains(rows_[row].path)) folded.insert(rows_[row].path);
  }
  folded_ = std::move(folded);
  list();
}

void NodeList::list() {
  lines_.clear();
  if (mode_ == Mode::table)
    list_table();
  else if (filter_.empty())
    list_tree();
  else
    list_found();
  const auto same =
      std::ranges::find_if(lines_, [&](const Line& line) { return rows_[line.row].path == chosen_path_; });
  choose(same == lines_.end() ? chosen_ : static_cast<std::size_t>(same - lines_.begin()));
}

void NodeList::list_tree() {
  for (std::size_t row = 0; row < rows_.size();) {
    const bool folded = folded_.contains(rows_[row].path);
    lines_.push_back({row, depths_[row], folded, holds(row)});
    row = folded ? end_of(row) : row + 1;
  }
}

void NodeList::list_found() {
  std::vector<bool> shown(rows_.size(), false);
  std::vector<std::size_t> above;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    above.resize(depths_[row]);
    above.push_back(row);
    if (!is_found(rows_[row])) continue;
    for (const std::size_t holder : above) shown[holder] = true;
  }
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    if (shown[row]) lines_.push_back({row, depths_[row], false, holds(row)});
  }
}

void NodeList::list_table() {
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    if (is_found(rows_[row])) lines_.push_back({row, 0, false, false});
  }
  std::ranges::stable_sort(lines_, [&](const Line& a, const Line& b) {
    return reverse_ ? sort_->before(rows_[b.row], rows_[a.row]) : sort_->before(rows_[a.row], rows_[b.row]);
  });
}

void NodeList::choose(std::size_t line) {
  chosen_ = lines_.empty() ? 0 : std::min(line, lines_.size() - 1);
  // An empty list, as while the supervisor is away, forgets nothing.
  if (!lines_.empty()) chosen_path_ = rows_[lines_[chosen_].row].path;
}

bool NodeList::is_found(const NodeStatus& row) const {
  return filter_.empty() || contains(row.path, filter_) || contains(row.state, filter_) ||
         contains(row.why, filter_);
}

bool NodeList::holds(std::size_t row) const {
  return row + 1 < rows_.size() && depths_[row + 1] > depths_[row];
}

std::size_t NodeList::end_of(std::size_t row) const {
  std::size_t end = row + 1;
  while (end < rows_.size() && depths_[end] > depths_[row]) ++end;
  return end;
}

const NodeStatus* NodeList::chosen_node() const {
  return lines_.empty() ? nullptr : &rows_[lines_[chosen_].row];
}

std::size_t NodeList::chosen_size() const {
  return lines_.empty() ? 0 : end_of(lines_[chosen_].row) - lines_[chosen_].row;
}

void NodeList::move(std::ptrdiff_t lines) {
  if (lines < 0)
    choose(chosen_ - std::min(chosen_, static_cast<std::size_t>(-lines)));
  else
    choose(chosen_ + static_cast<std::size_t>(lines));
}

void NodeList::fold() {
  if (lines_.empty() || mode_ == Mode::table) return;
  const Line line = lines_[chosen_];
  if (line.holds && !line.folded && filter_.empty()) {
    folded_.insert(rows_[line.row].path);
    list();
    return;
  }
  for (std::size_t above = chosen_; above-- > 0;) {
    if (lines_[above].depth < line.depth) return choose(above);
  }
}

void NodeList::unfold() {
  if (lines_.empty() || mode_ == Mode::table) return;
  folded_.erase(rows_[lines_[chosen_].row].path);
  list();
}

void NodeList::toggle() {
  if (lines_.empty()) return;
  if (lines_[chosen_].folded)
    unfold();
  else if (lines_[chosen_].holds)
    fold();
}

void NodeList::fold_well() {
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    const auto is_well = [](const NodeStatus& node) {
      return node.verdict == runtime::Verdict::good && !node.held;
    };
    // A folded root says nothing.
    if (depths_[row] == 0 || !holds(row) || worst_[row].count > 0) continue;
    const auto first = rows_.begin() + static_cast<std::ptrdiff_t>(row);
    if (std::all_of(first, rows_.begin() + static_cast<std::ptrdiff_t>(end_of(row)), is_well))
      folded_.insert(rows_[row].path);
  }
  list();
}

void NodeList::unfold_all() {
  folded_.clear();
  list();
}

void NodeList::set_mode(Mode mode) {
  mode_ = mode;
  list();
}

void NodeList::sort_by(const NodeColumn& column, bool reverse) {
  sort_ = column.before == nullptr ? find_column("path") : &column;
  reverse_ = reverse;
  mode_ = Mode::table;
  list();
}

void NodeList::set_filter(std::string filter) {
  filter_ = std::move(filter);
  list();
}

void NodeList::scroll(std::size_t height) {
  if (height == 0) return;
  if (chosen_ < first_) first_ = chosen_;
  if (chosen_ >= first_ + height) first_ = chosen_ + 1 - height;
  // No empty lines at the end as long as there are others to be shown.
  first_ = std::min(first_, lines_.size() - std::min(lines_.size(), height));
}

}  // namespace simplevisor::cli::live
