#include "supervisor/cli/tree_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "supervisor/cli/text_table.hpp"
#include "supervisor/control/node_order.hpp"

namespace simplevisor::cli {
namespace {

using runtime::NodeStatus;
using runtime::NodeType;
using runtime::Verdict;

// A line of the drawing, before the branches are drawn.
struct Line {
  std::size_t depth = 0;
  std::string text;
};

std::string kind_of(const NodeStatus& row) {
  if (row.type == NodeType::pool) return "pool";
  return row.strategy.empty() ? "supervisor" : printable(row.strategy);
}

std::string node_line(const NodeStatus& row, std::size_t depth, const WorstBelow& worst, bool colour) {
  std::string text = node_label(row, depth == 0);
  if (row.type != NodeType::worker) {
    text += fmt::format(" ({}, {} of {} ready", kind_of(row), row.ready, row.wanted);
    if (const std::string budget = budget_text(row); !budget.empty()) text += ", " + budget;
    text += ")";
  }
  text += fmt::format(" {}", coloured(printable(row.state), colour_of(row.verdict), colour));
  if (row.held) text += ", held";
  if (row.pid > 0) text += fmt::format(", pid {}", row.pid);
  if (worst.count > 0)
    text += fmt::format(", below: {}", coloured(in_words(worst), colour_of(worst.verdict), colour));
  return text;
}

class Folding {
 public:
  Folding(const Rows& rows, bool colour)
      : rows_{rows},
        depths_{control::shown_depths(rows)},
        worst_{worst_below(rows)},
        well_(rows.size(), true),
        colour_{colour} {
    // From the end on, as what is below a node comes behind it. What is held is as wished, but nothing to be left out.
    std::vector<bool> below(1, true);  // by depth, whether all is well of what hangs there
    for (std::size_t i = rows.size(); i-- > 0;) {
      const std::size_t depth = depths_[i];
      below.resize(std::max(below.size(), depth + 2), true);
      well_[i] = below[depth + 1] && rows[i].verdict == Verdict::good && !rows[i].held;
      below[depth] = below[depth] && well_[i];
      below[depth + 1] = true;
    }
  }

  std::vector<Line> lines(bool collapse_ok) {
    for (std::size_t at = 0; at < rows_.size();) at = visit(at, collapse_ok);
    return std::move(lines_);
  }

 private:
  std::size_t end_of(std::size_t at) const {
    std::size_t end = at + 1;
    while (end < rows_.size() && depths_[end] > depths_[at]) ++end;
    return end;
  }

  void node(std::size_t at) {
    lines_.push_back({depths_[at], node_line(rows_[at], depths_[at], worst_[at], colour_)});
  }

  // Lines for a node and for what is below it; where the next node begins.
  std::size_t visit(std::size_t at, bool collapse_ok) {
    const std::size_t end = end_of(at);
    if (collapse_ok && rows_[at].type != NodeType::worker && well_[at]) {
      lines_.push_back(
          {depths_[at], fmt::format("{}: {} of {} ready", node_label(rows_[at], depths_[at] == 0),
                                    rows_[at].ready, rows_[at].wanted)});
      return end;
    }
    node(at);
    std::size_t well = 0;  // workers that would only fill the screen
    std::size_t only = 0;
    for (std::size_t below = at + 1; below < end;) {
      if (collapse_ok && rows_[below].type == NodeType::worker && well_[below]) {
        ++well;
        only = below++;
      } else {
        below = visit(below, collapse_ok);
      }
    }
    if (well == 1) node(only);
    if (well > 1) lines_.push_back({depths_[at] + 1, fmt::format("{} workers as expected", well)});
    return end;
  }

  const Rows& rows_;
  std::vector<std::size_t> depths_;
  std::vector<WorstBelow> worst_;
  std::vector<bool> well_;  // the node and all that is below it
  bool colour_;
  std::vector<Line> lines_;
};

// For each line, whether a later one stands at the same depth below the same node.
std::vector<bool> followed_by_sibling(const std::vector<Line>& lines) {
  std::vector<bool> followed(lines.size(), false);
  std::vector<bool> seen;  // by depth, below the nearest line above
  for (std::size_t i = lines.size(); i-- > 0;) {
    const std::size_t depth = lines[i].depth;
    seen.resize(std::max(seen.size(), depth + 1), false);
    followed[i] = seen[depth];
    seen[depth] = true;
    seen.resize(depth + 1);
  }
  return followed;
}

}  // namespace

std::vector<WorstBelow> worst_below(const Rows& rows) {
  std::vector<WorstBelow> worst(rows.size());
  const std::vector<std::size_t> depths = control::shown_depths(rows);
  std::vector<std::size_t> above;  // open ancestors, from the outside in
  for (std::size_t i = 0; i < rows.size(); ++i) {
    above.resize(depths[i]);
    for (const std::size_t ancestor : above) {
      WorstBelow& found = worst[ancestor];
      if (rows[i].verdict == Verdict::good || rows[i].verdict < found.verdict) continue;
      if (rows[i].verdict > found.verdict)
        found = {rows[i].verdict, rows[i].state, rows[i].name, 1};
      else if (rows[i].state == found.state)
        ++found.count;
    }
    above.push_back(i);
  }
  return worst;
}

std::string in_words(const WorstBelow& worst) {
  if (worst.count == 0) return "";
  if (worst.count == 1) return fmt::format("{} {}", printable(worst.name), printable(worst.state));
  return fmt::format("{} {}", worst.count, printable(worst.state));
}

std::string tree_text(const Rows& rows, TreeForm form) {
  const std::vector<Line> lines = Folding{rows, form.colour}.lines(form.collapse_ok);
  const std::vector<bool> followed = followed_by_sibling(lines);
  std::string text;
  std::vector<std::string> stems;  // what stands left of the children of the line at that depth
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t depth = lines[i].depth;
    stems.resize(depth);
    const std::string above = depth == 0 ? "" : stems.back();
    if (depth == 0) {
      stems.emplace_back();
    } else {
      text += above + (followed[i] ? "├─ " : "└─ ");
      stems.push_back(above + (followed[i] ? "│  " : "   "));
    }
    text += lines[i].text;
    text += '\n';
  }
  return text;
}

}  // namespace simplevisor::cli
