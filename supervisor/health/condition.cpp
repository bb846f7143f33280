#include "supervisor/health/condition.hpp"

#include <algorithm>

namespace simplevisor::health {

std::optional<Verdict> Condition::started(TimePoint now) {
  if (state_ != State::launching) return {};
  state_ = State::starting;
  switch (spec_.ready) {
    case MonitorSpec::Ready::exec:
      return become_ready(now);
    case MonitorSpec::Ready::after:
      ready_at_ = now + spec_.after;
      return {};
    case MonitorSpec::Ready::notify:
    case MonitorSpec::Ready::fd:
      if (spec_.start_timeout.count() > 0) start_deadline_ = now + spec_.start_timeout;
      return {};
  }
  return {};
}

std::optional<Verdict> Condition::heard(const NotifyMessage& message, TimePoint now) {
  if (state_ != State::starting && state_ != State::running) return {};
  if (message.watchdog || message.watchdog_period) last_sign_of_life_ = now;
  if (message.watchdog_period) watchdog_ = *message.watchdog_period;
  if (message.extend_timeout && start_deadline_) {
    start_deadline_ = std::max(*start_deadline_, now + *message.extend_timeout);
  }
  if (message.watchdog_trigger) {
    state_ = State::over;
    return Verdict::watchdog_expired;
  }
  if (message.stopping) {
    state_ = State::stopping;
    return Verdict::stopping;
  }
  if (message.ready && state_ == State::starting && spec_.ready == MonitorSpec::Ready::notify) {
    return become_ready(now);
  }
  return {};
}

std::optional<Verdict> Condition::newline(TimePoint now) {
  if (state_ != State::starting || spec_.ready != MonitorSpec::Ready::fd) return {};
  return become_ready(now);
}

std::optional<Verdict> Condition::descriptor_closed() {
  if (state_ != State::starting || spec_.ready != MonitorSpec::Ready::fd) return {};
  state_ = State::over;
  return Verdict::not_ready;
}

std::optional<Verdict> Condition::tick(TimePoint now) {
  const auto deadline = next_deadline();
  if (!deadline || now < *deadline) return {};
  if (state_ == State::starting && spec_.ready == MonitorSpec::Ready::after) return become_ready(now);
  const bool late = state_ == State::starting;
  state_ = State::over;
  return late ? Verdict::start_timeout : Verdict::watchdog_expired;
}

void Condition::stopping() {
  if (state_ != State::over) state_ = State::stopping;
}

std::optional<TimePoint> Condition::next_deadline() const {
  switch (state_) {
    case State::starting:
      return spec_.ready == MonitorSpec::Ready::after ? ready_at_ : start_deadline_;
    case State::running:
      if (watchdog_.count() == 0) return {};
      return last_sign_of_life_ + watchdog_;
    case State::launching:
    case State::stopping:
    case State::over:
      return {};
  }
  return {};
}

std::optional<Verdict> Condition::become_ready(TimePoint now) {
  state_ = State::running;
  last_sign_of_life_ = now;
  start_deadline_.reset();
  return Verdict::ready;
}

}  // namespace simplevisor::health
