#include "workers/consumer/consumer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "workers/consumer/exec_handler.hpp"
#include "workers/consumer/intake.hpp"
#include "workers/consumer/status.hpp"
#include "workers/consumer/stream_handler.hpp"
#include "workers/handler/startable.hpp"
#include "workers/message/codec.hpp"
#include "workers/queue/wake.hpp"
#include "workers/service/report.hpp"
#include "workers/service/sd_notify.hpp"
#include "workers/service/status_file.hpp"

namespace simplevisor::consumer {

using service::ExitCode;
using service::fail;
using service::inform;
using service::Notifier;
using service::report;
using service::warn;

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr Milliseconds status_every = 1s;  // at most, and only when something changed
constexpr Milliseconds renew_every_max = 100s;
constexpr Milliseconds start_timeout_min = 30s;
// Of a run that is to end.
constexpr unsigned handler_starts_max = 5;
constexpr unsigned settlings_max = 3;

MachineOptions machine_options(const Settings& settings) {
  MachineOptions options;
  options.queues = settings.queues.size();
  options.persistent_handler = settings.protocol == Protocol::stream;
  options.window = settings.window;
  options.held_max = settings.held_max;
  options.attempts = static_cast<unsigned>(settings.attempts);
  options.retry_delay = settings.retry_delay;
  options.handler_timeout = settings.message_timeout();
  // A handler may take long to load what makes it fast, and a busy host longer still.
  options.start_timeout =
      options.handler_timeout > 0ms ? std::max(options.handler_timeout, start_timeout_min) : 0ms;
  options.drain_timeout = settings.drain_timeout;
  options.poll = settings.poll;
  options.renew_every =
      settings.maxlock > 0ms ? std::min(renew_every_max, settings.maxlock / 3) : renew_every_max;
  options.purge_every = settings.purge;
  options.until_empty = settings.until_empty;
  if (settings.until_empty) {
    options.handler_starts_max = handler_starts_max;
    options.settlings_max = settlings_max;
  }
  return options;
}

}  // namespace

class Consumer::Loop {
 public:
  Loop(const Settings& settings, std::vector<std::unique_ptr<Intake>> intakes, StepHook hook)
      : settings_{settings},
        intakes_{std::move(intakes)},
        hook_{std::move(hook)},
        machine_{machine_options(settings)} {
    const Handler::Tell tell = [this](Event event) { on(std::move(event)); };
    if (settings.protocol == Protocol::stream) {
      handler_ = std::make_unique<StreamHandler>(io_.get_executor(), settings.handler, inheritable(environ),
                                                 settings.data, tell);
    } else {
      handler_ =
          std::make_unique<ExecHandler>(io_.get_executor(), settings.handler, inheritable(environ), tell);
    }
  }

  [[nodiscard]] const Counters& counters() const noexcept { return machine_.counters(); }

  ExitCode run() {
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT: cannot fail for SIGPIPE
    wait_for_signal();
    tell_alive();
    on(Begin{});
    io_.run();
    status_file_.write(status_json(machine_, "left"));
    return exit_;
  }

 private:
  // Events are carried out one after the other; what a deed tells at once waits until the present one is done with.
  void on(Event event) {
    events_.push_back(std::move(event));
    if (std::exchange(pumping_, true)) return;
    while (!events_.empty()) {
      const Event next = std::move(events_.front());
      events_.pop_front();
      step(next);
      if (events_.empty() && machine_.quiet() && !machine_.draining()) wake_.arm();
    }
    pumping_ = false;
    announce();
    set_timer();
  }

  void step(const Event& event) {
    if (const auto* gone = std::get_if<HandlerGone>(&event); gone != nullptr && !machine_.draining()) {
      // One that dies each time before it is ready is told once.
      if (machine_.handler_ready() || gone->reason != last_gone_) warn("{}", gone->reason);
      last_gone_ = gone->reason;
    }
    actions_.clear();
    machine_.handle(event, Clock::now(), actions_);
    for (const Action& action : actions_) {
      std::visit([this](const auto& a) { perform(a); }, action);
    }
  }

  // None when the lock is gone and the machine is just about to hear it.
  Intake* intake_of(Ticket ticket) {
    const auto queue = queue_of_.find(ticket);
    return queue == queue_of_.end() ? nullptr : intakes_[queue->second].get();
  }

  void tell(Event event) { events_.push_back(std::move(event)); }

  // What answers Finish, Bury and GiveBack also says whether the ticket lives on.
  template <class Deed>
  void settle(Ticket ticket, Deed deed) {
    Intake* intake = intake_of(ticket);
    if (intake == nullptr) return;
    Event outcome = deed(*intake);
    if (!std::holds_alternative<NotSettled>(outcome) || !intake->holds(ticket)) queue_of_.erase(ticket);
    tell(std::move(outcome));
  }

  void perform(const Take& take) {
    Event outcome = intakes_[take.queue]->take(take.ticket);
    if (std::holds_alternative<Taken>(outcome)) queue_of_.emplace(take.ticket, take.queue);
    tell(std::move(outcome));
  }

  void perform(const Handle& handle) {
    Intake* intake = intake_of(handle.ticket);
    if (intake == nullptr) return;
    Work work{
        handle.ticket, handle.attempt, intake->path(), intake->element(handle.ticket), settings_.raw, {}};
    auto content = intake->read(handle.ticket, settings_.message_bytes_max);
    if (!content) return unreadable(handle.ticket, content.error());
    if (settings_.raw) {
      work.message.body = *std::move(content);
    } else {
      if (content->empty()) return tell(Unusable{handle.ticket, "malformed message: the element is empty"});
      auto decoded = message::decode(*content, {.input_bytes_max = settings_.message_bytes_max,
                                                .body_bytes_max = settings_.message_bytes_max});
      if (!decoded) return tell(Unusable{handle.ticket, decoded.error().text()});
      work.message = std::move(decoded->message);
    }
    handler_->handle(std::move(work));
    if (hook_) hook_(Step::offered);
  }

  void unreadable(Ticket ticket, const dirq::Error& error) {
    switch (error.code) {
      case dirq::Errc::gone:
      case dirq::Errc::lost_lock:
        queue_of_.erase(ticket);
        warn("lost a lock: {}", error.message);
        return tell(LockLost{ticket});
      case dirq::Errc::too_large:
        return tell(Unusable{ticket, error.message});
      case dirq::Errc::descriptor_limit:
        return tell(NotHandled{ticket});
      default:
        return tell(Failed{ticket, error.message});
    }
  }

  void perform(const Kill& kill) { handler_->kill(kill.ticket); }
  void perform(const Remember& r) {
    if (Intake* intake = intake_of(r.ticket)) intake->remember(r.ticket, r.failures, r.reason);
  }
  void perform(const Renew& renew) {
    if (Intake* intake = intake_of(renew.ticket)) intake->renew(renew.ticket);
  }
  void perform(const Finish& finish) {
    settle(finish.ticket, [&](Intake& intake) { return intake.finish(finish.ticket); });
  }
  void perform(const Bury& b) {
    settle(b.ticket, [&](Intake& intake) { return intake.bury(b.ticket, b.failures, b.reason); });
  }
  void perform(const GiveBack& back) {
    settle(back.ticket, [&](Intake& intake) { return intake.give_back(back.ticket); });
  }
  void perform(const Purge& purge) { intakes_[purge.queue]->purge(); }
  void perform(const StartHandler&) { handler_->start(); }
  void perform(const StopHandler&) { handler_->stop(); }
  void perform(const KillHandler&) { handler_->kill_all(); }
  void perform(const TellIdle&) { handler_->tell_idle(); }
  void perform(const Leave& leave) {
    const Counters& counters = machine_.counters();
    inform({{"done", counters.done},
            {"failed", counters.failed},
            {"later", counters.later},
            {"dead_letters", counters.dead}},
           "leaving: done {}, failed {}, later {}, dead letters {}", counters.done, counters.failed,
           counters.later, counters.dead);
    if (leave.failure) {
      report("{}", *leave.failure);
      exit_ = ExitCode::config;
    } else if (!told_to_leave_) {
      exit_ = end_of_run();
    }
    io_.stop();
  }

  // Empty is what could be emptied: who waits for the end is told of the rest.
  [[nodiscard]] ExitCode end_of_run() const {
    for (const auto& intake : intakes_) {
      if (const auto trouble = intake->trouble()) {
        report({{"queue", intake->path()}}, "not all of {} could be taken and finished with", intake->path());
        return *trouble == dirq::Errc::permission ? ExitCode::permission : ExitCode::temporary;
      }
    }
    return ExitCode::done;
  }

  void announce() {
    if (machine_.handler_ready() && !std::exchange(announced_ready_, true)) notifier_.ready();
    if (machine_.draining() && !std::exchange(announced_stopping_, true)) notifier_.stopping();
    if (status_pending_ || summary_of(machine_) == announced_summary_) return;
    // The first change is told at once, the following ones together.
    tell_status();
    status_pending_ = true;
    status_timer_.expires_after(status_every);
    status_timer_.async_wait([this](const boost::system::error_code& ec) {
      if (ec) return;
      status_pending_ = false;
      announce();
    });
  }

  void tell_status() {
    const Clock::time_point now = Clock::now();
    const std::chrono::duration<double> span = now - announced_at_;
    const std::uint64_t done = machine_.counters().done;
    const double rate = span.count() > 0 ? static_cast<double>(done - announced_done_) / span.count() : 0.0;
    announced_at_ = now;
    announced_done_ = done;
    announced_summary_ = summary_of(machine_);
    notifier_.status(fmt::format("{}, {:.1f}/s", announced_summary_, rate));
    status_file_.write(status_json(machine_, state_of(machine_)));
  }

  void set_timer() {
    const TimePoint deadline = machine_.next_deadline();
    if (deadline == timer_at_) return;
    timer_at_ = deadline;
    if (deadline == TimePoint::max()) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(deadline);
    timer_.async_wait([this](const boost::system::error_code& ec) {
      if (ec) return;
      timer_at_ = TimePoint::max();
      on(Tick{});
    });
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& ec, int) {
      if (ec) return;
      wait_for_signal();
      told_to_leave_ = true;
      on(Drain{});
    });
  }

  void tell_alive() {
    if (!notifier_.alive_every()) return;
    notifier_.alive();
    alive_timer_.expires_after(*notifier_.alive_every());
    alive_timer_.async_wait([this](const boost::system::error_code& ec) {
      if (!ec) tell_alive();
    });
  }

  Settings settings_;
  asio::io_context io_{1};
  asio::signal_set signals_{io_, SIGTERM, SIGINT};
  asio::steady_timer timer_{io_};
  asio::steady_timer status_timer_{io_};
  asio::steady_timer alive_timer_{io_};
  std::vector<std::unique_ptr<Intake>> intakes_;
  StepHook hook_;
  Machine machine_;
  Notifier notifier_;
  service::StatusFile status_file_{settings_.status_file};
  queue::Wake wake_{io_.get_executor(), settings_.queues, [this](std::size_t queue) { on(Woken{queue}); }};
  std::unique_ptr<Handler> handler_;

  std::deque<Event> events_;
  std::vector<Action> actions_;  // of the event in hand
  bool pumping_ = false;
  std::map<Ticket, QueueIndex> queue_of_;
  TimePoint timer_at_ = TimePoint::max();

  bool announced_ready_ = false;
  bool announced_stopping_ = false;
  bool status_pending_ = false;
  std::string announced_summary_;
  TimePoint announced_at_ = Clock::now();
  std::uint64_t announced_done_ = 0;
  std::string last_gone_;  // why the handler ended
  ExitCode exit_ = ExitCode::done;
  bool told_to_leave_ = false;
};

Result<std::unique_ptr<Consumer>> Consumer::open(const Settings& settings, StepHook hook) {
  if (const auto problems = contradictions(settings); !problems.empty()) {
    return fail(ExitCode::config, problems.front());
  }
  if (const auto reason = handler::why_not_startable(settings.handler.front()))
    return fail(ExitCode::config, fmt::format("handler \"{}\": {}", settings.handler.front(), *reason));
  std::vector<std::unique_ptr<Intake>> intakes;
  for (const std::string& queue : settings.queues) {
    auto intake = Intake::open(queue, settings, hook);
    if (!intake) return std::unexpected(std::move(intake).error());
    intakes.push_back(*std::move(intake));
  }
  return std::unique_ptr<Consumer>{
      new Consumer{std::make_unique<Loop>(settings, std::move(intakes), std::move(hook))}};
}

Consumer::Consumer(std::unique_ptr<Loop> loop) : loop_{std::move(loop)} {}
Consumer::~Consumer() = default;

ExitCode Consumer::run() {
  return loop_->run();
}

const Counters& Consumer::counters() const noexcept {
  return loop_->counters();
}

}  // namespace simplevisor::consumer
