// supervisor/cli/tree_text.hpp
//
// The drawing of `tree`: every supervisor with its strategy, what is left of its restarts, its state, and the worst that
// is below it; its children hang from it.
//
// Requires   rows in tree order, as the control API gives them.
// Threads    pure functions. Time O(rows x depth): 10,000 rows take milliseconds.
#pragma once

#include <string>
#include <vector>

#include "supervisor/cli/node_text.hpp"

namespace simplevisor::cli {

struct TreeForm {
  // Subtrees in which all is well become one line, and so do the other workers of a supervisor that are well. What is held
  // is shown.
  bool collapse_ok = false;
  bool colour = false;
};

// "root (one_for_one, 1 of 2 ready, 4 of 5 left in 1min) running, below: send-a restarting"
std::string tree_text(const Rows& rows, TreeForm form);

// The worst of what is below each row, in words: "send-a restarting", "3 stopped"; "" where all is well, and for workers.
struct WorstBelow {
  runtime::Verdict verdict = runtime::Verdict::good;
  std::string state{};    // of the first that is as bad
  std::string name{};     // its name
  std::size_t count = 0;  // how many are in that state, and as bad
};
std::vector<WorstBelow> worst_below(const Rows& rows);
std::string in_words(const WorstBelow& worst);

}  // namespace simplevisor::cli
