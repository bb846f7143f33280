#include "workers/consumer/intake.hpp"

#include <fmt/format.h>

#include <utility>

#include "workers/service/report.hpp"

namespace simplevisor::consumer {

using service::ExitCode;
using service::fail;
using service::inform;
using service::report;
using service::warn;

namespace {

constexpr std::size_t troubles_max = 16;

ExitCode code_of(dirq::Errc code) {
  switch (code) {
    case dirq::Errc::permission:
      return ExitCode::permission;
    case dirq::Errc::no_space:
    case dirq::Errc::descriptor_limit:
      return ExitCode::temporary;
    case dirq::Errc::malformed:
      return ExitCode::config;
    default:
      return ExitCode::cannot_create;
  }
}

dirq::Durability durability_of(Sync sync) {
  switch (sync) {
    case Sync::none:
      return dirq::Durability::none;
    case Sync::data:
      return dirq::Durability::data;
    case Sync::full:
      return dirq::Durability::full;
  }
  std::unreachable();
}

std::unexpected<service::Error> cannot_open(const std::string& path, const dirq::Error& error) {
  return fail(code_of(error.code), fmt::format("queue \"{}\": {}", path, error.message));
}

// What cannot be looked at may still be there.
bool is_gone(const dirq::Result<std::uint64_t>& size) {
  return !size && size.error().code == dirq::Errc::gone;
}

std::chrono::seconds whole_seconds(std::chrono::milliseconds span) {
  return std::chrono::ceil<std::chrono::seconds>(span);
}

}  // namespace

Result<std::unique_ptr<Intake>> Intake::open(const std::string& path, const Settings& settings,
                                             StepHook hook) {
  auto queue = dirq::Queue::open(path);
  if (!queue) return cannot_open(path, queue.error());
  const std::string dead_path = settings.dead_letter_of(path);
  auto dead = queue::DeadLetters::open(dead_path, durability_of(settings.durability));
  if (!dead) return cannot_open(dead_path, dead.error());
  if (queue->identity() == dead->identity()) {
    return fail(ExitCode::config, fmt::format("queue \"{}\" is its own dead-letter queue", path));
  }
  dirq::PurgeOptions purge;
  purge.maxlock = whole_seconds(settings.maxlock);
  purge.maxtemp = whole_seconds(settings.maxtemp);
  return std::unique_ptr<Intake>{new Intake{*std::move(queue), *std::move(dead), purge, std::move(hook)}};
}

Intake::Intake(dirq::Queue queue, queue::DeadLetters dead, const dirq::PurgeOptions& purge, StepHook hook)
    : queue_{std::move(queue)},
      dead_{std::move(dead)},
      taker_{queue_},
      attempts_{queue_.path(), queue::attempts_directory},
      purge_{purge},
      hook_{std::move(hook)} {}

void Intake::passed(Step step) const {
  if (hook_) hook_(step);
}

void Intake::trouble(const dirq::Error& error) {
  last_trouble_ = error.code;
  if (troubles_.size() < troubles_max && troubles_.insert(error.message).second)
    report({{"queue", path()}}, "cannot take: {}", error.message);
}

Event Intake::take(Ticket ticket) {
  auto lock = taker_.next();
  if (!lock) {
    troubled_pass_ = true;
    trouble(lock.error());
    return TakeFailed{ticket};
  }
  if (!*lock) {
    if (const dirq::PassedBy& by = taker_.passed_by(); by.elements > 0) {
      troubled_pass_ = true;
      trouble(by.first);
    }
    // What cannot be taken is met again in every pass, between others that can.
    if (!std::exchange(troubled_pass_, false) && !troubles_.empty()) {
      troubles_.clear();
      inform({{"queue", path()}}, "taking from {} again", path());
    }
    return NothingThere{ticket};
  }
  passed(Step::locked);
  const queue::Record record = attempts_.load((*lock)->name());
  held_.emplace(ticket, Held{**std::move(lock), record.failures > 0});
  return Taken{ticket, record.failures, record.reason};
}

dirq::Result<std::string> Intake::read(Ticket ticket, std::size_t bytes_max) {
  dirq::Lock& lock = held_.at(ticket).lock;
  auto content = lock.armed() ? lock.get(bytes_max) : std::unexpected(lost_before(ticket));
  if (!content && (content.error().code == dirq::Errc::gone || content.error().code == dirq::Errc::lost_lock))
    held_.erase(ticket);
  return content;
}

std::string Intake::element(Ticket ticket) const {
  return held_.at(ticket).lock.name().str();
}

void Intake::remember(Ticket ticket, unsigned failures, const std::string& reason) {
  Held& held = held_.at(ticket);
  if (const auto error = attempts_.store(held.lock.name(), {failures, reason, "", ""})) {
    warn({{"queue", path()}, {"element", held.lock.name().str()}, {"attempt", failures}},
         "cannot record attempt {} of {}: {}", failures, held.lock.name().str(), error.message());
    return;
  }
  held.on_record = true;
  passed(Step::remembered);
}

// A renewal that finds its lock lost disarms it.
dirq::Error Intake::lost_before(Ticket ticket) const {
  return {dirq::Errc::lost_lock, 0, fmt::format("{}: the lock is not ours any more", element(ticket))};
}

void Intake::renew(Ticket ticket) {
  const auto held = held_.find(ticket);
  if (held == held_.end() || !held->second.lock.armed()) return;
  // A lock found lost here is found lost again when the message is settled, and that is where it is told.
  if (const auto touched = held->second.lock.touch(); !touched)
    warn({{"queue", path()}}, "cannot renew: {}", touched.error().message);
}

Event Intake::settled(Ticket ticket, const dirq::Result<void>& outcome, std::string_view what) {
  if (outcome) {
    held_.erase(ticket);
    return Settled{ticket};
  }
  if (!std::exchange(held_.at(ticket).unsettled, outcome.error().code))
    report({{"queue", path()}, {"element", element(ticket)}}, "cannot {} {}: {}", what, element(ticket),
           outcome.error().message);
  if (outcome.error().code == dirq::Errc::lost_lock || outcome.error().code == dirq::Errc::gone) {
    held_.erase(ticket);
    return LockLost{ticket};
  }
  return NotSettled{ticket};
}

Event Intake::finish(Ticket ticket) {
  passed(Step::answered);
  Held& held = held_.at(ticket);
  const dirq::ElementName name = held.lock.name();
  const bool on_record = held.on_record;
  const auto removed = held.lock.armed() ? held.lock.remove() : std::unexpected(lost_before(ticket));
  if (removed) passed(Step::removed);
  // After the element: an attempt forgotten too early would be one try too many, a record too many is purged.
  if (removed && on_record) attempts_.remove(name);
  return settled(ticket, removed, "remove");
}

Event Intake::bury(Ticket ticket, unsigned failures, const std::string& reason) {
  Held& held = held_.at(ticket);
  const dirq::ElementName name = held.lock.name();
  const bool on_record = held.on_record;
  const auto moved = held.lock.armed() ? dead_.take(queue_, held.lock) : std::unexpected(lost_before(ticket));
  if (!moved) return settled(ticket, std::unexpected(moved.error()), "move to the dead-letter queue");
  passed(Step::moved);
  warn({{"queue", path()},
        {"element", name.str()},
        {"dead_letter", moved->str()},
        {"failures", failures},
        {"reason", reason}},
       "dead letter: {} of {} is {} of {} after {} failures: {}", name.str(), path(), moved->str(),
       dead_.path(), failures, reason);
  dead_.note(*moved, {failures, reason, path(), name.str()});
  passed(Step::reason_written);
  if (on_record) attempts_.remove(name);
  return settled(ticket, {}, "");
}

Event Intake::give_back(Ticket ticket) {
  dirq::Lock& lock = held_.at(ticket).lock;
  if (const auto& why = held_.at(ticket).unsettled) unsettled_ = why;
  auto event = settled(ticket, lock.armed() ? lock.unlock() : std::unexpected(lost_before(ticket)), "unlock");
  if (std::holds_alternative<NotSettled>(event)) {
    // The lock stays on disk, ages, and is broken by somebody's purge.
    held_.at(ticket).lock.release();
    held_.erase(ticket);
  }
  passed(Step::given_back);
  return event;
}

void Intake::purge() {
  const auto tell = [](const std::string& path, const dirq::Result<dirq::PurgeReport>& purged) {
    if (!purged) {
      warn({{"queue", path}}, "cannot purge: {}", purged.error().message);
    } else if (purged->locks + purged->temporaries > 0) {
      inform({{"queue", path}, {"locks", purged->locks}, {"temporaries", purged->temporaries}},
             "purged {}: {} old locks, {} old temporaries", path, purged->locks, purged->temporaries);
    }
  };
  tell(path(), queue_.purge(purge_));
  tell(dead_.path(), dead_.purge(purge_));
  attempts_.purge([this](const auto& name) { return !is_gone(queue_.size(name)); });
  dead_.purge_reasons();
}

}  // namespace simplevisor::consumer
