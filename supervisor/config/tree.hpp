// supervisor/config/tree.hpp
//
// Puts the declared nodes together: who is whose child, and the specifications the core works by.
//
// Rules      every node but the root is listed by exactly one supervisor; supervisors nest at most 64 deep. Without
//            any [supervisor.NAME] there is an implied root, one_for_one, that has all nodes in order of the text.
// Errors     go to the report. The root is null when something was wrong.
#pragma once

#include <memory>
#include <vector>

#include "supervisor/config/declarations.hpp"
#include "supervisor/config/model.hpp"
#include "supervisor/config/programs.hpp"
#include "supervisor/config/report.hpp"
#include "supervisor/config/sources.hpp"

namespace simplevisor::config {

struct BuiltTree {
  std::shared_ptr<const core::ChildSpec> root;
  std::vector<std::shared_ptr<const Program>> programs;  // in tree order
};

[[nodiscard]] BuiltTree build_tree(const Sources& sources, const Declarations& declarations,
                                   ProgramMaker& programs, Report& report);

}  // namespace simplevisor::config
