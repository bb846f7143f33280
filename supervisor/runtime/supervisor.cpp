#include "supervisor/runtime/supervisor.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <csignal>

#include "supervisor/process/own_process.hpp"
#include "supervisor/process/reaper.hpp"
#include "supervisor/runtime/capture.hpp"
#include "supervisor/runtime/census.hpp"
#include "supervisor/runtime/engine.hpp"
#include "supervisor/runtime/holds.hpp"
#include "supervisor/runtime/logging.hpp"
#include "supervisor/runtime/pattern.hpp"
#include "supervisor/runtime/state_dir.hpp"
#include "supervisor/runtime/version.hpp"
#include "supervisor/runtime/wishes.hpp"
#include "supervisor/runtime/words.hpp"

namespace simplevisor::runtime {
namespace {

// Descriptors that are not one worker's: standard streams, epoll, signalfd, lock, logs, API and its clients.
constexpr std::size_t descriptors_in_common = 256;

std::size_t descriptors_needed(const core::ChildSpec& node, const config::Configuration& configuration) {
  if (!node.supervisor) {
    const config::Setup& setup = *configuration.programs[node.program]->setup;
    using Output = config::Output::Kind;
    const bool captured = setup.stdout_to.kind == Output::capture || setup.stderr_to.kind == Output::capture;
    const bool socket = setup.ready.kind == config::Readiness::Kind::notify || setup.watchdog.count() > 0;
    const bool pipe = setup.ready.kind == config::Readiness::Kind::fd;
    const bool separate = policy_of(setup, configuration.settings.capture).separate;
    return std::size_t{captured} + std::size_t{separate} + std::size_t{socket} + 2 * std::size_t{pipe};
  }
  const auto& spec = *node.supervisor;
  std::size_t sum = 0;
  for (const auto& child : spec.children) sum += descriptors_needed(*child, configuration);
  return spec.strategy == core::Strategy::simple_one_for_one ? sum * spec.initial_instances : sum;
}

// When others have been restarted.
Done telling_of(std::size_t left_alone, Done done) {
  return [left_alone, done = std::move(done)](Answer answer) {
    if (answer.outcome == Outcome::done)
      answer.message = fmt::format("{} {} restarted, {} left alone: held", answer.paths.size(),
                                   answer.paths.size() == 1 ? "node" : "nodes", left_alone);
    done(std::move(answer));
  };
}

}  // namespace

struct Supervisor::State {
  State(config::Configuration declared, StateDir opened, std::unique_ptr<Logging> log,
        std::unique_ptr<Capture> output, std::unique_ptr<journal::Recorder> recorder,
        std::optional<rlimit> nofile)
      : configuration{std::move(declared)},
        state_dir{std::move(opened)},
        logging{std::move(log)},
        capture{std::move(output)},
        journal{std::move(recorder)},
        engine{{io, configuration, state_dir, *capture, process::real_syscalls(), nofile, journal.get()}},
        reaper{
            io,
            {.is_known = [this](pid_t pid) { return engine.knows(pid); },
             .on_exit = [this](pid_t pid, const process::ExitStatus& status) { engine.ended(pid, status); },
             .on_signal = [this](int signal, pid_t sender) { on_signal(signal, sender); },
             .on_orphan = {}}} {}

  void on_signal(int signal, pid_t sender);
  void shut_down(Done done);
  void started(Answer answer) {
    if (on_started) std::exchange(on_started, nullptr)(std::move(answer));
  }
  void over();
  void note(journal::Kind kind, std::string path, std::string text, std::string by = {}) {
    journal->record({.kind = kind, .path = std::move(path), .text = std::move(text), .by = std::move(by)});
  }
  void note(journal::Kind kind, std::string text) {
    journal->record(
        {.kind = kind, .path = configuration.root->name, .pid = ::getpid(), .text = std::move(text)});
  }
  [[nodiscard]] std::vector<Resident> chosen(const Order& order, Answer& answer) const;
  [[nodiscard]] std::vector<std::size_t> meant(const Order& order, const std::vector<Resident>& all,
                                               Answer& answer) const;
  void wish(Wish wish, std::string_view verb, const Order& order, Done done);
  [[nodiscard]] bool held(std::string_view path) const;
  void hold_is_over(const std::string& path);
  void hold_again();
  [[nodiscard]] bool ending() const;

  boost::asio::io_context io{1};
  const config::Configuration configuration;
  StateDir state_dir;
  std::unique_ptr<Logging> logging;
  std::unique_ptr<Capture> capture;
  std::unique_ptr<journal::Recorder> journal;
  Holds holds{io, state_dir, [this](const std::string& path) { hold_is_over(path); }};
  Engine engine;
  process::Reaper reaper;
  Done on_started;
  std::vector<Done> waiting_for_end;
  core::TimePoint born = core::Clock::now();
  bool asked_to_end = false;
  bool down = false;
};

std::expected<std::unique_ptr<Supervisor>, SupervisorError> Supervisor::create(
    config::Configuration configuration) {  // NOLINT(performance-unnecessary-value-param): ours from here on
  const auto refuse = [](std::string message) {
    return std::unexpected(SupervisorError{1, std::move(message)});
  };
  // Two threads share little: one arena serves both, and keeps a supervisor of thousands small.
  ::mallopt(M_ARENA_MAX, 1);
  process::reset_inherited_signals();
  if (auto opened = process::ensure_standard_streams(); !opened) return refuse(opened.error().message);
  auto state_dir = StateDir::open(configuration.settings.state_dir);
  if (!state_dir) return refuse(state_dir.error().message);
  // The capturing and logging threads must inherit the mask that the reaper needs.
  sigset_t mask;
  ::sigemptyset(&mask);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1}) ::sigaddset(&mask, signal);
  ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);

  auto logging = Logging::start(configuration.settings.log, "simplevisor");
  if (!logging) return refuse(logging.error().message);

  const std::size_t needed = descriptors_in_common + descriptors_needed(*configuration.root, configuration);
  const auto limit = process::raise_descriptor_limit(needed);
  if (!limit) return refuse(limit.error().message);
  if (limit->now.rlim_cur < needed) {
    return refuse(
        fmt::format("this tree needs {} descriptors, but the limit is {}: raise RLIMIT_NOFILE (ulimit -Hn)",
                    needed, limit->now.rlim_cur));
  }
  if (auto became = process::become_subreaper(); !became) spdlog::warn("{}", became.error().message);

  CaptureOptions options;
  options.report = [](const CaptureReport& report) {
    if (report.kind == CaptureReport::Kind::trouble)
      spdlog::error("{}", report.message);
    else
      spdlog::info("{}", report.message);
  };
  auto capture =
      Capture::start(configuration.settings.state_dir, configuration.settings.capture, std::move(options));
  if (!capture) return refuse(capture.error().message);

  auto journal =
      journal::Recorder::open({.place = {.dir = state_dir->path() + "/journal"},
                               .report = [](const std::string& trouble) { spdlog::error("{}", trouble); }});
  if (!journal) return refuse(journal.error().message);

  try {
    const auto nofile = limit->raised() ? std::optional{limit->before} : std::nullopt;
    auto state = std::make_unique<State>(std::move(configuration), *std::move(state_dir), *std::move(logging),
                                         *std::move(capture), *std::move(journal), nofile);
    return std::unique_ptr<Supervisor>(new Supervisor(std::move(state)));
  } catch (const std::exception& error) {  // no epoll, signalfd or timerfd to be had
    return refuse(fmt::format("cannot set up the supervision loop: {}", error.what()));
  }
}

Supervisor::Supervisor(std::unique_ptr<State> state) : state_{std::move(state)} {}
Supervisor::~Supervisor() = default;

std::string Supervisor::state_dir() const {
  return state_->state_dir.path();
}
void Supervisor::when_started(Done done) {
  state_->on_started = std::move(done);
}

int Supervisor::run() {
  State& s = *state_;
  spdlog::info("simplevisor {} supervises {} as pid {}, state in {}", version, s.configuration.settings.name,
               ::getpid(), s.state_dir.path());
  s.hold_again();
  s.note(journal::Kind::began, fmt::format("simplevisor {}", version));
  s.engine.start(
      [&s] {
        ::malloc_trim(0);
        s.started(Answer{Outcome::done, "up", {}});
      },
      [&s] { s.over(); });
  while (!s.down) {
    try {
      s.io.run();
      s.io.restart();
    } catch (const std::exception& error) {  // of a handler; the supervisor itself goes on
      spdlog::critical("unexpected: {}", error.what());
    }
  }
  s.engine.workers().sweep();
  s.capture->stop();
  // Whoever waits for the end is on another thread, behind this executor: let the answers out.
  s.io.poll();

  const auto& tree = s.engine.tree();
  switch (tree.root_cause()) {
    case core::EndCause::asked:
    case core::EndCause::auto_shutdown:
      spdlog::info("ended");
      return 0;
    case core::EndCause::gave_up:
    case core::EndCause::start_failed:
      spdlog::error("ended: {}", s.engine.trouble());
      return 1;
  }
  std::unreachable();
}

void Supervisor::State::over() {
  down = true;
  note(journal::Kind::over, engine.trouble());
  const bool failed = engine.tree().root_state() == core::Tree::RootState::failed;
  const bool called_off = failed && asked_to_end;
  started(Answer{Outcome::failed, called_off ? "stopped before it was up" : engine.trouble(), {}});
  for (Done& done : std::exchange(waiting_for_end, {})) done(Answer{Outcome::done, "stopped", {}});
  io.stop();
}

void Supervisor::State::shut_down(Done done) {
  if (done) waiting_for_end.push_back(std::move(done));
  if (std::exchange(asked_to_end, true)) {
    spdlog::info("asked again: graces are skipped");
    note(journal::Kind::ending, "asked again: graces are skipped");
    return engine.hurry();
  }
  note(journal::Kind::ending, "");
  engine.stop();
}

bool Supervisor::State::ending() const {
  using RootState = core::Tree::RootState;
  const RootState root = engine.tree().root_state();
  return asked_to_end || root == RootState::stopping || root == RootState::failed || root == RootState::ended;
}

void Supervisor::State::on_signal(int signal, pid_t sender) {
  const std::string from = sender ? fmt::format(" from pid {}", sender) : "";
  switch (signal) {
    case SIGTERM:
    case SIGINT:
      spdlog::info("{}{}: stopping", process::signal_name(signal), from);
      return shut_down({});
    case SIGHUP:
      return spdlog::warn("SIGHUP{}: reserved for reloading the configuration; nothing is done", from);
    case SIGUSR1:
      spdlog::info("SIGUSR1{}: log files are opened anew", from);
      logging->reopen();
      return capture->reopen();
    default:
      return;
  }
}

// ---- Service -----------------------------------------------------------------------------------------------

journal::Recorder* Supervisor::journal() const {
  return state_->journal.get();
}

Service::NewsToken Supervisor::when_output(std::function<void()> news) const {
  return state_->capture->when_news(std::move(news));
}

std::string Supervisor::log_path(std::string_view path) const {
  return state_->capture->log_path(path);
}

const config::Configuration* Supervisor::configuration() const {
  return &state_->configuration;
}

Measures Supervisor::measures(std::chrono::steady_clock::time_point asked) {
  State& s = *state_;
  const auto now = core::Clock::now();
  s.engine.note_lag(now - asked);
  Answer ignored;
  return {.info = info(),
          .rows = status("", {}, ignored),
          .nodes = measure(s.engine, residents(s.engine.tree(), *s.configuration.root)),
          .restart_latency = s.engine.workers().restart_latency(),
          .lag = s.engine.lag(),
          .waited = now - asked};
}

boost::asio::any_io_executor Supervisor::executor() {
  return state_->io.get_executor();
}

ServiceInfo Supervisor::info() {
  const State& s = *state_;
  ServiceInfo info;
  info.name = s.configuration.settings.name;
  info.version = version;
  info.state_dir = s.state_dir.path();
  info.pid = ::getpid();
  info.uptime = std::chrono::duration_cast<std::chrono::milliseconds>(core::Clock::now() - s.born);
  switch (s.engine.tree().root_state()) {
    case core::Tree::RootState::not_started:
    case core::Tree::RootState::starting:
      info.phase = "starting";
      break;
    case core::Tree::RootState::running:
      info.phase = "running";
      break;
    case core::Tree::RootState::stopping:
    case core::Tree::RootState::failed:
    case core::Tree::RootState::ended:
      info.phase = "stopping";
      break;
  }
  return info;
}

std::vector<NodeStatus> Supervisor::status(std::string_view pattern, const Scope& within, Answer& answer) {
  const State& s = *state_;
  const auto all = residents(s.engine.tree(), *s.configuration.root, within);
  const auto now = core::Clock::now();
  if (pattern.empty()) return describe(s.engine, s.holds, all, 0, all.size(), now);
  std::vector<NodeStatus> rows;
  for (const std::size_t first : select(all, pattern, answer)) {
    const auto part = describe(s.engine, s.holds, all, first, subtree_end(all, first), now);
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

// Those of `all`, which is what lies within its scope, that an order is about.
std::vector<std::size_t> Supervisor::State::meant(const Order& order, const std::vector<Resident>& all,
                                                  Answer& answer) const {
  const auto found = select(all, order.pattern, answer);
  if (answer.outcome != Outcome::no_such_node || order.within.is_everything()) return found;
  Answer seen;
  const auto visible = residents(engine.tree(), *configuration.root, order.visible);
  const auto others = select(visible, order.pattern, seen);
  if (seen.outcome == Outcome::done)
    answer = {Outcome::not_permitted,
              fmt::format("{}: you may look at it, but not act on it", visible[others.front()].path),
              {}};
  return found;
}

std::vector<Resident> Supervisor::State::chosen(const Order& order, Answer& answer) const {
  const auto all = residents(engine.tree(), *configuration.root, order.within);
  std::vector<Resident> found;
  for (const std::size_t index : meant(order, all, answer)) found.push_back(all[index]);
  return found;
}

// Or a supervisor above it.
bool Supervisor::State::held(std::string_view path) const {
  for (std::size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/', end + 1))
    if (holds.find(std::string{path.substr(0, end)})) return true;
  return holds.find(std::string{path}) != nullptr;
}

// A pattern sweeps up many. Somebody had a reason to hold one of them: only who names it, or starts them, ends that.
void Supervisor::State::wish(Wish wish, std::string_view verb, const Order& order, Done done) {
  if (wish != Wish::stop && ending()) return done(Answer{Outcome::failed, "the supervisor is stopping", {}});
  Answer answer;
  std::vector<Resident> nodes = chosen(order, answer);
  if (nodes.empty()) return done(answer);
  const bool by_pattern = is_glob(order.pattern);
  if (wish == Wish::restart && by_pattern) {
    const auto left_alone = std::erase_if(nodes, [&](const Resident& node) { return held(node.path); });
    if (nodes.empty())
      return done({Outcome::refused,
                   fmt::format("{}: all that match are held; release them, or name the one to be restarted",
                               order.pattern),
                   {}});
    if (left_alone > 0) done = telling_of(left_alone, std::move(done));
  }
  for (const Resident& node : nodes) {
    note(journal::Kind::asked, node.path,
         std::string{verb} + (order.reason.empty() ? "" : ": " + order.reason), order.by);
    if (node.depth == 0) continue;  // refused
    const bool reachable = node.parent != core::NodeId::none;
    if (wish != Wish::stop) {
      if (reachable) holds.remove(node.path);
      continue;
    }
    if (!reachable)
      engine.hold(node.path, node.spec, node.instance);  // not with its supervisor either, when that comes
    const WallTime now = wall_clock();
    Hold hold{.by = order.by, .reason = order.reason, .since = now};
    if (order.limit) hold.until = now + *order.limit;
    const Hold* const before = holds.find(node.path);
    if (by_pattern && before && lasts_as_long(*before, hold)) continue;
    holds.add(node.path, std::move(hold));
  }
  grant(engine, wish, nodes, done);
}

void Supervisor::State::hold_is_over(const std::string& path) {
  spdlog::info("{}: its hold is over", path);
  Answer ignored;
  for (const Resident& node : chosen({.pattern = path}, ignored)) {
    // Nobody is there to start it now; it comes with its supervisor.
    if (node.parent == core::NodeId::none) return engine.let_go(node.path, *node.spec, node.instance);
  }
  wish(Wish::start, "start: its hold is over", {.pattern = path}, [path](const Answer& answer) {
    if (answer.outcome != Outcome::done)
      spdlog::error("{}: is not started after its hold: {}", path, answer.message);
  });
}

// What was held before this process, before anything is started.
void Supervisor::State::hold_again() {
  if (holds.all().empty()) return;
  const auto all = residents(engine.tree(), *configuration.root);
  holds.keep_only(
      [&](const std::string& path) { return std::ranges::find(all, path, &Resident::path) != all.end(); });
  for (const auto& [path, hold] : holds.all()) {
    const auto node = std::ranges::find(all, path, &Resident::path);
    if (node->depth > 0) engine.hold(node->path, node->spec, node->instance);
    spdlog::info("{}: is not started: {}", path, in_words(hold, wall_clock()));
  }
}

void Supervisor::start(const Order& order, Done done) {
  state_->wish(Wish::start, "start", order, std::move(done));
}
void Supervisor::stop(const Order& order, Done done) {
  state_->wish(Wish::stop, order.limit ? "stop for " + in_words(*order.limit) : "stop", order,
               std::move(done));
}
void Supervisor::restart(const Order& order, Done done) {
  state_->wish(Wish::restart, "restart", order, std::move(done));
}

void Supervisor::signal(const Order& order, int number, Done done) {
  State& s = *state_;
  const auto all = residents(s.engine.tree(), *s.configuration.root, order.within);
  Answer answer;
  for (const std::size_t first : s.meant(order, all, answer)) {
    s.note(journal::Kind::asked, all[first].path, "signal " + process::signal_name(number), order.by);
    for (std::size_t n = first; n < subtree_end(all, first); ++n) {
      if (!all[n].spec->supervisor &&
          s.engine.workers().signal(all[n].spec->program, all[n].instance, number))
        answer.paths.push_back(all[n].path);
    }
  }
  if (answer.outcome == Outcome::done && answer.paths.empty())
    answer = {Outcome::failed, fmt::format("{}: no process of it runs", order.pattern), {}};
  done(answer);
}

void Supervisor::shut_down(Done done) {
  state_->shut_down(std::move(done));
}

}  // namespace simplevisor::runtime
