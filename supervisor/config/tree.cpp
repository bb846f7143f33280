// supervisor/config/tree.cpp
#include "supervisor/config/tree.hpp"

#include <fmt/format.h>

#include <optional>

#include "supervisor/config/links.hpp"

namespace simplevisor::config {
namespace {

using core::ChildSpec;
using core::SupervisorSpec;

constexpr unsigned depth_max = 64;

class Builder {
 public:
  Builder(const Sources& sources, const Declarations& declarations, ProgramMaker& programs, Report& report)
      : sources_{sources}, declarations_{declarations}, programs_{programs}, report_{report} {}

  BuiltTree run() {
    const auto& nodes = declarations_.nodes;
    drafts_.resize(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].type == NodeType::supervisor) drafts_[i] = read(nodes[i]);
    }
    links_ = link(sources_, declarations_, drafts_, report_);
    visited_.resize(nodes.size());
    tree_.programs.reserve(nodes.size());
    if (links_.root) {
      refuse_for_root(nodes[*links_.root], *drafts_[*links_.root]);
      tree_.root = build(*links_.root, nullptr, {}, 1);
    } else {
      tree_.root = build_implied_root();
    }
    // What the tree does not reach has been complained about, or its parent has: its values are still to be checked.
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!visited_[i] && nodes[i].type != NodeType::supervisor) build(i, nullptr, "?", 1);
      if (!visited_[i]) check_supervision(nodes[i], *drafts_[i]);
    }
    tree_.programs.shrink_to_fit();
    return std::move(tree_);
  }

 private:
  NodeDraft read(const Declared& node) { return read_node(node, declarations_, sources_.complete, report_); }

  static std::string key(const Declared& node) {
    return fmt::format("{}.{}", node.section().name, node.name);
  }

  std::shared_ptr<const ChildSpec> build_implied_root() {
    auto supervisor = std::make_shared<SupervisorSpec>();
    const NodeDraft plain;
    for (const std::size_t child : links_.implied_children) {
      supervisor->children.push_back(build(child, &plain, links_.root_name, 2));
    }
    return root_of(links_.root_name, std::move(supervisor));
  }

  static std::shared_ptr<const ChildSpec> root_of(std::string name,
                                                  std::shared_ptr<const SupervisorSpec> supervisor) {
    auto root = std::make_shared<ChildSpec>();
    root->name = std::move(name);
    root->shutdown = core::Shutdown::infinity();
    root->supervisor = std::move(supervisor);
    return root;
  }

  // `parent` is null for the root, and where the parent is not known.
  std::shared_ptr<const ChildSpec> build(std::size_t index, const NodeDraft* parent,
                                         const std::string& parent_path, unsigned depth) {
    const Declared& node = declarations_.nodes[index];
    visited_[index] = true;
    std::string path =
        parent_path.empty() ? std::string{node.name} : fmt::format("{}/{}", parent_path, node.name);
    if (depth > depth_max) {
      report_.add(node.where, key(node), fmt::format("more than {} supervisors deep", depth_max));
      return nullptr;
    }
    switch (node.type) {
      case NodeType::supervisor:
        return build_supervisor(index, parent, path, depth);
      case NodeType::pool:
        return build_pool(node, std::move(path));
      case NodeType::worker:
        break;
    }
    const NodeDraft draft = read(node);
    if (parent != nullptr) check_significant(node, draft, *parent, "its supervisor");
    return build_worker(node, draft, std::move(path));
  }

  std::shared_ptr<const ChildSpec> build_supervisor(std::size_t index, const NodeDraft* parent,
                                                    const std::string& path, unsigned depth) {
    const Declared& node = declarations_.nodes[index];
    const NodeDraft& draft = *drafts_[index];
    check_supervision(node, draft);
    if (parent != nullptr) check_significant(node, draft, *parent, "its supervisor");
    auto supervisor = std::make_shared<SupervisorSpec>(supervision(draft));
    supervisor->strategy = draft.strategy.value_or(supervisor->strategy);
    supervisor->children.reserve(links_.children[index].size());
    for (const std::size_t child : links_.children[index]) {
      supervisor->children.push_back(build(child, &draft, path, depth + 1));
    }
    auto child = std::make_shared<ChildSpec>();
    child->name = node.name;
    child->restart = draft.restart.value_or(child->restart);
    child->significant = draft.significant.value_or(false);
    child->shutdown = draft.shutdown.value_or(core::Shutdown::infinity());
    child->supervisor = std::move(supervisor);
    return child;
  }

  // A pool is a supervisor of its own, so that its instances have a history and an intensity of their own.
  std::shared_ptr<const ChildSpec> build_pool(const Declared& node, std::string path) {
    const NodeDraft draft = read(node);
    check_significant(node, draft, draft, "the pool");
    auto supervisor = std::make_shared<SupervisorSpec>(supervision(draft));
    supervisor->strategy = core::Strategy::simple_one_for_one;
    supervisor->initial_instances = draft.size.value_or(1);
    supervisor->children.push_back(build_worker(node, draft, std::move(path)));
    return root_of(std::string{node.name}, std::move(supervisor));
  }

  std::shared_ptr<const ChildSpec> build_worker(const Declared& node, const NodeDraft& draft,
                                                std::string path) {
    auto worker = std::make_shared<ChildSpec>();
    worker->name = node.name;
    worker->restart = draft.restart.value_or(worker->restart);
    worker->significant = draft.significant.value_or(false);
    worker->shutdown = draft.shutdown.value_or(worker->shutdown);
    worker->backoff = backoff(node, draft);
    worker->program = static_cast<std::uint32_t>(tree_.programs.size());
    tree_.programs.push_back(programs_.make(node, draft, std::move(path)));
    const auto& program = tree_.programs.back();  // none: it was complained about
    worker->slow_start = program && program->setup->ready.kind != Readiness::Kind::exec;
    return worker;
  }

  static SupervisorSpec supervision(const NodeDraft& draft) {
    SupervisorSpec spec;
    spec.intensity = draft.intensity.value_or(spec.intensity);
    spec.period = draft.period.value_or(spec.period);
    spec.auto_shutdown = draft.auto_shutdown.value_or(spec.auto_shutdown);
    spec.on_exhausted = draft.on_exhausted.value_or(spec.on_exhausted);
    spec.cool_down = draft.cool_down.value_or(spec.cool_down);
    spec.ordered = draft.ordered.value_or(spec.ordered);
    spec.max_concurrent = draft.max_concurrent.value_or(spec.max_concurrent);
    return spec;
  }

  core::Backoff backoff(const Declared& node, const NodeDraft& draft) {
    core::Backoff backoff;
    backoff.initial = draft.backoff_initial.value_or(backoff.initial);
    backoff.factor = draft.backoff_factor.value_or(backoff.factor);
    backoff.max = draft.backoff_max.value_or(backoff.max);
    backoff.jitter = draft.backoff_jitter.value_or(backoff.jitter);
    backoff.healthy_after = draft.backoff_healthy_after.value_or(backoff.healthy_after);
    if (backoff.initial > backoff.max) {
      report_.add(draft.backoff_initial.where, key(node) + ".backoff.initial", "must not be above `max`");
    }
    return backoff;
  }

  void check_supervision(const Declared& node, const NodeDraft& draft) {
    const bool unordered = draft.ordered.set && !draft.ordered.value;
    if (unordered && draft.strategy.value_or(core::Strategy::one_for_one) != core::Strategy::one_for_one) {
      report_.add(draft.ordered.where, key(node) + ".ordered",
                  "may be false with `strategy = \"one_for_one\"` only");
    }
  }

  // OTP refuses such children too (rule 42): they could never do what they are declared to.
  void check_significant(const Declared& node, const NodeDraft& draft, const NodeDraft& parent,
                         std::string_view who) {
    if (!draft.significant.value_or(false)) return;
    if (parent.auto_shutdown.value_or(core::AutoShutdown::never) == core::AutoShutdown::never) {
      report_.add(draft.significant.where, key(node) + ".significant",
                  fmt::format("has no effect: {} has no `auto_shutdown`", who));
    }
    if (draft.restart.value_or(core::Restart::permanent) == core::Restart::permanent) {
      report_.add(draft.significant.where, key(node) + ".significant",
                  "needs `restart = \"transient\"` or \"temporary\": a permanent child never ends for good");
    }
  }

  void refuse_for_root(const Declared& node, const NodeDraft& draft) {
    const auto refuse = [&](const auto& given, std::string_view name) {
      if (!given.set) return;
      report_.add(given.where, fmt::format("{}.{}", key(node), name),
                  "means nothing for the root: no supervisor is above it");
    };
    refuse(draft.restart, "restart");
    refuse(draft.significant, "significant");
  }

  const Sources& sources_;
  const Declarations& declarations_;
  ProgramMaker& programs_;
  Report& report_;
  Links links_;
  std::vector<std::optional<NodeDraft>> drafts_;  // of supervisors
  std::vector<bool> visited_;
  BuiltTree tree_;
};

}  // namespace

BuiltTree build_tree(const Sources& sources, const Declarations& declarations, ProgramMaker& programs,
                     Report& report) {
  return Builder{sources, declarations, programs, report}.run();
}

}  // namespace simplevisor::config
