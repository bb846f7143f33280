#include "workers/transfer/agent.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <deque>
#include <unordered_map>
#include <utility>

#include "workers/handler/co_process.hpp"
#include "workers/handler/startable.hpp"
#include "workers/message/codec.hpp"
#include "workers/service/pid_file.hpp"
#include "workers/service/report.hpp"
#include "workers/service/sd_notify.hpp"
#include "workers/service/status_file.hpp"
#include "workers/transfer/agent_options.hpp"
#include "workers/transfer/ends.hpp"
#include "workers/transfer/filter.hpp"
#include "workers/transfer/machine.hpp"
#include "workers/transfer/statistics.hpp"
#include "workers/transfer/taps.hpp"
#include "workers/transfer/trace.hpp"

namespace simplevisor::transfer {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using service::ExitCode;
using service::Fact;
using service::Facts;
using service::inform;
using service::report;
using service::warn;

constexpr auto status_every = 1s;
constexpr auto pid_file_every = 1s;
constexpr std::size_t steps_a_turn_max = 4096;
constexpr std::size_t failure_bytes_max = 200;  // of what the status says about a side that is away

}  // namespace

class Agent::Loop {
 public:
  Loop(const Settings& settings, bool supervised)
      : settings_{within_a_stop(settings, supervised)},
        machine_{machine_options(settings, supervised)},
        status_file_{settings.status_file},
        taps_{durability_of(settings)} {}

  service::Result<void> prepare(const MakeEnds& ends) {
    SourceListener listener{.tell = [this](Event event) { on(std::move(event)); },
                            .bring = [this](Brought brought) { return bring(std::move(brought)); },
                            .more = [this] { want_later(); }};
    const MakeSource source_maker = ends.source ? ends.source : make_source;
    auto source = source_maker(io_.get_executor(), settings_, std::move(listener));
    if (!source) return std::unexpected(std::move(source).error());
    source_ = *std::move(source);
    const MakeSink sink_maker = ends.sink ? ends.sink : make_sink;
    auto sink = sink_maker(io_.get_executor(), settings_, [this](Event event) { on(std::move(event)); });
    if (!sink) return std::unexpected(std::move(sink).error());
    sink_ = *std::move(sink);
    if (!settings_.filter.empty()) {
      filter_ = std::make_unique<Filter>(io_.get_executor(), settings_,
                                         [this](FilterAnswer answer) { answered(answer); });
    }
    return {};
  }

  // Anything that must be there before we are.
  service::Result<void> claim() {
    if (settings_.pidfile.empty()) return {};
    auto file = service::PidFile::create(settings_.pidfile);
    if (!file) return service::fail(ExitCode::cannot_create, std::move(file).error());
    pid_file_.emplace(*std::move(file));
    return {};
  }

  ExitCode run() {
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT: cannot fail for these two
    std::signal(SIGHUP, SIG_IGN);   // NOLINT
    wait_for_signal();
    tell_alive();
    if (pid_file_) watch_pid_file();
    on(Begin{});
    io_.run();
    if (settings_.statistics) std::fputs(statistics_.text().c_str(), stdout);
    return exit_;
  }

 private:
  struct Held {
    std::optional<message::Message> message;
    std::optional<rules::Verdict>
        verdict;  // what the rules made of it, once, with the copies still to be made
  };

  // ---- events in, orders out

  // Carried out one after the other. What a deed tells at once comes next, when the present event is done with: so a message
  // that can go all the way does, and is acknowledged before the last of those that came with it was looked at.
  void on(Event event) {
    (stepping_ ? consequences_ : events_).push_back(std::move(event));
    if (std::exchange(pumping_, true)) return;
    pump();
    pumping_ = false;
    announce();
    set_timer();
  }

  void pump() {
    std::size_t steps = 0;
    while (!left_) {
      while (!consequences_.empty() || !events_.empty()) {
        if (++steps > steps_a_turn_max)
          return want_later();  // signals, timers and the other side have their turn
        auto& queue = consequences_.empty() ? events_ : consequences_;
        const Event next = std::move(queue.front());
        queue.pop_front();
        step(next);
        if (left_) return;
      }
      source_->want(machine_.room());
      if (events_.empty()) return;
    }
  }

  void step(const Event& event) {
    note(event);
    actions_.clear();
    machine_.handle(event, Clock::now(), actions_);
    stepping_ = true;
    for (const Action& action : actions_) std::visit([this](const auto& order) { perform(order); }, action);
    stepping_ = false;
  }

  // What is worth remembering beside the machine's own books.
  void note(const Event& event) {
    if (std::holds_alternative<Confirmed>(event)) statistics_.sent(Clock::now());
    if (const auto* gone = std::get_if<FilterGone>(&event); gone != nullptr && !machine_.filter_stopping())
      warn("{}", gone->reason);
    if (const auto* trying = std::get_if<Trying>(&event)) last_error_ = trouble_ = trying->failure.message;
    if (const auto* down = std::get_if<SinkDown>(&event)) down_because(down->failure);
    if (const auto* down = std::get_if<SourceDown>(&event)) down_because(down->failure);
    if (const auto* not_now = std::get_if<NotConfirmed>(&event)) {
      if (not_now->reason != last_error_)
        warn({{"reason", not_now->reason}}, "not confirmed, will be sent again: {}", not_now->reason);
      last_error_ = not_now->reason;
    }
    if (const auto* refused = std::get_if<Refused>(&event)) last_error_ = refused->reason;
    if (settings_.debug) trace(event);
  }

  void down_because(const std::optional<Failure>& failure) {
    if (!failure) return;
    // An attempt has told the same, and where.
    if (!trouble_.ends_with(failure->message)) trouble_ = failure->message;
    last_error_ = trouble_;
  }

  void tell(Event event) { consequences_.push_back(std::move(event)); }

  Ticket bring(Brought brought) {
    const Ticket ticket = ++last_ticket_;
    std::optional<std::string> unusable;
    if (!brought.message)
      unusable = std::move(brought.trouble);
    else
      statistics_.received(message::statistical_size(*brought.message), Clock::now());
    held_.emplace(ticket, Held{std::move(brought.message), {}});
    // The source must know the ticket before anything is ordered about it.
    events_.emplace_back(Arrived{ticket, brought.bytes, std::move(unusable)});
    if (!pumping_) want_later();
    return ticket;
  }

  // The source may have something, and the loop has other things to do first.
  void want_later() {
    if (std::exchange(want_posted_, true)) return;
    asio::post(io_, [this] {
      want_posted_ = false;
      if (!left_) on(Tick{});
    });
  }

  // ---- deeds

  void perform(const OpenSource&) { source_->open(); }
  void perform(const CloseSource&) { source_->close(); }
  void perform(const OpenSink&) { sink_->open(); }
  void perform(const CloseSink&) { sink_->close(); }
  void perform(const Check& check) {
    if (!settings_.rules.empty() && !passes_rules(check.ticket)) return;
    if (filter_) {
      if (const auto trouble = filter_->give(check.ticket, *held_.at(check.ticket).message))
        tell(CheckFailed{check.ticket, *trouble});
    } else {
      tell(Accepted{check.ticket});
    }
  }
  // Otherwise it has been told what becomes of the message.
  bool passes_rules(Ticket ticket) {
    Held& held = held_.at(ticket);
    if (!held.verdict) {
      auto verdict = settings_.rules.apply(*held.message);
      if (!verdict) {
        tell(CheckFailed{ticket, std::move(verdict).error()});
        return false;
      }
      held.verdict = *std::move(verdict);
    }
    auto& copies = held.verdict->copies;
    while (!copies.empty() && taps_.add(copies.front().queue, copies.front().message))
      copies.erase(copies.begin());
    if (!copies.empty()) {
      tell(CheckLater{ticket});
      return false;
    }
    if (!held.verdict->accepted) {
      if (settings_.debug) trace(ticket, fmt::format("rejected by rule {}", held.verdict->rule));
      tell(Discarded{ticket});
    }
    return held.verdict->accepted;
  }
  void perform(const Send& send) {
    message::Message& message = *held_.at(send.ticket).message;
    if (settings_.destination_overrides)
      message.header["destination"] = settings_.destination;
    else if (!settings_.destination.empty())
      message.header.try_emplace("destination", settings_.destination);
    // What a broker confirms it may still lose with its memory, unless it was asked to keep it.
    if (settings_.reliable && settings_.outgoing.queue.empty())
      message.header.try_emplace("persistent", "true");
    sink_->put(send.ticket, message);
  }
  void perform(const Settle& settle) {
    const auto& message = held_.at(settle.ticket).message;
    tell(source_->settle(settle.ticket, settle.verdict, settle.reason, message ? &*message : nullptr));
  }
  void perform(const Forget& forget) { held_.erase(forget.ticket); }
  void perform(const StartFilter&) { filter_->start(); }
  void perform(const StopFilter&) { filter_->stop(); }
  void perform(const KillFilter&) { filter_->kill(); }
  void perform(const TellFilterIdle&) { filter_->tell_idle(); }
  void perform(const Leave& leave) {
    left_ = true;
    const Counters& c = machine_.counters();
    inform({{"received", c.received},
            {"sent", c.sent},
            {"discarded", c.discarded},
            {"dead_letters", c.quarantined},
            {"retried", c.retried}},
           "leaving: received {}, sent {}, discarded {}, dead letters {}, retried {}", c.received, c.sent,
           c.discarded, c.quarantined, c.retried);
    if (leave.failure) {
      report("{}", leave.failure->message);
      exit_ = exit_of(leave.failure->kind);
    } else if (leave.pending > 0) {
      if (settings_.reliable || !settings_.incoming.queue.empty())
        warn("{} messages were given back or left behind", leave.pending);
      else
        warn("{} messages more had come and are lost: without reliable a broker forgets what it has sent",
             leave.pending);
      if (leave.hopeless > 0) report("{} of them can be neither sent nor set aside", leave.hopeless);
      if (!stop_asked_) exit_ = leave.hopeless > 0 ? ExitCode::data : ExitCode::failed;
    }
    announce_leaving();
    notifier_.status(fmt::format("left: {}", counted()));
    status_file_.write(status_json(c, statistics_.bytes(), 0, "left", last_error_));
    io_.stop();
  }

  void answered(FilterAnswer& answer) {
    if (auto* accepted = std::get_if<FilterAccepted>(&answer)) {
      const auto held = held_.find(accepted->ticket);
      if (held != held_.end() && accepted->message) held->second.message = std::move(accepted->message);
      return on(Accepted{accepted->ticket});
    }
    on(std::get<Event>(std::move(answer)));
  }

  // ---- what others are told

  void announce() {
    if (left_) return;
    if (machine_.ready() && !std::exchange(announced_ready_, true)) notifier_.ready();
    if (machine_.leaving()) announce_leaving();
    if (status_pending_) return;
    // The first change is told at once, the following ones together.
    std::string summary = summarise();
    if (summary == announced_) return;
    announced_ = std::move(summary);
    notifier_.status(announced_);
    status_file_.write(
        status_json(machine_.counters(), statistics_.bytes(), machine_.pending(), state(), last_error_));
    status_pending_ = true;
    status_timer_.expires_after(status_every);
    status_timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      status_pending_ = false;
      announce();
    });
  }

  void announce_leaving() {
    if (!std::exchange(announced_stopping_, true)) notifier_.stopping();
  }

  [[nodiscard]] std::string_view state() const {
    if (machine_.leaving()) return "leaving";
    if (machine_.blocked()) return "blocked";
    return machine_.ready() && machine_.connected() ? "running" : "connecting";
  }
  // While a side is away: why, as far as we know.
  [[nodiscard]] std::string reason() const {
    if (machine_.leaving() || machine_.connected() || trouble_.empty()) return {};
    return fmt::format(" ({})", service::printable(trouble_).substr(0, failure_bytes_max));
  }

  [[nodiscard]] std::string summarise() const {
    return fmt::format("{}{}: pending {}, {}", state(), reason(), machine_.pending(), counted());
  }

  [[nodiscard]] std::string counted() const {
    const Counters& c = machine_.counters();
    return fmt::format("received {}, sent {}, discarded {}, dead {}, retried {}", c.received, c.sent,
                       c.discarded, c.quarantined, c.retried);
  }

  void set_timer() {
    const TimePoint deadline = machine_.next_deadline();
    if (left_ || deadline == timer_at_) return;
    timer_at_ = deadline;
    if (deadline == TimePoint::max()) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(deadline);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      timer_at_ = TimePoint::max();
      on(Tick{});
    });
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      wait_for_signal();
      stop_asked_ = true;
      on(Stop{});
    });
  }

  void watch_pid_file() {
    switch (pid_file_->look()) {
      case service::PidFile::Word::go_on:
        break;
      case service::PidFile::Word::quit:
        if (!std::exchange(stop_asked_, true)) on(Stop{});
        break;
      case service::PidFile::Word::lost:
        report("{} is no longer ours: leaving", settings_.pidfile);
        on(Stop{});
        return on(Stop{});
    }
    pid_timer_.expires_after(pid_file_every);
    pid_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error && !left_) watch_pid_file();
    });
  }

  void tell_alive() {
    if (!notifier_.alive_every()) return;
    notifier_.alive();
    alive_timer_.expires_after(*notifier_.alive_every());
    alive_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) tell_alive();
    });
  }

  Settings settings_;
  asio::io_context io_{1};
  asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGQUIT};
  asio::steady_timer timer_{io_};
  asio::steady_timer status_timer_{io_};
  asio::steady_timer alive_timer_{io_};
  asio::steady_timer pid_timer_{io_};
  Machine machine_;
  service::Notifier notifier_;
  service::StatusFile status_file_;
  std::optional<service::PidFile> pid_file_;
  Taps taps_;
  Statistics statistics_;

  std::deque<Event> events_;        // in the order in which they came
  std::deque<Event> consequences_;  // what the deeds of the present one told
  std::vector<Action> actions_;     // of the event in hand
  bool pumping_ = false;
  bool stepping_ = false;
  bool want_posted_ = false;
  Ticket last_ticket_ = 0;
  std::unordered_map<Ticket, Held> held_;

  std::unique_ptr<Source> source_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Filter> filter_;

  TimePoint timer_at_ = TimePoint::max();
  bool announced_ready_ = false;
  bool announced_stopping_ = false;
  bool status_pending_ = false;
  std::string announced_;
  std::string last_error_;
  std::string trouble_;  // the last of an end
  bool stop_asked_ = false;
  bool left_ = false;
  ExitCode exit_ = ExitCode::done;
};

service::Result<std::unique_ptr<Agent>> Agent::make(const Settings& settings, bool supervised,
                                                    const MakeEnds& ends) {
  if (const auto problems = contradictions(settings); !problems.empty())
    return service::fail(ExitCode::config, problems.front());
  if (!settings.filter.empty()) {
    if (const auto reason = handler::why_not_startable(settings.filter.front()))
      return service::fail(ExitCode::config, fmt::format("filter {}: {}", settings.filter.front(), *reason));
  }
  auto loop = std::make_unique<Loop>(settings, supervised);
  if (auto prepared = loop->prepare(ends); !prepared) return std::unexpected(std::move(prepared).error());
  if (auto claimed = loop->claim(); !claimed) return std::unexpected(std::move(claimed).error());
  return std::unique_ptr<Agent>{new Agent{std::move(loop)}};
}

Agent::Agent(std::unique_ptr<Loop> loop) : loop_{std::move(loop)} {}
Agent::~Agent() = default;

ExitCode Agent::run() {
  return loop_->run();
}

}  // namespace simplevisor::transfer
