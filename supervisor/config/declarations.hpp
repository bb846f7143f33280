// supervisor/config/declarations.hpp
//
// Who is declared where: the nodes and kinds of all files by name, in the order of the text.
//
// Ownership  tables and names belong to the Sources, which must outlive the declarations.
// Errors     go to the report: unknown tables, names that are none, names declared twice, services.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <toml++/toml.h>

#include "supervisor/config/draft.hpp"
#include "supervisor/config/keys.hpp"
#include "supervisor/config/report.hpp"
#include "supervisor/config/sources.hpp"

namespace simplevisor::config {

enum class NodeType : std::uint8_t { supervisor, pool, worker };

struct Declared {
  NodeType type = NodeType::worker;
  std::string_view name;
  const toml::table* table = nullptr;
  Where where;

  [[nodiscard]] const Section& section() const;
};

struct Declarations {
  std::vector<Declared> nodes;
  std::unordered_map<std::string_view, std::size_t> by_name;
  // Names that were declared in a way that has been complained about; nobody needs to miss them as well.
  std::unordered_set<std::string_view> spoilt;
  // Such a declaration was a supervisor's: nobody can say who its children would have been.
  bool children_lost = false;
  std::map<std::string_view, NodeDraft> kinds;
};

[[nodiscard]] Declarations collect(const Sources& sources, Report& report);

// What a node says, over what its kind says.
[[nodiscard]] NodeDraft read_node(const Declared& node, const Declarations& declarations, bool complete,
                                  Report& report);

}  // namespace simplevisor::config
