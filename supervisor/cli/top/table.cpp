#include "supervisor/cli/top/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "supervisor/cli/top/fit.hpp"

namespace simplevisor::cli::live {
namespace {

using runtime::NodeStatus;

constexpr std::size_t label_min = 14;
constexpr std::size_t why_min = 10;
constexpr std::size_t left_width = 6;

Cell cell_of(std::string_view column, const NodeList& nodes, std::size_t row) {
  return find_column(column)->cell(nodes.rows()[row]);
}

Cell restarts_cell(const NodeList& nodes, std::size_t row) {
  return {fmt::format("{}", nodes.rows()[row].restarts)};
}

// What is left of what it has.
Cell budget_cell(const NodeList& nodes, std::size_t row) {
  const NodeStatus& node = nodes.rows()[row];
  if (budget_text(node).empty()) return {"-"};
  const std::size_t left = node.restarts_limit - std::min(node.restarts, node.restarts_limit);
  std::string text = fmt::format("{}/{}", left, node.restarts_limit);
  if (text.size() > left_width) text = fmt::format("{}", left);  // half a number would be another one
  return {std::move(text), left == 0 ? Colour::yellow : Colour::none};
}

// What comes next, why it is so, and what is below it: whatever there is.
Cell why_cell(const NodeList& nodes, std::size_t row) {
  const WorstBelow& worst = nodes.worst()[row];
  std::string text = worst.count > 0 ? "below: " + in_words(worst) : "";
  const NodeStatus& node = nodes.rows()[row];
  for (const std::string& part : {node.next, node.why.empty() ? node.status : node.why}) {
    if (!part.empty()) text += (text.empty() ? "" : "; ") + printable(part);
  }
  return {std::move(text), worst.count > 0 ? colour_of(worst.verdict) : Colour::none};
}

}  // namespace

Table::Table(const NodeList& nodes, std::size_t columns) : nodes_{nodes} {
  // From the most important to the least, which is the last to get room and the first to lose it.
  static constexpr std::array<Place, 5> candidates{{
      {"STATE", 10, false, [](const NodeList& list, std::size_t row) { return cell_of("state", list, row); }},
      {"AGE", 6, true, [](const NodeList& list, std::size_t row) { return cell_of("age", list, row); }},
      {"PID", 7, true, [](const NodeList& list, std::size_t row) { return cell_of("pid", list, row); }},
      {"RESTARTS", 8, true, restarts_cell},
      {"LEFT", left_width, true, budget_cell},
  }};
  std::size_t widest = label_min;
  for (const NodeList::Line& line : nodes.lines()) widest = std::max(widest, width_of(label(line)));
  // Names come first, but do not take all.
  label_width_ = std::min({columns, widest, std::max(label_min, columns * 2 / 5)});
  std::size_t room = columns - label_width_;
  for (const Place& place : candidates) {
    if (room <= place.width) break;
    room -= place.width + 1;
    places_.push_back(place);
  }
  const bool has_all = places_.size() == candidates.size();
  const std::size_t more = std::min(widest - std::min(widest, label_width_), has_all ? room / 2 : room);
  label_width_ += more;
  room -= more;
  if (has_all && room > why_min)
    places_.push_back({"WHY", room - 1, false, why_cell});
  else
    label_width_ += room;
}

std::string Table::label(const NodeList::Line& line) const {
  const NodeStatus& row = nodes_.rows()[line.row];
  if (nodes_.mode() == NodeList::Mode::table) return printable(row.path);
  return std::string(2 * line.depth, ' ') +
         (line.folded  ? "+ "
          : line.holds ? "- "
                       : "  ") +
         node_label(row, line.depth == 0);
}

std::string Table::titles() const {
  std::string text = fit("NODE", label_width_);
  for (const Place& place : places_) text += " " + fit(place.title, place.width, place.right);
  return text;
}

PictureLine Table::line(std::size_t line) const {
  const NodeList::Line& node = nodes_.lines()[line];
  const bool chosen = line == nodes_.chosen();
  PictureLine spans;
  std::string name = label(node);
  // Of a path that is too long its end says which node it is.
  if (nodes_.mode() == NodeList::Mode::table) name = end_of(name, label_width_);
  spans.push_back({fit(name, label_width_), {.bold = nodes_.rows()[node.row].held, .reverse = chosen}});
  for (const Place& place : places_) {
    Cell cell = place.cell(nodes_, node.row);
    spans.push_back({" ", {.reverse = chosen}});
    spans.push_back({fit(cell.text, place.width, place.right), {.colour = cell.colour, .reverse = chosen}});
  }
  return spans;
}

}  // namespace simplevisor::cli::live
