#include "supervisor/runtime/journal/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "supervisor/core/tree.hpp"

namespace simplevisor::runtime::journal {
namespace {

using core::NodeId;
using core::Strategy;

std::shared_ptr<const core::ChildSpec> child_named(const core::ChildSpec& parent, std::string_view name) {
  if (!parent.supervisor) return nullptr;
  const auto found =
      std::ranges::find(parent.supervisor->children, name, [](const auto& each) { return each->name; });
  return found == parent.supervisor->children.end() ? nullptr : *found;
}

class Player {
 public:
  Player(std::shared_ptr<const core::ChildSpec> root, const TapeHead& head)
      : root_(std::move(root)), tree_(root_, head.seed), begin_(std::chrono::nanoseconds(head.now)) {}

  // Says what is wrong, "" when nothing is.
  std::string hold(const TapeHold& hold) {
    const auto spec = declared(hold);
    if (!spec) return fmt::format("{} is not declared", hold.path);
    if (hold.begins)
      tree_.hold(spec, hold.instance);
    else
      tree_.let_go(*spec, hold.instance);
    return "";
  }

  std::string run(TapeRun run, std::vector<Decision>& decisions) {
    if (run.now < now_) return "time goes backwards";
    now_ = run.now;
    if (!std::exchange(started_, true)) tree_.start();
    for (std::size_t n = 0; n < run.events.size(); ++n) {
      if (auto* const request = std::get_if<core::Request>(&run.events[n]); request && run.specified[n])
        specify(*request);
      tree_.post(std::move(run.events[n]));
    }
    for (const core::Action& action : tree_.run(now_)) {
      const auto* const report = std::get_if<core::Report>(&action);
      if (!report) continue;
      decisions.push_back({.at = std::chrono::nanoseconds(now_.time_since_epoch()) - begin_,
                           .kind = kind_of(report->kind),
                           .path = path_of(report->supervisor),
                           .about = path_of(report->child)});
    }
    return "";
  }

 private:
  std::shared_ptr<const core::ChildSpec> declared(const TapeHold& hold) const {
    std::string_view path = hold.path;
    auto spec = path.substr(0, path.find('/')) == root_->name ? root_ : nullptr;
    while (spec && path.contains('/')) {
      path.remove_prefix(path.find('/') + 1);
      const bool pool = spec->supervisor && spec->supervisor->strategy == Strategy::simple_one_for_one;
      spec = pool ? spec->supervisor->children.front() : child_named(*spec, path.substr(0, path.find('/')));
    }
    return spec;
  }

  void specify(core::Request& request) const {
    if (!tree_.contains(request.supervisor)) return;
    request.spec = child_named(*tree_.node(request.supervisor).spec, request.child);
  }

  std::string path_of(NodeId id) const {
    if (id == NodeId::none) return "";
    const core::Node& node = tree_.node(id);
    const std::string name = node.instance ? std::to_string(node.instance) : node.spec->name;
    return node.parent == NodeId::none ? name : path_of(node.parent) + "/" + name;
  }

  std::shared_ptr<const core::ChildSpec> root_;
  core::Tree tree_;
  std::chrono::nanoseconds begin_;
  core::TimePoint now_{};
  bool started_ = false;
};

}  // namespace

Kind kind_of(core::Report::Kind kind) {
  switch (kind) {
    case core::Report::Kind::supervisor_started:
      return Kind::supervisor_started;
    case core::Report::Kind::supervisor_start_failed:
      return Kind::supervisor_start_failed;
    case core::Report::Kind::supervisor_stopped:
      return Kind::supervisor_stopped;
    case core::Report::Kind::gave_up:
      return Kind::gave_up;
    case core::Report::Kind::cooling_down:
      return Kind::cooling_down;
    case core::Report::Kind::restarting:
      return Kind::restarting;
    case core::Report::Kind::retrying:
      return Kind::retrying;
    case core::Report::Kind::auto_shutdown:
      return Kind::auto_shutdown;
  }
  std::unreachable();
}

bool is_decision(Kind kind) {
  return kind >= Kind::restarting;
}

Replayed replay(const std::shared_ptr<const core::ChildSpec>& root,
                const std::function<std::optional<std::string>()>& next_line) {
  Replayed replayed;
  const auto trouble = [&](std::string_view what) {
    replayed.trouble = fmt::format("line {} of the tape: {}", replayed.lines, what);
    return replayed;
  };
  std::optional<Player> player;
  while (const auto line = next_line()) {
    ++replayed.lines;
    if (*line == tape_cut) {
      replayed.cut = true;
      return replayed;
    }
    TapeLine parsed = parse_tape_line(*line);
    if (const auto* const head = std::get_if<TapeHead>(&parsed)) {
      if (player) return trouble("a second head");
      replayed.head = *head;
      player.emplace(root, *head);
      continue;
    }
    if (!player) return trouble("this is no tape: its first line is no head");
    std::string wrong = "this is no line of a tape";
    if (const auto* const hold = std::get_if<TapeHold>(&parsed)) wrong = player->hold(*hold);
    if (auto* const run = std::get_if<TapeRun>(&parsed)) {
      replayed.events += run->events.size();
      wrong = player->run(std::move(*run), replayed.decisions);
    }
    if (!wrong.empty()) return trouble(wrong);
  }
  if (!player) return trouble("the tape is empty");
  return replayed;
}

}  // namespace simplevisor::runtime::journal
