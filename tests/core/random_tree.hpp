// tests/core/random_tree.hpp
//
// Random specifications for the simulator. Names are unique in a tree, and OTP would accept every one of them.
#pragma once

#include "supervisor/core/spec.hpp"
#include "tests/core/dice.hpp"

namespace simplevisor::core::testing {

struct Style {
  bool extensions = true;  // backoff, cool-down, no order, instances from the start, slow starts
  std::size_t nodes_max = 24;
};

std::shared_ptr<const ChildSpec> random_tree(Dice& dice, const Style& style);
// A child to be added to a supervisor with these flags.
std::shared_ptr<const ChildSpec> random_worker(Dice& dice, const Style& style, const SupervisorSpec& parent,
                                               std::string name);

}  // namespace simplevisor::core::testing
