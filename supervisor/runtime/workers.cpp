#include "supervisor/runtime/workers.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "supervisor/process/leftovers.hpp"
#include "supervisor/process/own_process.hpp"
#include "supervisor/runtime/words.hpp"

namespace simplevisor::runtime {
namespace {

using core::Clock;
using core::Milliseconds;

// What marks our processes apart from those of any other supervisor, of this one before it was started again too.
std::string fresh_cookie() {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) != sizeof bits) {
    bits = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
  }
  return fmt::format("{:016x}", bits);
}

health::MonitorSpec monitor_spec(const config::Setup& setup) {
  health::MonitorSpec spec;
  spec.fd = setup.ready.fd;
  spec.after = setup.ready.after;
  spec.start_timeout = setup.start_timeout;
  spec.watchdog = setup.watchdog;
  switch (setup.ready.kind) {
    case config::Readiness::Kind::exec:
      spec.ready = health::MonitorSpec::Ready::exec;
      break;
    case config::Readiness::Kind::notify:
      spec.ready = health::MonitorSpec::Ready::notify;
      break;
    case config::Readiness::Kind::fd:
      spec.ready = health::MonitorSpec::Ready::fd;
      break;
    case config::Readiness::Kind::after:
      spec.ready = health::MonitorSpec::Ready::after;
      break;
  }
  return spec;
}

bool captures(const config::Setup& setup) {
  return setup.stdout_to.kind == config::Output::Kind::capture ||
         setup.stderr_to.kind == config::Output::Kind::capture;
}

// How long a life that we end on our own account may take. A worker that hangs will hardly use an infinite one.
Milliseconds last_grace(const core::Shutdown& shutdown) {
  switch (shutdown.kind) {
    case core::Shutdown::Kind::brutal_kill:
      return Milliseconds{0};
    case core::Shutdown::Kind::timed:
      return shutdown.grace;
    case core::Shutdown::Kind::infinity:
      return core::Shutdown{}.grace;
  }
  std::unreachable();
}

journal::End end_of(const Worker& worker, const process::ExitStatus& status) {
  using journal::Cause;
  Cause cause = Cause::failed;
  if (worker.doomed) {
    cause = Cause::unhealthy;
  } else if (worker.asked_to_stop) {
    cause = Cause::asked;
  } else if (status.signal != 0) {
    cause = Cause::signalled;
  } else if (status.success()) {
    cause = Cause::exited;
  }
  return {.cause = cause,
          .status = status.signal != 0 ? status.signal : status.code,
          .by_signal = status.signal != 0,
          .lived = std::chrono::duration_cast<Milliseconds>(Clock::now() - worker.started_at)};
}

// Ends are followed by a look for leftovers, but never more often than this.
constexpr std::chrono::seconds sweep_interval{2};
constexpr int sweeps_again_max = 5;

}  // namespace

std::string Worker::path() const {
  return instance ? fmt::format("{}/{}", program->path, instance) : program->path;
}

Worker::Extra& Worker::more() {
  if (!extra) extra = std::make_unique<Extra>();
  return *extra;
}

std::string Worker::last_words() const {
  if (extra && !extra->trouble.empty()) return extra->trouble;
  if (last != Last::exited) return "";
  const auto status = exit_signal ? process::ExitStatus::killed(exit_signal, core_dumped)
                                  : process::ExitStatus::exited(exit_code);
  return status.describe();
}

Workers::Workers(const Context& context, std::function<void(core::Event)> post, std::function<void()> settle)
    : context_{context},
      post_{std::move(post)},
      settle_{std::move(settle)},
      launcher_{process::SignalPolicy::no_handlers_installed, context.syscalls},
      material_{{.name = context.configuration.settings.name,
                 .cookie = fresh_cookie(),
                 .nofile = context.nofile,
                 .own_sessions = process::has_controlling_terminal(context.syscalls)}},
      precedence_{context.io, context.syscalls},
      by_program_(context.configuration.programs.size()),
      last_graces_(context.configuration.programs.size()),
      sweep_timer_{context.io} {}

// ---- Records ---------------------------------------------------------------------------------------------

const Worker* Workers::find(std::uint32_t program, std::uint32_t instance) const {
  if (program >= by_program_.size() || instance >= by_program_[program].size()) return nullptr;
  const std::uint32_t index = by_program_[program][instance];
  return index == 0 ? nullptr : &workers_[index - 1];
}

Worker& Workers::record(std::uint32_t program, std::uint32_t instance) {
  auto& instances = by_program_.at(program);
  if (instance >= instances.size()) instances.resize(instance + 1, 0);
  if (instances[instance] == 0) {
    Worker& worker = workers_.emplace_back();
    worker.program = context_.configuration.programs[program].get();
    worker.program_index = program;
    worker.instance = instance;
    instances[instance] = static_cast<std::uint32_t>(workers_.size());
  }
  return workers_[instances[instance] - 1];
}

Worker* Workers::living(std::uint32_t program, std::uint32_t instance, core::Life life) {
  Worker& worker = record(program, instance);
  return worker.life == life && worker.pid != 0 ? &worker : nullptr;
}

// ---- Starting --------------------------------------------------------------------------------------------

void Workers::take_precedence() {
  if (context_.configuration.settings.prefer_restarts && !precedence_.claim())
    spdlog::debug(
        "restarts run like everything else: no permission for more (CAP_SYS_NICE), or a nice or policy of "
        "our own");
}

void Workers::give_back_precedence() {
  precedence_.give_back();
}

void Workers::start(const core::StartWorker& order, const core::ChildSpec& spec) {
  Worker& worker = record(order.program, order.instance);
  const auto index = by_program_[order.program][order.instance] - 1;
  worker.node = order.node;
  worker.life = order.life;
  const bool at_once =
      worker.last == Worker::Last::exited && !worker.asked_to_stop && worker.ended_at > moved_on_purpose_;
  worker.asked_to_stop = false;
  worker.doomed = false;
  if (worker.extra) worker.extra->status.clear();
  last_graces_[order.program] = last_grace(spec.shutdown);

  const auto scheduling = precedence_.of_next(at_once && worker.program->setup->nice.value_or(0) == 0);
  const auto pid = launch(worker, index, scheduling);
  if (!pid) {
    worker.last = Worker::Last::failed_to_start;
    worker.ended_at = Clock::now();
    worker.more().trouble = "could not be started: " + pid.error();
    worker.extra->monitor.reset();
    spdlog::error("{}: {}", worker.path(), worker.extra->trouble);
    ++worker.ends[std::to_underlying(journal::Cause::not_started)];
    note(journal::Kind::start_failed, worker, pid.error(),
         journal::End{.cause = journal::Cause::not_started});
    return post_(core::WorkerStartFailed{worker.node, worker.life});
  }
  worker.pid = *pid;
  worker.started_at = Clock::now();
  precedence_.launched(*pid, scheduling);
  if (at_once) restart_latency_.add(worker.started_at - worker.ended_at);
  ++worker.starts;
  pids_.emplace(*pid, index);
  if (spdlog::should_log(spdlog::level::info)) spdlog::info("{}: started as pid {}", worker.path(), *pid);
  note(journal::Kind::started, worker);
  if (worker.extra && worker.extra->monitor) worker.extra->monitor->started(*pid);
  if (worker.program->setup->ready.kind == config::Readiness::Kind::exec) {
    post_(core::WorkerStarted{worker.node, worker.life});
  }
}

std::expected<pid_t, std::string> Workers::launch(Worker& worker, std::uint32_t index,
                                                  process::Scheduling scheduling) {
  const config::Program& program = *worker.program;
  const config::Setup& setup = *program.setup;
  const auto who = material_.credentials(setup);
  if (!who) return std::unexpected(who.error());
  const std::string instance_path = worker.instance ? worker.path() : std::string{};
  const std::string& path = worker.instance ? instance_path : program.path;

  const OutputPolicy policy = policy_of(setup, context_.configuration.settings.capture);
  if (captures(setup) && worker.fifo.empty()) {
    std::optional<FileOwner> owner;
    if (*who) owner = FileOwner{(*who)->uid, (*who)->gid};
    if (context_.capture.left_over(path)) {
      spdlog::warn(
          "{}: a process started by an earlier supervisor is still running; it is not supervised, and prints "
          "into the same log",
          path);
    }
    auto fifo = context_.capture.open(path, owner, policy);
    if (!fifo) return std::unexpected(fifo.error().message);
    worker.fifo = *std::move(fifo);
    worker.fifo.shrink_to_fit();
  }
  if (policy.by_line() && captures(setup))
    context_.capture.begin_life(path, static_cast<std::uint64_t>(worker.life));
  const std::string error_fifo = policy.separate ? Capture::error_fifo(worker.fifo) : std::string{};
  const auto with = with_file(program, *who);
  if (!with) return std::unexpected(with.error());

  LaunchOccasion occasion{.program = program,
                          .instance = worker.instance,
                          .index = index,
                          .life = worker.life,
                          .path = path,
                          .fifo = worker.fifo,
                          .error_fifo = error_fifo,
                          .with_file = **with,
                          .scheduling = scheduling,
                          .log_in_json = policy.errors_in_json};
  if (auto opened = open_monitor(worker, index, occasion, *who); !opened)
    return std::unexpected(opened.error());

  for (bool again = true;; again = false) {
    const auto plan = material_.prepare(occasion);
    if (!plan) return std::unexpected(plan.error());
    const auto pid = launcher_.launch(**plan);
    if (pid) return *pid;
    // Programs move: a place we remember may be out of date.
    const bool moved = pid.error().stage == process::Stage::exec && pid.error().error == ENOENT;
    if (!moved || !again || program.command.front().contains('/')) {
      const char* what = pid.error().stage == process::Stage::exec ? (*plan)->executable : "";
      return std::unexpected(fmt::format("{}{}{}", what, *what ? ": " : "", pid.error().describe()));
    }
    material_.forget_executables();
  }
}

// The node's `with` table, in a file only its worker can read; once for all its lives and instances.
std::expected<const std::string*, std::string> Workers::with_file(const config::Program& program,
                                                                  const process::Credentials* who) {
  static const std::string none;
  if (program.with_json.empty()) return &none;
  const auto known = with_files_.find(&program);
  if (known != with_files_.end()) return &known->second;
  const std::string name = fmt::format("with/{}.json", program.name);
  const std::string path = fmt::format("{}/{}", context_.state_dir.path(), name);
  if (auto written = context_.state_dir.write_private(name, program.with_json); !written) {
    return std::unexpected(written.error().message);
  }
  if (who && ::chown(path.c_str(), who->uid, who->gid) != 0) {
    return std::unexpected(
        fmt::format("cannot give {} to the worker's user: {}", path, std::strerror(errno)));
  }
  return &with_files_.emplace(&program, path).first->second;
}

std::expected<void, std::string> Workers::open_monitor(Worker& worker, std::uint32_t index,
                                                       LaunchOccasion& occasion,
                                                       const process::Credentials* who) {
  const auto spec = monitor_spec(*worker.program->setup);
  if (!spec.needs_monitor()) return {};
  const std::string socket = fmt::format("{}/n{}", context_.state_dir.run_dir(), index);
  const auto owner = who ? std::optional{who->uid} : std::nullopt;
  health::MonitorCallbacks callbacks;
  callbacks.on_ready = [this, index] { ready(index); };
  callbacks.on_not_ready = [this, index] {
    doom(index, "closed its readiness descriptor without a newline");
  };
  callbacks.on_start_timeout = [this, index] {
    doom(index, "was not ready within " + in_words(workers_[index].program->setup->start_timeout));
  };
  callbacks.on_watchdog_expired = [this, index] {
    doom(index,
         "gave no sign of life within " + in_words(workers_[index].program->setup->watchdog) + " (watchdog)");
  };
  callbacks.on_status = [this, index](const std::string& text) { workers_[index].more().status = text; };
  callbacks.on_stop_extension = [this, index](std::chrono::microseconds extra) {
    const auto until = Clock::now() + std::chrono::ceil<Milliseconds>(extra);
    post_(core::StopExtended{workers_[index].node, workers_[index].life, until});
    settle_();
  };
  auto monitor = health::Monitor::open(context_.io, spec, socket, owner, std::move(callbacks), &Clock::now,
                                       context_.syscalls);
  if (!monitor) return std::unexpected(monitor.error().message);
  occasion.extra_environment = health::Monitor::environment(spec, socket);
  occasion.handover = (*monitor)->handover();
  worker.more().monitor = *std::move(monitor);
  return {};
}

void Workers::ready(std::uint32_t index) {
  Worker& worker = workers_[index];
  if (worker.program->setup->ready.kind == config::Readiness::Kind::exec)
    return;  // told when it was launched
  spdlog::info("{}: ready", worker.path());
  note(journal::Kind::ready, worker);
  post_(core::WorkerStarted{worker.node, worker.life});
  settle_();
}

// ---- Ending ------------------------------------------------------------------------------------------------

void Workers::note(journal::Kind kind, const Worker& worker, std::string text,
                   std::optional<journal::End> end) const {
  if (!context_.journal) return;
  context_.journal->record(journal::Event{.kind = kind,
                                          .path = worker.path(),
                                          .pid = worker.pid,
                                          .life = worker.starts,
                                          .end = end,
                                          .text = std::move(text)});
}

void Workers::signal(pid_t target, int number) const {
  context_.syscalls(SYS_kill, target, number);
}

bool Workers::signal(std::uint32_t program, std::uint32_t instance, int number) {
  const Worker* const worker = find(program, instance);
  if (!worker || worker->pid == 0) return false;
  signal(worker->pid, number);
  return true;
}

void Workers::stop(std::uint32_t program, std::uint32_t instance, core::Life life) {
  Worker* worker = living(program, instance, life);
  if (!worker) return;
  worker->asked_to_stop = true;
  note(journal::Kind::stopping, *worker, process::signal_name(worker->program->setup->stop_signal));
  signal(worker->pid, worker->program->setup->stop_signal);
  // A stopped process takes the signal only once it is woken, and its grace would run out without its ever
  // having heard of it.
  signal(worker->pid, SIGCONT);
  if (worker->extra && worker->extra->monitor) worker->extra->monitor->stopping();
}

void Workers::kill(std::uint32_t program, std::uint32_t instance, core::Life life) {
  Worker* worker = living(program, instance, life);
  if (!worker) return;
  worker->asked_to_stop = true;
  note(journal::Kind::killed, *worker);
  signal(-worker->pid, SIGKILL);
}

void Workers::doom(std::uint32_t index, std::string why) {
  Worker& worker = workers_[index];
  if (worker.pid == 0 || worker.asked_to_stop || worker.doomed) return;
  spdlog::warn("{}: {}, is ended", worker.path(), why);
  worker.doomed = true;
  note(journal::Kind::unhealthy, worker, why);
  worker.more().trouble = std::move(why);
  const Milliseconds grace = last_graces_[worker.program_index];
  if (grace == Milliseconds{0}) return signal(-worker.pid, SIGKILL);
  signal(worker.pid, worker.program->setup->stop_signal);
  signal(worker.pid, SIGCONT);
  auto& timer = worker.extra->last_grace;
  timer = std::make_unique<boost::asio::steady_timer>(context_.io, grace);
  timer->async_wait([this, index, life = worker.life](boost::system::error_code error) {
    const Worker& doomed = workers_[index];
    if (!error && doomed.life == life && doomed.pid != 0) signal(-doomed.pid, SIGKILL);
  });
}

void Workers::ended(pid_t pid, const process::ExitStatus& status) {
  const auto known = pids_.find(pid);
  if (known == pids_.end()) return;
  Worker& worker = workers_[known->second];
  pids_.erase(known);
  precedence_.ended(pid);
  const journal::End end = end_of(worker, status);
  ++worker.ends[std::to_underlying(end.cause)];
  note(journal::Kind::ended, worker, status.describe(), end);
  worker.pid = 0;
  worker.last = Worker::Last::exited;
  worker.ended_at = Clock::now();
  worker.exit_code = static_cast<std::uint8_t>(status.code);
  worker.exit_signal = static_cast<std::uint8_t>(status.signal);
  worker.core_dumped = status.core_dumped;
  if (worker.extra) {
    worker.extra->monitor.reset();
    worker.extra->last_grace.reset();
    worker.extra->status.clear();
    if (!worker.doomed) worker.extra->trouble.clear();  // an earlier life's: now the exit says it
  }
  if (spdlog::should_log(spdlog::level::warn)) {
    const bool expected = worker.asked_to_stop || (status.success() && !worker.doomed);
    spdlog::log(expected ? spdlog::level::info : spdlog::level::warn, "{}: pid {} {}{}", worker.path(), pid,
                status.describe(), worker.asked_to_stop ? ", as asked" : "");
  }
  sweeps_again_ = 0;
  schedule_sweep();
  const bool normal = status.success() && !worker.doomed;
  post_(core::WorkerExited{worker.node, worker.life, normal ? core::Ending::normal : core::Ending::abnormal});
}

// ---- Leftovers ---------------------------------------------------------------------------------------------

void Workers::schedule_sweep() {
  if (sweep_scheduled_) return;
  sweep_scheduled_ = true;
  sweep_timer_.expires_after(sweep_interval);
  sweep_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    sweep_scheduled_ = false;
    sweep();
  });
}

bool Workers::is_over(std::string_view environment) const {
  const auto value = process::find_in_environment(environment, LaunchMaterial::cookie_variable);
  if (!value) return false;
  const auto cookie = material_.parse_cookie(*value);
  if (!cookie || cookie->index >= workers_.size()) return false;
  const Worker& worker = workers_[cookie->index];
  return worker.pid == 0 || std::to_underlying(worker.life) != cookie->life;
}

void Workers::sweep() {
  const auto swept = process::sweep_leftovers(
      LaunchMaterial::cookie_variable, [this](pid_t pid) { return knows(pid); },
      [this](std::string_view environment) { return is_over(environment); }, context_.syscalls);
  if (!swept)
    return spdlog::warn("cannot look for processes that workers left behind: {}", swept.error().message);
  if (swept->killed > 0) spdlog::warn("killed {} process(es) that outlived their worker", swept->killed);
  // Bounded, for a process may have emptied its environment for good, and an idle tree must not wake.
  if (swept->unsettled > 0 && sweeps_again_ < sweeps_again_max) {
    ++sweeps_again_;
    schedule_sweep();
  }
}

}  // namespace simplevisor::runtime
