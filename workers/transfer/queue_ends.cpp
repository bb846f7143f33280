#include "workers/transfer/queue_ends.hpp"

#include <boost/asio/post.hpp>
#include <filesystem>
#include <system_error>
#include <utility>

#include "workers/service/report.hpp"

namespace simplevisor::transfer {
namespace {

using namespace std::chrono_literals;
using service::inform;
using service::report;
using service::warn;

constexpr std::size_t elements_a_turn_max = 64;
constexpr std::chrono::milliseconds renew_every_max = 100s;  // the strictest peer breaks locks after 300 s
constexpr auto trouble_first = 1s;
constexpr auto trouble_max = 30s;
constexpr unsigned troubles_max = 3;  // in a row, in a run that is to end

// Like the consumer's (workers/consumer/intake.cpp): the same queue makes both end with the same status.
Failure::Kind kind_of(dirq::Errc code) {
  switch (code) {
    case dirq::Errc::permission:
      return Failure::Kind::authentication;
    case dirq::Errc::no_space:
    case dirq::Errc::descriptor_limit:
      return Failure::Kind::temporary;
    case dirq::Errc::malformed:
      return Failure::Kind::configuration;
    default:
      return Failure::Kind::no_place;
  }
}

Failure failure_of(const std::string& path, const dirq::Error& error) {
  return {kind_of(error.code), fmt::format("queue \"{}\": {}", path, error.message)};
}

// The same words for the same trouble, so that it is told once: those of the system's call name a file that no other
// attempt has.
std::string trouble_of(const std::string& path, const dirq::Error& error) {
  return fmt::format("cannot add to {}: {}", path,
                     error.error == 0 ? error.message : std::generic_category().message(error.error));
}

// Two renewals may fail or be late before anybody takes a lock that is held for one that was left.
std::chrono::milliseconds renew_every(const QueueSourceOptions& options) {
  const std::chrono::milliseconds maxlock = options.purge.maxlock;
  return maxlock > 0ms ? std::min(renew_every_max, maxlock / 3) : renew_every_max;
}

}  // namespace

// ---- source

QueueSource::QueueSource(boost::asio::any_io_executor executor, QueueSourceOptions options,
                         SourceListener listener)
    : executor_{std::move(executor)},
      options_{std::move(options)},
      listener_{std::move(listener)},
      poll_{executor_},
      attend_{executor_} {}

void QueueSource::open() {
  std::error_code unknown;
  const bool absent = !std::filesystem::exists(options_.path, unknown) && !unknown;
  auto queue = TakingQueue::open(options_.path, options_.kind);
  if (!queue) return down(failure_of(options_.path, queue.error()));
  // As every implementation of such queues does: who fills it may start later. It may also be a slip of the pen.
  if (absent) warn({{"queue", options_.path}}, "incoming queue {} did not exist: created", options_.path);
  Open open{*std::move(queue), std::nullopt};
  if (std::filesystem::exists(options_.dead_letter, unknown)) {
    if (const auto opened = open_dead_letters(open); !opened)
      return down(failure_of(options_.dead_letter, opened.error()));
    if (open.dead->identity() == open.queue->identity()) {
      return down(Failure{Failure::Kind::configuration,
                          fmt::format("queue \"{}\" is its own dead-letter queue", options_.path)});
    }
  }
  open_.emplace(std::move(open));
  if (options_.loop) {
    wake_.emplace(executor_, std::vector{options_.path}, [this](std::size_t) {
      idle_ = false;
      poll_.cancel();
      listener_.more();
    });
  }
  idle_ = false;
  took_ = false;
  unread_ = {};
  listener_.tell(SourceUp{});
  attend();
}

dirq::Result<void> QueueSource::open_dead_letters(Open& open) const {
  if (open.dead) return {};
  auto dead = queue::DeadLetters::open(options_.dead_letter, dirq::Durability::full);
  if (!dead) return std::unexpected(std::move(dead).error());
  open.dead.emplace(*std::move(dead));
  return {};
}

void QueueSource::down(std::optional<Failure> failure) {
  poll_.cancel();
  attend_.cancel();
  wake_.reset();
  held_.clear();  // unlocks
  brought_.clear();
  open_.reset();
  listener_.tell(SourceDown{std::move(failure)});
}

void QueueSource::close() {
  down(std::nullopt);
}

void QueueSource::want(std::size_t room) {
  room_ = room;
  if (!open_ || idle_) return;
  for (std::size_t n = 0; n < elements_a_turn_max && room_ > 0; ++n) {
    auto element = open_->queue->take();
    if (!element) {
      if (troubles_++ == 0) report({{"queue", options_.path}}, "cannot take: {}", element.error().message);
      if (!options_.loop && troubles_ >= troubles_max) return give_up();
      const auto pause = std::min<std::chrono::milliseconds>(
          trouble_first * (1U << std::min(troubles_ - 1, 5U)), trouble_max);
      return wait_for_more(pause);
    }
    if (!*element) return pass_is_over();
    troubles_ = 0;
    bring(*std::move(element));
  }
  if (room_ > 0) listener_.more();
}

void QueueSource::bring(std::unique_ptr<TakenElement> element) {
  if (!options_.remove && !brought_.insert(element->name()).second) {
    (void)element->unlock();  // brought before; whatever goes wrong, it ages
    return;
  }
  auto brought = element->read(options_.message_bytes_max);
  if (!brought) {  // passed by, like one that cannot be locked: nothing else is held up, and it is told once
    unread_.count(std::move(brought).error());
    return;  // unlocks
  }
  took_ = true;
  --room_;
  const Ticket ticket = listener_.bring(*std::move(brought));
  held_.emplace(ticket, std::move(element));
}

void QueueSource::pass_is_over() {
  const dirq::PassedBy& by = open_->queue->passed_by();
  const dirq::PassedBy unread = std::exchange(unread_, {});
  tell_once("cannot take", by, told_passed_by_);
  tell_once("cannot read", unread, told_unread_);
  if (!options_.loop) {
    idle_ = true;
    return listener_.tell(SourceEnd{by.elements + unread.elements});
  }
  // What came while we were looking is seen in one more pass.
  if (std::exchange(took_, false)) return listener_.more();
  wait_for_more(options_.poll);
  wake_->arm();
}

// A run that is to end does so. What is in hand can still be sent.
void QueueSource::give_up() {
  warn({{"queue", options_.path}}, "given up after {} attempts to take: what {} holds is left there",
       troubles_, options_.path);
  idle_ = true;
  listener_.tell(SourceEnd{open_->queue->passed_by().elements + unread_.elements + 1});
}

void QueueSource::tell_once(std::string_view what, const dirq::PassedBy& by, std::string& told) {
  if (by.elements == 0 || std::exchange(told, by.first.message) == by.first.message) return;
  warn("{}: {}{}", what, by.first.message,
       by.elements > 1 ? fmt::format(", and {} more elements", by.elements - 1) : "");
}

void QueueSource::wait_for_more(std::chrono::milliseconds at_most) {
  idle_ = true;
  poll_.expires_after(at_most);
  poll_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    idle_ = false;
    listener_.more();
  });
}

dirq::Result<void> QueueSource::bury(TakenElement& element, const std::string& reason) {
  const dirq::ElementName name = element.name();
  if (auto opened = open_dead_letters(*open_); !opened) return opened;
  // Seen at the start, if it was there; a path may have come to lead here since.
  if (open_->dead->identity() == open_->queue->identity())
    return dirq::failed(dirq::Errc::other,
                        fmt::format("queue {} is its own dead-letter queue", options_.path));
  const auto letter = element.bury(*open_->dead, reason);
  if (!letter) return std::unexpected(letter.error());
  warn({{"queue", options_.path}, {"element", name.str()}, {"dead_letter", *letter}, {"reason", reason}},
       "dead letter: {} of {} is {}: {}", name.str(), options_.path, *letter, reason);
  return {};
}

Event QueueSource::settle(Ticket ticket, Verdict verdict, const std::string& reason,
                          const message::Message*) {
  const auto held = held_.find(ticket);
  if (held == held_.end()) return Settled{ticket};
  TakenElement& element = *held->second;
  dirq::Result<void> outcome;
  if (!element.armed()) {
    outcome = dirq::failed(dirq::Errc::lost_lock, "the lock is not ours any more");
  } else if (verdict == Verdict::quarantine) {
    outcome = bury(element, reason);
  } else if (verdict == Verdict::done && options_.remove) {
    outcome = element.remove();
  } else {
    outcome = element.unlock();
  }
  if (outcome) {
    held_.erase(held);
    return Settled{ticket};
  }
  report({{"queue", options_.path}, {"element", element.name().str()}}, "cannot settle {}: {}",
         element.name().str(), outcome.error().message);
  if (!element.armed()) {
    held_.erase(held);  // somebody else has it: there is nothing left to do
    return Settled{ticket, true};
  }
  return NotSettled{ticket};
}

// Renews what is held for long, and purges now and then.
void QueueSource::attend() {
  const auto now = std::chrono::steady_clock::now();
  if (options_.purge_every > 0ms && now >= purge_at_) {
    purge_at_ = now + options_.purge_every;
    if (const auto purged = open_->queue->purge(options_.purge); !purged)
      report({{"queue", options_.path}}, "cannot purge: {}", purged.error().message);
    if (open_->dead) open_->dead->purge_reasons();
  }
  for (auto& [ticket, element] : held_) {
    if (!element->armed()) continue;
    if (const auto touched = element->touch(); !touched)
      report({{"queue", options_.path}}, "cannot renew: {}", touched.error().message);
  }
  const auto renew = renew_every(options_);
  attend_.expires_after(options_.purge_every > 0ms ? std::min(renew, options_.purge_every) : renew);
  attend_.async_wait([this](const boost::system::error_code& error) {
    if (!error && open_) attend();
  });
}

// ---- sink

QueueSink::QueueSink(boost::asio::any_io_executor executor, QueueSinkOptions options, TellSink tell)
    : executor_{std::move(executor)}, options_{std::move(options)}, tell_{std::move(tell)} {}

void QueueSink::open() {
  auto queue = AddingQueue::open(options_.path, options_.kind, options_.adding);
  if (!queue) return tell_(SinkDown{failure_of(options_.path, queue.error())});
  queue_ = *std::move(queue);
  tell_(SinkUp{});
}

void QueueSink::put(Ticket ticket, const message::Message& message) {
  if (const auto added = queue_->add(message); !added) {
    if (added.error().code == dirq::Errc::malformed) return tell_(Refused{ticket, added.error().message});
    return tell_(NotConfirmed{ticket, trouble_of(options_.path, added.error())});
  }
  in_batch_.push_back(ticket);
  if (queue_->full() || in_batch_.size() >= options_.batch) return commit();
  if (std::exchange(commit_posted_, true)) return;
  // Behind whatever has arrived by now, which so becomes part of the batch.
  boost::asio::post(executor_, [this, alive = std::weak_ptr{alive_}] {
    if (alive.expired()) return;
    commit_posted_ = false;
    commit();
  });
}

void QueueSink::commit() {
  if (in_batch_.empty()) return;
  const auto committed = queue_->commit();
  if (!committed && !std::exchange(in_trouble_, true))
    warn({{"queue", options_.path}}, "{}", trouble_of(options_.path, committed.error()));
  if (committed && std::exchange(in_trouble_, false))
    inform({{"queue", options_.path}}, "adding to {} again", options_.path);
  for (const Ticket ticket : std::exchange(in_batch_, {})) {
    if (committed)
      tell_(Confirmed{ticket});
    else
      tell_(NotConfirmed{ticket, trouble_of(options_.path, committed.error())});
  }
}

void QueueSink::close() {
  commit();
  queue_.reset();
  tell_(SinkDown{});
}

}  // namespace simplevisor::transfer
