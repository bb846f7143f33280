// supervisor/runtime/census.hpp
//
// Who is in the tree, and how they are: the declared nodes beside the living ones.
//
// Semantics  a node that is declared but not there (its supervisor does not run, it ended for good, it was
//            stopped) is listed too: what is missing is what one looks for.
// Threads    the supervision thread. Cost: the size of the tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/core/tree.hpp"
#include "supervisor/runtime/engine.hpp"
#include "supervisor/runtime/holds.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::runtime {

// A node, whether it is there or not.
struct Resident {
  std::string path;
  std::shared_ptr<const core::ChildSpec> spec;
  std::uint32_t instance = 0;
  unsigned depth = 0;
  core::NodeId parent = core::NodeId::none;  // the living supervisor above it
  core::NodeId node = core::NodeId::none;    // none: not in the tree at present
};

// All nodes within a scope, in tree order.
[[nodiscard]] std::vector<Resident> residents(const core::Tree& tree, const core::ChildSpec& root,
                                              const Scope& within = {});

// What a pattern stands for (pattern.hpp), as indices into `all`, without what lies below another match.
// `answer` says why when there is nothing.
[[nodiscard]] std::vector<std::size_t> select(const std::vector<Resident>& all, std::string_view pattern,
                                              Answer& answer);

// Status rows of all[first, last), which must be whole subtrees.
[[nodiscard]] std::vector<NodeStatus> describe(const Engine& engine, const Holds& holds,
                                               const std::vector<Resident>& all, std::size_t first,
                                               std::size_t last, core::TimePoint now);

// What was counted about each of `all`.
[[nodiscard]] std::vector<NodeMeasures> measure(Engine& engine, const std::vector<Resident>& all);

// The end of the subtree that starts at `first`.
[[nodiscard]] std::size_t subtree_end(const std::vector<Resident>& all, std::size_t first);

}  // namespace simplevisor::runtime
