// supervisor/config/declarations.cpp
#include "supervisor/config/declarations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "supervisor/config/values.hpp"

namespace simplevisor::config {
namespace {

struct TableName {
  std::string_view name;
  std::optional<NodeType> type;
};

constexpr std::array<TableName, 4> node_tables{{{"supervisor", NodeType::supervisor},
                                                {"worker", NodeType::worker},
                                                {"pool", NodeType::pool},
                                                {"kind", std::nullopt}}};
constexpr std::array<std::string_view, 5> table_names{"simplevisor", "supervisor", "worker", "pool", "kind"};

class Collector {
 public:
  Collector(const Sources& sources, Declarations& into, Report& report)
      : sources_{sources}, into_{into}, report_{report} {}

  void run() {
    for (std::uint32_t file = 0; file < sources_.files.size(); ++file) collect_file(file);
    std::ranges::sort(into_.nodes, {}, &Declared::where);
    for (std::size_t i = 0; i < into_.nodes.size(); ++i) index(i);
    std::erase_if(into_.nodes, [](const Declared& node) { return node.table == nullptr; });
    into_.by_name.clear();
    for (std::size_t i = 0; i < into_.nodes.size(); ++i) into_.by_name.emplace(into_.nodes[i].name, i);
  }

 private:
  void collect_file(std::uint32_t file) {
    const Source& source = sources_.files[file];
    Reading reading{file, report_};
    for (const auto& [key, value] : source.table) {
      const std::string_view name = key.str();
      if (source.shipped && name != "kind") {
        report_.add(reading.at(key.source()), std::string{name}, "a file of kinds has only [kind.NAME]");
      } else if (name == "simplevisor") {
        refuse_unless_table(name, key, value, reading);  // its keys have been read with the includes
      } else if (name == "service") {
        refuse_services(key, value, reading);
      } else if (const auto found = std::ranges::find(node_tables, name, &TableName::name);
                 found != node_tables.end()) {
        collect_table(*found, key, value, reading);
      } else {
        report_.add(reading.at(key.source()), KeyPath{nullptr, name}.text(), "unknown table",
                    report_.spelling.nearest(name, table_names));
      }
    }
  }

  bool refuse_unless_table(std::string_view name, const toml::key& key, const toml::node& value,
                           Reading& reading) {
    if (value.is_table()) return true;
    report_.add(reading.at(key.source()), std::string{name},
                fmt::format("must be a table, not {}", type_text(value)));
    return false;
  }

  void refuse_services(const toml::key& key, const toml::node& value, Reading& reading) {
    const KeyPath path{nullptr, key.str()};
    const toml::table* table = value.as_table();
    if (table == nullptr) {
      report_.add(reading.at(key.source()), path.text(), "not supported by this version");
      return;
    }
    for (const auto& [name, service] : *table) {
      report_.add(reading.at(name.source()), KeyPath{&path, name.str()}.text(),
                  "not supported by this version");
      into_.spoilt.insert(name.str());
    }
  }

  void collect_table(const TableName& which, const toml::key& key, const toml::node& value,
                     Reading& reading) {
    if (!refuse_unless_table(which.name, key, value, reading)) return;
    const KeyPath path{nullptr, which.name};
    for (const auto& [name, node] : *value.as_table()) {
      const KeyPath node_path{&path, name.str()};
      const Where where = reading.at(name.source());
      const toml::table* table = node.as_table();
      if (table == nullptr) {
        report_.add(where, node_path.text(),
                    fmt::format("must be a table, [{}.NAME], not {}", which.name, type_text(node)));
        spoil(which, name.str());
      } else if (!is_node_name(name.str())) {
        report_.add(where, node_path.text(), std::string{node_name_rule});
        spoil(which, name.str());
      } else if (which.type) {
        into_.nodes.push_back({*which.type, name.str(), table, where});
      } else {
        add_kind(name.str(), *table, node_path, where, reading);
      }
    }
  }

  void spoil(const TableName& which, std::string_view name) {
    into_.spoilt.insert(name);
    if (which.type == NodeType::supervisor) into_.children_lost = true;
  }

  void add_kind(std::string_view name, const toml::table& table, const KeyPath& path, Where where,
                Reading& reading) {
    const bool shipped = sources_.files[where.file].shipped;
    const auto [known, fresh] = kind_places_.try_emplace(name, where);
    if (!fresh) {
      // Files come in order of precedence, shipped ones last; overriding those is what users may do.
      if (!shipped)
        report_.add(where, path.text(), fmt::format("already declared at {}", place(known->second)));
      return;
    }
    NodeDraft draft;
    read_section(kind_section(), table, path, reading, draft);
    draft.command_spoilt = !draft.command.set && table.contains("command");
    draft.kind.give({std::string{name}, where}, where);
    into_.kinds.emplace(name, std::move(draft));
  }

  // Marks a node whose name was taken before by having no table.
  void index(std::size_t i) {
    Declared& node = into_.nodes[i];
    const auto [known, fresh] = into_.by_name.try_emplace(node.name, i);
    if (fresh) return;
    const Declared& first = into_.nodes[known->second];
    report_.add(node.where, fmt::format("{}.{}", node.section().name, node.name),
                fmt::format("this name is taken by the {} at {}", first.section().name, place(first.where)));
    if (node.type == NodeType::supervisor) into_.children_lost = true;
    node.table = nullptr;
  }

  [[nodiscard]] std::string place(Where where) const {
    return fmt::format("{}:{}:{}", sources_.files[where.file].name, where.line, where.column);
  }

  const Sources& sources_;
  Declarations& into_;
  Report& report_;
  std::map<std::string_view, Where> kind_places_;
};

}  // namespace

const Section& Declared::section() const {
  switch (type) {
    case NodeType::supervisor:
      return supervisor_section();
    case NodeType::pool:
      return pool_section();
    case NodeType::worker:
      break;
  }
  return worker_section();
}

Declarations collect(const Sources& sources, Report& report) {
  Declarations declarations;
  Collector{sources, declarations, report}.run();
  return declarations;
}

namespace {

void miss_kind(const std::string& name, const Declarations& declarations, bool complete, const KeyPath& node,
               Where where, Report& report) {
  if (!is_node_name(name) || declarations.spoilt.contains(name)) return;  // complained about elsewhere
  std::vector<std::string_view> names;
  for (const auto& [each, ignored] : declarations.kinds) names.push_back(each);
  const std::string_view nearest = report.spelling.nearest(name, names);
  if (nearest.empty() && !complete) return;
  report.add(where, KeyPath{&node, "kind"}.text(), fmt::format("there is no [kind.{}]", name), nearest);
}

}  // namespace

NodeDraft read_node(const Declared& node, const Declarations& declarations, bool complete, Report& report) {
  const KeyPath type_path{nullptr, node.section().name};
  const KeyPath path{&type_path, node.name};
  Reading reading{node.where.file, report};
  NodeDraft draft;
  const toml::node* kind = node.type == NodeType::supervisor ? nullptr : node.table->get("kind");
  if (kind != nullptr && kind->is_string()) {
    const std::string& name = kind->as_string()->get();
    if (const auto known = declarations.kinds.find(name); known != declarations.kinds.end()) {
      draft = known->second;
    } else {
      miss_kind(name, declarations, complete, path, reading.at(kind->source()), report);
      draft.command_spoilt = true;
    }
  }
  read_section(node.section(), *node.table, path, reading, draft);
  if (node.table->contains("command")) draft.command_spoilt = !draft.command.set;
  return draft;
}

}  // namespace simplevisor::config
