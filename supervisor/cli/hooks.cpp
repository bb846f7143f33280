// The command `hooks`: one thread follows the events, this one decides what is due and runs the programs.
#include "supervisor/hooks/watch.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <thread>

#include "supervisor/cli/commands.hpp"
#include "supervisor/control/text.hpp"
#include "supervisor/hooks/run_hook.hpp"
#include "supervisor/runtime/journal/event_json.hpp"
#include "supervisor/runtime/scope.hpp"

namespace simplevisor::cli {
namespace {

namespace json = boost::json;
namespace journal = runtime::journal;
using std::chrono::milliseconds;

constexpr std::size_t waiting_max = 10'000;  // events that have come and not been looked at

journal::Time wall_now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

// Events on their way from the thread that follows to the one that decides.
class Mailbox {
 public:
  Mailbox() : bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  void put(journal::Event event) {
    const std::lock_guard lock(mutex_);
    if (events_.size() < waiting_max)
      events_.push_back(std::move(event));
    else
      missed_ = true;
    ring();
  }
  // Whether there were more than could wait, since it was last asked.
  bool missed() {
    const std::lock_guard lock(mutex_);
    return std::exchange(missed_, false);
  }
  void ended(std::optional<Failure> failure) {
    const std::lock_guard lock(mutex_);
    over_ = true;
    failure_ = std::move(failure);
    ring();
  }
  std::vector<journal::Event> take() {
    std::uint64_t ignored = 0;
    [[maybe_unused]] const auto count = ::read(bell_.get(), &ignored, sizeof ignored);
    const std::lock_guard lock(mutex_);
    return std::exchange(events_, {});
  }
  bool over() const {
    const std::lock_guard lock(mutex_);
    return over_;
  }
  std::optional<Failure> failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }
  int bell() const { return bell_.get(); }

 private:
  void ring() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto count = ::write(bell_.get(), &one, sizeof one);
  }
  mutable std::mutex mutex_;
  const control::Fd bell_;
  std::vector<journal::Event> events_;
  bool missed_ = false;
  bool over_ = false;
  std::optional<Failure> failure_;
};

class Hooks {
 public:
  Hooks(Context& context, Asker asker, runtime::Scope scope)
      : context_(context),
        asker_(std::move(asker)),
        scope_(std::move(scope)),
        watch_({.each_end = context.line.each_end,
                .settle = context.line.settle.value_or(milliseconds{5'000}),
                .interval = interval(),
                .at_most = context.line.at_most.value_or(20)}) {}

  int run() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT}) ::sigaddset(&signals, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    asked_to_end_ = control::Fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (auto looked = look_back(); !looked)
      return report(looked.error(), context_.terminal, context_.line.json);
    watch_.forget_recovered();
    // It waits in a read and ends with the process: what it uses is its own.
    std::thread(follow, asker_, last_, mailbox_).detach();
    for (;;) {
      const bool over = mailbox_->over();
      take(mailbox_->take());
      if (mailbox_->missed()) {
        if (auto looked = look_back(); !looked)
          return report(looked.error(), context_.terminal, context_.line.json);
      }
      tell();
      if (over) break;
      std::array<pollfd, 2> entries{{{.fd = mailbox_->bell(), .events = POLLIN, .revents = 0},
                                     {.fd = asked_to_end_.get(), .events = POLLIN, .revents = 0}}};
      ::poll(entries.data(), entries.size(), patience());
      if (entries[1].revents != 0) {
        if (auto looked = look_back(); looked) tell();
        return code(Exit::done);
      }
    }
    if (const auto failure = mailbox_->failure())
      return report(*failure, context_.terminal, context_.line.json);
    return code(Exit::done);
  }

 private:
  milliseconds interval() const { return context_.line.interval.value_or(milliseconds{60'000}); }

  int patience() const {
    const auto next = watch_.next();
    if (!next) return -1;
    const auto left = std::chrono::ceil<milliseconds>(*next - wall_now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
  }

  // What is kept and came after the last one known; in the beginning, what is not too old.
  std::expected<void, Failure> look_back() {
    const journal::Time oldest = last_ == 0 ? wall_now() - interval() : journal::Time::min();
    for (;;) {
      const auto found = asker_.object(fmt::format("/v1/events?after={}", last_));
      if (!found) return std::unexpected(found.error());
      const json::value* const events = found->members.if_contains("events");
      if (!events || !events->is_array() || events->get_array().empty()) return {};
      std::vector<journal::Event> taken;
      for (const json::value& value : events->get_array()) {
        if (auto event = event_in(json::serialize(value)); event && event->time >= oldest)
          taken.push_back(*event);
      }
      const json::value* const last = found->members.if_contains("last");
      boost::system::error_code error;
      const auto number = last ? last->to_number<std::uint64_t>(error) : 0;
      if (error || number <= last_) return {};
      take(std::move(taken));
      last_ = number;
    }
  }

  static std::optional<journal::Event> event_in(std::string_view line) {
    const journal::Line parsed = journal::parse_line(line);
    const auto* const event = std::get_if<journal::Event>(&parsed);
    return event ? std::optional(*event) : std::nullopt;
  }

  static void follow(const Asker& asker, std::uint64_t after, const std::shared_ptr<Mailbox>& mailbox) {
    bool cut_off = false;
    const auto take = [&](const control::Client::Message& message) {
      cut_off = message.name == "cut_off";
      if (auto event = event_in(message.data)) mailbox->put(*std::move(event));
      return !cut_off;
    };
    const auto ended = asker.follow(fmt::format("/v1/events?follow=true&after={}", after), take);
    if (cut_off)
      mailbox->ended(Failure{Exit::failed, "cut_off", "events came faster than they could be read"});
    else
      mailbox->ended(ended ? std::nullopt : std::optional(ended.error()));
  }

  void take(std::vector<journal::Event> events) {
    for (journal::Event& event : events) {
      if (event.id != 0) last_ = std::max(last_, event.id);
      const std::string& whom = event.about.empty() ? event.path : event.about;
      if (scope_.covers(whom) || scope_.covers(event.path)) watch_.take(event);
    }
  }

  void tell() {
    for (const hooks::Notice& notice : watch_.due(wall_now())) {
      const bool failure = notice.what == hooks::Notice::What::failure;
      const std::string& program = failure ? context_.line.on_failure : context_.line.on_recovery;
      if (program.empty()) continue;
      const std::string_view name = failure ? "failure" : "recovery";
      const auto ran = hooks::run_hook(
          {.program = program,
           .environment = {{"SIMPLEVISOR_HOOK", std::string(name)}, {"SIMPLEVISOR_HOOK_PATH", notice.path}},
           .input = dossier(notice, name),
           .timeout = context_.line.run_time.value_or(milliseconds{30'000}),
           .hurry = asked_to_end_.get()});
      context_.terminal.out << fmt::format("{} of {}: {}\n", name, notice.path, ran ? "told" : ran.error())
                            << std::flush;
    }
  }

  std::string dossier(const hooks::Notice& notice, std::string_view name) const {
    const auto asked = [&](const std::string& target) -> json::value {
      const auto found = asker_.object(target);
      return found ? json::value(found->members) : json::value(nullptr);
    };
    return json::serialize(
               json::object{{"what", json::string_view(name.data(), name.size())},
                            {"path", notice.path},
                            {"since", journal::in_text(notice.since)},
                            {"untold", notice.untold},
                            {"event", json::parse(journal::to_json(notice.event))},
                            {"supervisor", asked("/v1/info")},
                            {"why", asked("/v1/why?pattern=" + control::percent_encoded(notice.path))}}) +
           "\n";
  }

  Context& context_;
  const Asker asker_;
  const runtime::Scope scope_;
  hooks::Watch watch_;
  control::Fd asked_to_end_;
  std::uint64_t last_ = 0;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
};

}  // namespace

int hooks(Context& context) {
  const auto failed = [&](const Failure& failure) {
    return report(failure, context.terminal, context.line.json);
  };
  if (context.line.on_failure.empty() && context.line.on_recovery.empty())
    return failed(
        {Exit::usage, "usage", "hooks: there is nothing to run: --on-failure, --on-recovery or both"});
  for (const std::string& program : {context.line.on_failure, context.line.on_recovery}) {
    if (!program.empty() && ::access(program.c_str(), X_OK) != 0)
      return failed({Exit::failed, "no_program",
                     fmt::format("hooks: {} cannot be run: {}", program, std::strerror(errno))});
  }
  auto asker = asker_for(context);
  if (!asker) return failed(asker.error());
  auto scope = asker->scope(context.line.path);
  if (!scope) return failed(scope.error());
  return Hooks(context, *std::move(asker), *std::move(scope)).run();
}

}  // namespace simplevisor::cli
