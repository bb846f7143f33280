// supervisor/config/links.hpp
//
// Who is whose child. Complains about children that do not exist, are listed twice or by nobody, about cycles and
// about a root that is missing or is somebody's child.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/config/declarations.hpp"
#include "supervisor/config/report.hpp"
#include "supervisor/config/sources.hpp"

namespace simplevisor::config {

// Nodes are numbered as in Declarations::nodes.
struct Links {
  std::string root_name;
  std::optional<std::size_t> root;                 // none: implied, or missing
  std::vector<std::vector<std::size_t>> children;  // of each node, in start order
  std::vector<std::size_t> implied_children;       // of an implied root
};

// `drafts` are those of supervisors, empty for other nodes.
[[nodiscard]] Links link(const Sources& sources, const Declarations& declarations,
                         const std::vector<std::optional<NodeDraft>>& drafts, Report& report);

}  // namespace simplevisor::config
