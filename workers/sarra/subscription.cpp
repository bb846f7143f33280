#include "workers/sarra/subscription.hpp"

#include <boost/asio/post.hpp>
#include <fstream>
#include <utility>

#include "workers/service/report.hpp"

namespace simplevisor::sarra {
namespace {

using namespace std::chrono_literals;
using transfer::Brought;
using transfer::Event;
using transfer::Ticket;
using transfer::Verdict;

constexpr auto busy_delay = 250ms;

Seen::Time now_ms() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

Subscription::Subscription(const boost::asio::any_io_executor& executor, SubscriptionOptions options,
                           std::optional<Seen> seen, transfer::SourceListener listener)
    : executor_{executor},
      options_{std::move(options)},
      seen_{std::move(seen)},
      listener_{std::move(listener)},
      timer_{executor} {}

Subscription::~Subscription() {
  service::inform({{"unwanted", unwanted_}, {"duplicates", duplicates_}, {"foreign", foreign_}},
                  "turned away: {} by pattern or age, {} duplicates, {} of another format", unwanted_,
                  duplicates_, foreign_);
}

transfer::SourceListener Subscription::listener_for_inner() {
  return {.tell = [this](Event event) { told(std::move(event)); },
          .bring = [this](Brought brought) { return bring(std::move(brought)); },
          .more = listener_.more};
}

void Subscription::want(std::size_t room) {
  const std::size_t here = waiting_.size() + arriving_;
  inner_->want(room > here ? room - here : 0);
}

Ticket Subscription::bring(Brought brought) {
  const Ticket inner = ++last_inner_;
  if (!brought.message) {
    passed_.emplace(listener_.bring(std::move(brought)), Passed{inner, {}, {}});
    return inner;
  }
  ++arriving_;
  // Nothing can be settled before the source that brought it knows its ticket.
  boost::asio::post(executor_,
                    [this, connection = connection_, inner, message = *std::move(brought.message)]() mutable {
                      --arriving_;
                      if (connection == connection_) look_at({inner, std::move(message)});
                    });
  return inner;
}

void Subscription::look_at(Waiting waiting) {
  auto judgement = judge(waiting.message, options_.patterns, options_.ages, std::chrono::system_clock::now());
  if (auto* wanted = std::get_if<Wanted>(&judgement)) {
    if (!seen_) return pass(waiting.inner, std::move(*wanted), {});
    const auto what = Seen::fingerprint(wanted->key, wanted->path);
    switch (claim(what)) {
      case Seen::Answer::fresh:
        return pass(waiting.inner, std::move(*wanted), what);
      case Seen::Answer::duplicate:
        ++duplicates_;
        return turn_away(waiting.inner);
      case Seen::Answer::busy:
        return wait(std::move(waiting), busy_delay);
    }
  }
  if (const auto* later = std::get_if<Later>(&judgement)) return wait(std::move(waiting), later->delay);
  if (auto* malformed = std::get_if<Malformed>(&judgement))
    return set_aside(std::move(waiting), std::move(malformed->reason));
  const bool foreign = std::holds_alternative<Foreign>(judgement);
  ++(foreign ? foreign_ : unwanted_);
  if (foreign && options_.foreign == SubscriptionOptions::Foreign::set_aside)
    return set_aside(std::move(waiting), "no announcement of Sarracenia's, but of another format");
  turn_away(waiting.inner);
}

void Subscription::set_aside(Waiting waiting, std::string reason) {
  const Ticket ticket = listener_.bring({{}, std::move(reason), waiting.message.body.size()});
  passed_.emplace(ticket, Passed{waiting.inner, {}, std::move(waiting.message)});
}

void Subscription::pass(Ticket inner, Wanted wanted, std::optional<Seen::Fingerprint> claim) {
  const std::size_t bytes = wanted.message.body.size();
  passed_.emplace(listener_.bring(Brought{std::move(wanted.message), {}, bytes}), Passed{inner, claim, {}});
}

void Subscription::turn_away(Ticket inner) {
  // Acknowledging cannot be refused; it comes to nothing if the connection is gone, and the message comes again.
  (void)inner_->settle(inner, Verdict::done, {}, nullptr);
}

Event Subscription::settle(Ticket ticket, Verdict verdict, const std::string& reason,
                           const message::Message* message) {
  const auto found = passed_.find(ticket);
  if (found == passed_.end()) return transfer::Settled{ticket};
  const Passed& passed = found->second;
  if (passed.claim) {
    if (verdict == Verdict::done)
      well(seen_->confirm(*passed.claim, now_ms()));
    else
      well(seen_->release(*passed.claim));
  }
  const Event settled =
      inner_->settle(passed.inner, verdict, reason, passed.original ? &*passed.original : message);
  if (std::holds_alternative<transfer::NotSettled>(settled)) return transfer::NotSettled{ticket};
  passed_.erase(found);
  return transfer::Settled{ticket};
}

void Subscription::told(Event event) {
  if (std::holds_alternative<transfer::SourceDown>(event)) {
    // The broker will bring all of it again, perhaps to another instance.
    ++connection_;
    for (const auto& [ticket, passed] : passed_) {
      if (passed.claim) well(seen_->release(*passed.claim));
    }
    passed_.clear();
    waiting_.clear();
    timer_.cancel();
  }
  if (std::holds_alternative<transfer::SourceUp>(event)) set_mark();
  listener_.tell(std::move(event));
}

void Subscription::set_mark() {
  if (options_.mark.empty()) return;
  std::ofstream out{options_.mark, std::ios::trunc};
  out << options_.queue << '\n';
  if (!out.flush()) return service::report("{}: cannot be written", options_.mark);
  options_.mark.clear();
}

// ---- waiting

void Subscription::wait(Waiting waiting, std::chrono::milliseconds delay) {
  waiting_.emplace(Clock::now() + delay, std::move(waiting));
  set_timer();
}

void Subscription::set_timer() {
  if (waiting_.empty()) return;
  timer_.expires_at(waiting_.begin()->first);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) look_again();
  });
}

void Subscription::look_again() {
  const auto end = waiting_.upper_bound(Clock::now());
  std::multimap<Clock::time_point, Waiting> due;
  while (waiting_.begin() != end) due.insert(waiting_.extract(waiting_.begin()));
  for (auto& [time, waiting] : due) look_at(std::move(waiting));
  set_timer();
  listener_.more();  // there may be room again
}

// ---- what was seen

template <class T>
bool Subscription::well(const Seen::Result<T>& result) {
  if (!result && !std::exchange(seen_in_trouble_, true)) {
    service::warn("duplicates may pass: {}", result.error());
  }
  if (result) seen_in_trouble_ = false;
  return result.has_value();
}

Seen::Answer Subscription::claim(const Seen::Fingerprint& what) {
  const auto answer = seen_->claim(what, now_ms());
  return well(answer) ? *answer : Seen::Answer::fresh;
}

}  // namespace simplevisor::sarra
