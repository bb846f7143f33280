// supervisor/config/links.cpp
#include "supervisor/config/links.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace simplevisor::config {
namespace {

class Linker {
 public:
  Linker(const Sources& sources, const Declarations& declarations, Report& report)
      : sources_{sources}, declarations_{declarations}, report_{report} {}

  Links run(const std::vector<std::optional<NodeDraft>>& drafts) {
    const auto& nodes = declarations_.nodes;
    links_.children.resize(nodes.size());
    parents_.resize(nodes.size());
    meant_.resize(nodes.size());
    for (const Declared& node : nodes) names_.push_back(node.name);
    const auto& root = sources_.settings.root;
    links_.root_name = root.set ? root.value.text : "root";
    const auto supervisors = std::ranges::count(nodes, NodeType::supervisor, &Declared::type);
    if (supervisors == 0) {
      imply_root();
      return std::move(links_);
    }
    find_root();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!drafts[i]) continue;
      link_children(i, drafts[i]->children.value);
      if (!drafts[i]->children.set && node(i).table->contains("children")) children_lost_ = true;
    }
    find_orphans();
    find_cycles();
    return std::move(links_);
  }

 private:
  const Declared& node(std::size_t i) const { return declarations_.nodes[i]; }
  std::string key(std::size_t i) const { return fmt::format("{}.{}", node(i).section().name, node(i).name); }

  std::string described(std::size_t i) const {
    const Where& where = node(i).where;
    return fmt::format("{} at {}:{}:{}", node(i).section().name, sources_.files[where.file].name, where.line,
                       where.column);
  }

  // Where to complain about the root: where it is named, or the top of the first file.
  Where root_place() const {
    const auto& root = sources_.settings.root;
    return root.set ? root.where : Where{0, 1, 1};
  }
  std::string root_key() const { return sources_.settings.root.set ? "simplevisor.root" : ""; }

  void imply_root() {
    for (std::size_t i = 0; i < declarations_.nodes.size(); ++i) links_.implied_children.push_back(i);
    if (const auto same = declarations_.by_name.find(links_.root_name); same != declarations_.by_name.end()) {
      report_.add(node(same->second).where, key(same->second),
                  "without any [supervisor.NAME] this is the name of the implied root: take another");
    }
    if (declarations_.nodes.empty() && declarations_.spoilt.empty() && sources_.complete) {
      report_.add({0, 1, 1}, {}, "nothing to supervise: no [worker.NAME], [pool.NAME] or [supervisor.NAME]");
    }
  }

  void find_root() {
    const auto found = declarations_.by_name.find(links_.root_name);
    if (found != declarations_.by_name.end() && node(found->second).type == NodeType::supervisor) {
      links_.root = found->second;
    } else if (found != declarations_.by_name.end()) {
      report_.add(root_place(), root_key(),
                  fmt::format("the root must be a supervisor: \"{}\" is the {}", links_.root_name,
                              described(found->second)));
    } else if (sources_.complete && !declarations_.spoilt.contains(links_.root_name)) {
      std::vector<std::string_view> names;
      for (const Declared& each : declarations_.nodes) {
        if (each.type == NodeType::supervisor) names.push_back(each.name);
      }
      report_.add(root_place(), root_key(),
                  fmt::format("there is no [supervisor.{}], the root", links_.root_name),
                  report_.spelling.nearest(links_.root_name, names));
    }
  }

  void link_children(std::size_t parent, const std::vector<Text>& children) {
    for (std::size_t i = 0; i < children.size(); ++i) {
      const Text& child = children[i];
      const auto complain = [&](std::string message, std::string_view nearest = {}) {
        report_.add(child.where, fmt::format("{}.children[{}]", key(parent), i), std::move(message), nearest);
      };
      const auto found = declarations_.by_name.find(child.text);
      if (found == declarations_.by_name.end()) {
        if (child.text.empty() || declarations_.spoilt.contains(child.text)) continue;
        const auto nearest = report_.spelling.nearest(child.text, names_);
        if (nearest.empty() && !sources_.complete) continue;
        if (!nearest.empty()) meant_[declarations_.by_name.at(nearest)] = true;
        complain(fmt::format("there is no supervisor, worker or pool \"{}\"", child.text), nearest);
        continue;
      }
      const std::size_t index = found->second;
      if (index == links_.root) {
        complain(fmt::format("\"{}\" is the root and can be nobody's child", child.text));
      } else if (parents_[index]) {
        complain(fmt::format("\"{}\" is already a child of the {}", child.text, described(*parents_[index])));
      } else {
        parents_[index] = parent;
        links_.children[parent].push_back(index);
      }
    }
  }

  void find_orphans() {
    // A file or a table that could not be read may hold the parent.
    if (!sources_.complete || declarations_.children_lost || children_lost_) return;
    for (std::size_t i = 0; i < parents_.size(); ++i) {
      // Without a root everything is an orphan somehow; that has been said.
      if (parents_[i] || meant_[i] || i == links_.root ||
          (!links_.root && node(i).type == NodeType::supervisor))
        continue;
      report_.add(node(i).where, key(i), "is nobody's child: no supervisor lists it in its `children`");
    }
  }

  // Every node has one parent at most, so going up ends at the top or goes round. Each node is passed once.
  void find_cycles() {
    constexpr std::size_t unseen = 0;
    std::vector<std::size_t> seen_by(parents_.size(), unseen);
    for (std::size_t start = 0; start < parents_.size(); ++start) {
      const std::size_t walk = start + 1;
      std::optional<std::size_t> at = start;
      while (at && seen_by[*at] == unseen) {
        seen_by[*at] = walk;
        at = parents_[*at];
      }
      if (at && seen_by[*at] == walk) complain_of_cycle(*at);
    }
  }

  void complain_of_cycle(std::size_t member) {
    std::vector<std::size_t> cycle{member};
    for (std::size_t at = *parents_[member]; at != member; at = *parents_[at]) cycle.push_back(at);
    std::ranges::reverse(cycle);  // from parents to children
    std::ranges::rotate(cycle, std::ranges::min_element(cycle));
    std::string text;
    constexpr std::size_t shown_max = 16;
    for (std::size_t i = 0; i < cycle.size() && i < shown_max; ++i)
      text += fmt::format("{} -> ", node(cycle[i]).name);
    if (cycle.size() > shown_max) text += "... -> ";
    report_.add(node(cycle.front()).where, key(cycle.front()),
                fmt::format("supervisors are children of each other: {}{}", text, node(cycle.front()).name));
  }

  const Sources& sources_;
  const Declarations& declarations_;
  Report& report_;
  Links links_;
  std::vector<std::optional<std::size_t>> parents_;
  std::vector<bool> meant_;  // misspelt by a parent: no orphan
  std::vector<std::string_view> names_;
  bool children_lost_ = false;
};

}  // namespace

Links link(const Sources& sources, const Declarations& declarations,
           const std::vector<std::optional<NodeDraft>>& drafts, Report& report) {
  return Linker{sources, declarations, report}.run(drafts);
}

}  // namespace simplevisor::config
