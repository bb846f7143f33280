// workers/consumer/intake.hpp
//
// What a consumer does to one queue: takes elements, reads them, and brings each to one of its four ends.
//
// Order of calls, and what a kill leaves behind, is the table in README.md ("A kill at any point").
// Lock lost  when another has broken and taken a lock of ours, nothing of the element is touched any more.
// Errors     of a dirq call: its own error. A record of attempts that cannot be written is reported, and no more.
// Threads    one at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "workers/consumer/machine.hpp"
#include "workers/consumer/settings.hpp"
#include "workers/consumer/steps.hpp"
#include "workers/dirq/queue.hpp"
#include "workers/dirq/taker.hpp"
#include "workers/queue/dead_letters.hpp"
#include "workers/queue/side_files.hpp"
#include "workers/service/error.hpp"

namespace simplevisor::consumer {

using service::Result;

class Intake {
 public:
  // Opens (and where needed creates) the queue and its dead-letter queue.
  static Result<std::unique_ptr<Intake>> open(const std::string& queue, const Settings& settings,
                                              StepHook hook);

  [[nodiscard]] const std::string& path() const noexcept { return queue_.path(); }
  [[nodiscard]] const std::string& dead_letter_path() const noexcept { return dead_.path(); }

  // The answer to Take: Taken, NothingThere or TakeFailed.
  Event take(Ticket ticket);
  [[nodiscard]] bool holds(Ticket ticket) const { return held_.contains(ticket); }
  // Content of what is held.
  dirq::Result<std::string> read(Ticket ticket, std::size_t bytes_max);
  [[nodiscard]] std::string element(Ticket ticket) const;
  void remember(Ticket ticket, unsigned failures, const std::string& reason);
  void renew(Ticket ticket);

  // The answers to Finish, Bury and GiveBack: Settled, NotSettled or LockLost.
  Event finish(Ticket ticket);
  Event bury(Ticket ticket, unsigned failures, const std::string& reason);
  Event give_back(Ticket ticket);

  // What keeps elements from being taken at present, or kept one that was given back from being settled; the last of it.
  [[nodiscard]] std::optional<dirq::Errc> trouble() const {
    return troubles_.empty() ? unsettled_ : std::optional{last_trouble_};
  }
  void purge();

 private:
  struct Held {
    dirq::Lock lock;
    bool on_record = false;                              // it has a record of attempts
    std::optional<dirq::Errc> unsettled = std::nullopt;  // why it cannot be removed or moved; reported
  };

  Intake(dirq::Queue queue, queue::DeadLetters dead, const dirq::PurgeOptions& purge, StepHook hook);
  [[nodiscard]] dirq::Error lost_before(Ticket ticket) const;
  Event settled(Ticket ticket, const dirq::Result<void>& outcome, std::string_view what);
  void passed(Step step) const;

  dirq::Queue queue_;
  queue::DeadLetters dead_;
  dirq::Taker taker_;
  queue::SideFiles attempts_;
  dirq::PurgeOptions purge_;
  StepHook hook_;
  std::map<Ticket, Held> held_;
  // Reported; not again until a whole pass was without any.
  void trouble(const dirq::Error& error);

  std::set<std::string> troubles_;
  dirq::Errc last_trouble_{};
  bool troubled_pass_ = false;
  std::optional<dirq::Errc> unsettled_;
};

}  // namespace simplevisor::consumer
