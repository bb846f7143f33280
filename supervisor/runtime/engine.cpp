#include "supervisor/runtime/engine.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>

#include "supervisor/config/describe.hpp"
#include "supervisor/runtime/journal/event_json.hpp"
#include "supervisor/runtime/journal/replay.hpp"
#include "supervisor/runtime/version.hpp"
#include "supervisor/runtime/words.hpp"

namespace simplevisor::runtime {

using core::Clock;
using core::NodeId;

Engine::Engine(const Workers::Context& context)
    : io_{context.io},
      configuration_{context.configuration},
      journal_{context.journal},
      seed_{static_cast<std::uint64_t>(Clock::now().time_since_epoch().count())},
      tree_{context.configuration.root, seed_},
      workers_{context, [this](core::Event event) { post(std::move(event)); }, [this] { settle(); }},
      timer_{context.io} {
  if (!journal_) return;
  const auto now = std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
  const auto wall = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  tape_.emplace([recorder = journal_](std::string_view lines) { recorder->tape(lines); },
                journal::TapeHead{.seed = seed_,
                                  .configuration = config::digest(configuration_),
                                  .version = version,
                                  .time = journal::in_text(wall),
                                  .now = now});
}

void Engine::hold(const std::string& path, const std::shared_ptr<const core::ChildSpec>& spec,
                  std::uint32_t instance) {
  if (tape_) tape_->hold(path, instance, true);
  tree_.hold(spec, instance);
}

void Engine::let_go(const std::string& path, const core::ChildSpec& spec, std::uint32_t instance) {
  if (tape_) tape_->hold(path, instance, false);
  tree_.let_go(spec, instance);
}

void Engine::post(core::Event event) {
  if (tape_) tape_->posted(event);
  tree_.post(std::move(event));
}

const core::Actions& Engine::run() {
  const core::TimePoint now = Clock::now();
  if (tape_) {
    const auto next = tree_.next_deadline();
    tape_->run(now, next && *next <= now);
  }
  return tree_.run(now);
}

void Engine::start(std::function<void()> up, std::function<void()> over) {
  on_up_ = std::move(up);
  on_over_ = std::move(over);
  workers_.take_precedence();
  tree_.start();
  if (tape_) tape_->start();
  settle();
}

void Engine::stop() {
  workers_.give_back_precedence();
  post(core::StopTree{});
  settle();
}

void Engine::hurry() {
  post(core::Hurry{});
  settle();
}

void Engine::request(core::Request request, Replied replied) {
  request.id = core::RequestId{++requests_};
  replies_.emplace(requests_, std::move(replied));
  workers_.moved_on_purpose(Clock::now());
  post(std::move(request));
  settle();
}

void Engine::ended(pid_t pid, const process::ExitStatus& status) {
  workers_.ended(pid, status);
  settle();
}

// Lets the tree react until it has nothing more to say. Re-entered (by a callback of an action), it leaves
// the work to the call that is already at it.
void Engine::settle() {
  if (settling_) return;
  settling_ = true;
  std::size_t launches = 0;
  for (;;) {
    if (next_action_ == actions_.size()) {
      next_action_ = 0;
      actions_ = run();
      if (actions_.empty()) break;
    }
    while (next_action_ < actions_.size() && launches < launches_per_turn) {
      const core::Action action = actions_[next_action_++];
      launches += std::holds_alternative<core::StartWorker>(action);
      std::visit([this](const auto& a) { perform(a); }, action);
    }
    if (launches < launches_per_turn) continue;
    if (!continuation_posted_) {
      continuation_posted_ = true;
      boost::asio::post(io_, [this] {
        continuation_posted_ = false;
        settle();
      });
    }
    settling_ = false;
    return;
  }
  settling_ = false;
  arm_timer();
  if (tape_) tape_->flush();
  if (journal_) journal_->nudge();

  const auto state = tree_.root_state();
  if (state == core::Tree::RootState::running && on_up_) std::exchange(on_up_, nullptr)();
  const bool down = state == core::Tree::RootState::failed || state == core::Tree::RootState::ended;
  if (down && !std::exchange(over_, true)) on_over_();
}

void Engine::arm_timer() {
  const auto next = tree_.next_deadline();
  if (next == armed_for_) return;
  armed_for_ = next;
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*next);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    const core::TimePoint now = Clock::now();
    if (armed_for_ && now > *armed_for_) lag_.add(now - *armed_for_);
    workers_.moved_on_purpose(now);
    armed_for_.reset();
    settle();
  });
}

// ---- Actions -----------------------------------------------------------------------------------------------

void Engine::perform(const core::StartWorker& action) {
  workers_.start(action, *tree_.node(action.node).spec);
}

void Engine::perform(const core::StopWorker& action) {
  const core::Node& node = tree_.node(action.node);
  workers_.stop(node.spec->program, node.instance, action.life);
}

void Engine::perform(const core::KillWorker& action) {
  const core::Node& node = tree_.node(action.node);
  workers_.kill(node.spec->program, node.instance, action.life);
}

void Engine::perform(const core::Reply& action) {
  const auto found = replies_.find(std::to_underlying(action.request));
  if (found == replies_.end()) return;
  const Replied replied = std::move(found->second);
  replies_.erase(found);
  replied(action.result, action.node);
}

std::string Engine::path_of(NodeId id) const {
  if (id == NodeId::none) return "";
  const core::Node& node = tree_.node(id);
  const std::string name = node.instance ? std::to_string(node.instance) : node.spec->name;
  return node.parent == NodeId::none ? name : path_of(node.parent) + "/" + name;
}

std::string Engine::why_ended(NodeId child) const {
  if (child == NodeId::none) return "";
  const core::Node& node = tree_.node(child);
  if (node.spec->supervisor) return "gave up or was not started";
  const Worker* worker = workers_.find(node.spec->program, node.instance);
  return worker ? worker->last_words() : "";
}

std::chrono::system_clock::time_point Engine::wall_time(core::TimePoint time) {
  using std::chrono::nanoseconds;
  const nanoseconds offset = nanoseconds{std::chrono::system_clock::now().time_since_epoch()} -
                             nanoseconds{Clock::now().time_since_epoch()};
  if (!wall_offset_ || std::chrono::abs(offset - *wall_offset_) > std::chrono::seconds{1})
    wall_offset_ = offset;
  return std::chrono::system_clock::time_point{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(time.time_since_epoch() +
                                                                      *wall_offset_)};
}

SupervisorTally Engine::tally(const core::ChildSpec& supervisor) const {
  const auto found = tallies_.find(&supervisor);
  return found == tallies_.end() ? SupervisorTally{} : found->second;
}

void Engine::count(const core::Report& report) {
  using Kind = core::Report::Kind;
  std::uint32_t SupervisorTally::* const what =
      report.kind == Kind::supervisor_started ? &SupervisorTally::starts
      : report.kind == Kind::gave_up          ? &SupervisorTally::gave_up
      : report.kind == Kind::cooling_down     ? &SupervisorTally::cooled_down
                                              : nullptr;
  if (what) ++(tallies_[tree_.node(report.supervisor).spec.get()].*what);
}

void Engine::perform(const core::Report& action) {
  count(action);
  log(action);
  if (journal_) note(action);
}

void Engine::note(const core::Report& report) const {
  using Kind = core::Report::Kind;
  const bool trouble = report.kind == Kind::gave_up || report.kind == Kind::supervisor_start_failed;
  journal_->record(journal::Event{.kind = journal::kind_of(report.kind),
                                  .path = path_of(report.supervisor),
                                  .about = path_of(report.child),
                                  .text = trouble ? trouble_ : why_ended(report.child)});
}

void Engine::log(const core::Report& action) {
  const std::string supervisor = path_of(action.supervisor);
  const core::Node& node = tree_.node(action.supervisor);
  using Kind = core::Report::Kind;
  switch (action.kind) {
    case Kind::supervisor_started:
      spdlog::info("{}: started", supervisor);
      return;
    case Kind::supervisor_start_failed: {
      // The innermost child that failed has the reason; the supervisors above it pass it on.
      if (action.child != NodeId::none && !tree_.node(action.child).spec->supervisor) {
        trouble_ = fmt::format("{}: {}", path_of(action.child), why_ended(action.child));
      }
      spdlog::error("{}: not started{}{}", supervisor, trouble_.empty() ? "" : ": ", trouble_);
      return;
    }
    case Kind::supervisor_stopped:
      spdlog::info("{}: stopped", supervisor);
      return;
    case Kind::gave_up: {
      const auto& spec = *node.spec->supervisor;
      trouble_ =
          fmt::format("{}: gave up: more than {} restarts within {}, the last one of {} ({})", supervisor,
                      spec.intensity, in_words(spec.period), path_of(action.child), why_ended(action.child));
      spdlog::error("{}", trouble_);
      return;
    }
    case Kind::cooling_down: {
      const auto& spec = *node.spec->supervisor;
      spdlog::error("{}: more than {} restarts within {}: {} will be tried again in {}", supervisor,
                    spec.intensity, in_words(spec.period), path_of(action.child), in_words(spec.cool_down));
      return;
    }
    case Kind::restarting:
      if (spdlog::should_log(spdlog::level::debug))
        spdlog::debug("{}: restarts {}", supervisor, path_of(action.child));
      return;
    case Kind::retrying:
      spdlog::warn("{}: {} could not be restarted and will be tried again", supervisor,
                   path_of(action.child));
      return;
    case Kind::auto_shutdown:
      spdlog::info("{}: shuts down because {} has ended", supervisor, path_of(action.child));
      return;
  }
}

}  // namespace simplevisor::runtime
