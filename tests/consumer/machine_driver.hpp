// tests/consumer/machine_driver.hpp
//
// The consumer's decisions, driven by hand: events in, orders out as words, the time in between ours.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "workers/consumer/machine.hpp"

namespace simplevisor::consumer {

using namespace std::chrono_literals;

inline std::string told(const Action& action) {
  struct {
    std::string operator()(const Take& a) { return "take " + std::to_string(a.queue); }
    std::string operator()(const Handle& a) {
      return "handle " + std::to_string(a.ticket) + " try " + std::to_string(a.attempt);
    }
    std::string operator()(const Kill& a) { return "kill " + std::to_string(a.ticket); }
    std::string operator()(const Remember& a) {
      return "remember " + std::to_string(a.ticket) + " failures " + std::to_string(a.failures);
    }
    std::string operator()(const Finish& a) { return "finish " + std::to_string(a.ticket); }
    std::string operator()(const Bury& a) { return "bury " + std::to_string(a.ticket) + ": " + a.reason; }
    std::string operator()(const GiveBack& a) { return "give back " + std::to_string(a.ticket); }
    std::string operator()(const Renew& a) { return "renew " + std::to_string(a.ticket); }
    std::string operator()(const Purge& a) { return "purge " + std::to_string(a.queue); }
    std::string operator()(const StartHandler&) { return "start handler"; }
    std::string operator()(const StopHandler&) { return "stop handler"; }
    std::string operator()(const KillHandler&) { return "kill handler"; }
    std::string operator()(const TellIdle&) { return "tell idle"; }
    std::string operator()(const Leave& a) {
      return a.failure ? "leave: " + *a.failure : std::string{"leave"};
    }
  } words;
  return std::visit(words, action);
}

// A machine with a virtual clock. Each call returns what the machine ordered, in words. After fill() the queue answers
// by itself, at once, and its orders are not told.
class Driven {
 public:
  explicit Driven(MachineOptions options) : machine_{quieted(options)} {}

  std::vector<std::string> tell(const Event& event) {
    std::vector<std::string> words;
    std::deque<Event> events{event};
    for (; !events.empty(); events.pop_front()) {
      std::vector<Action> actions;
      machine_.handle(events.front(), now_, actions);
      for (const Action& action : actions) {
        const auto* take = std::get_if<Take>(&action);
        if (take != nullptr) taking = take->ticket;
        if (take != nullptr && elements_)
          events.push_back(answer());
        else
          words.push_back(told(action));
      }
    }
    return words;
  }
  // From now on the queue has `count` elements, and then no more. A Take is open.
  std::vector<std::string> fill(int count) {
    elements_ = count;
    return tell(answer());
  }
  void wait(Milliseconds span) { now_ += span; }
  std::vector<std::string> advance(Milliseconds span) {
    now_ += span;
    return tell(Tick{});
  }
  [[nodiscard]] Milliseconds until_deadline() const {
    return std::chrono::duration_cast<Milliseconds>(machine_.next_deadline() - now_);
  }
  Machine& machine() { return machine_; }
  Ticket taking = 0;

 private:
  static MachineOptions quieted(MachineOptions options) {
    options.purge_every = 0ms;
    return options;
  }
  Event answer() {
    if (*elements_ == 0) return NothingThere{taking};
    --*elements_;
    return Taken{taking, 0, ""};
  }

  Machine machine_;
  TimePoint now_{1h};
  std::optional<int> elements_;
};

inline MachineOptions exec(std::size_t window = 1) {
  return {.window = window};
}
inline MachineOptions stream(std::size_t window = 4) {
  return {.persistent_handler = true, .window = window};
}

inline Driven started_stream(std::size_t window) {
  Driven driven{stream(window)};
  driven.tell(Begin{});
  driven.tell(HandlerReady{window, false});
  return driven;
}

}  // namespace simplevisor::consumer
