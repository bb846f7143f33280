#include "supervisor/hooks/watch.hpp"

#include <algorithm>
#include <utility>

namespace simplevisor::hooks {
namespace {

using runtime::journal::Cause;
using runtime::journal::Kind;

// The decision to restart follows the end at once; both stand in the journal a moment later.
constexpr std::chrono::milliseconds for_the_decision{1'000};

bool is_abnormal(Cause cause) {
  switch (cause) {
    case Cause::failed:
    case Cause::signalled:
    case Cause::unhealthy:
    case Cause::not_started:
      return true;
    case Cause::exited:
    case Cause::asked:
      return false;
  }
  return false;
}

}  // namespace

void Watch::take(const Event& event) {
  switch (event.kind) {
    case Kind::ended:
    case Kind::start_failed: {
      if (!event.end || !is_abnormal(event.end->cause)) {
        // Stopped, or done: whoever waited for it to come back need not.
        if (event.end && event.end->cause == Cause::asked) return;
        troubles_.erase(event.path);
        return;
      }
      if (options_.each_end) return fail(event.path, event);
      const auto [place, is_new] = troubles_.try_emplace(event.path);
      Trouble& trouble = place->second;
      if (is_new || !trouble.failed) trouble.since = event.time;
      if (is_new || !trouble.failed || trouble.up) {
        trouble.event = event;
        trouble.undecided = event.time;
      }
      trouble.up.reset();
      return;
    }
    case Kind::restarting: {
      const auto found = troubles_.find(event.about);
      if (found == troubles_.end()) return;
      found->second.undecided.reset();
      if (!found->second.failed) troubles_.erase(found);
      return;
    }
    case Kind::retrying:
    case Kind::cooling_down:
      return fail(event.about, event);
    case Kind::gave_up:
    case Kind::supervisor_start_failed:
      troubles_.erase(event.about);  // its supervisor's trouble now
      return fail(event.path, event);
    case Kind::started:
    case Kind::ready:
    case Kind::supervisor_started:
      return runs(event.path, event.time);
    case Kind::unhealthy:
    case Kind::stopping:
    case Kind::killed:
    case Kind::auto_shutdown:
    case Kind::supervisor_stopped:
    case Kind::began:
    case Kind::asked:
    case Kind::ending:
    case Kind::over:
      return;
  }
}

void Watch::fail(const std::string& path, const Event& event) {
  if (path.empty()) return;
  const auto [place, is_new] = troubles_.try_emplace(path);
  Trouble& trouble = place->second;
  if (is_new || !trouble.failed) trouble.since = event.time;
  // Told already, and not up since: the same trouble.
  trouble.fresh = trouble.fresh || !trouble.told || trouble.up;
  trouble.failed = true;
  trouble.undecided.reset();
  trouble.up.reset();
  trouble.event = event;
}

void Watch::runs(const std::string& path, Time now) {
  const auto found = troubles_.find(path);
  if (found == troubles_.end()) return;
  found->second.undecided.reset();
  if (found->second.failed)
    found->second.up = now;
  else
    troubles_.erase(found);
}

void Watch::forget_recovered() {
  std::erase_if(troubles_, [](const auto& each) { return each.second.failed && each.second.up; });
}

std::optional<Time> Watch::may_tell_at(const std::string& path) const {
  if (const auto found = told_.find(path); found != told_.end()) return found->second + options_.interval;
  if (told_.size() < options_.at_most) return std::nullopt;
  const auto first = std::ranges::min_element(told_, {}, [](const auto& each) { return each.second; });
  return first->second + options_.interval;
}

std::vector<Notice> Watch::due(Time now) {
  std::vector<Notice> notices;
  std::erase_if(told_, [&](const auto& each) { return now - each.second >= options_.interval; });
  for (auto place = troubles_.begin(); place != troubles_.end();) {
    auto& [path, trouble] = *place;
    if (trouble.undecided && now - *trouble.undecided >= for_the_decision) {
      trouble.undecided.reset();
      trouble.failed = trouble.fresh = true;
    }
    if (trouble.fresh && !may_tell_at(path)) {
      told_.emplace(path, now);
      if (std::exchange(trouble.counted, false)) --untold_;
      trouble.fresh = false;
      trouble.told = true;
      notices.push_back(
          {Notice::What::failure, path, trouble.since, trouble.event, std::exchange(untold_, 0)});
    } else if (trouble.fresh && !std::exchange(trouble.counted, true)) {
      ++untold_;
    }
    if (!trouble.failed || !trouble.up || now - *trouble.up < options_.settle) {
      ++place;
      continue;
    }
    if (trouble.told) notices.push_back({Notice::What::recovery, path, trouble.since, trouble.event, 0});
    place = troubles_.erase(place);
  }
  return notices;
}

std::optional<Time> Watch::next() const {
  std::optional<Time> next;
  const auto at = [&](Time then) {
    if (!next || then < *next) next = then;
  };
  for (const auto& [path, trouble] : troubles_) {
    if (trouble.undecided) at(*trouble.undecided + for_the_decision);
    if (trouble.failed && trouble.up) at(*trouble.up + options_.settle);
    if (trouble.fresh) at(may_tell_at(path).value_or(Time::min()));
  }
  return next;
}

}  // namespace simplevisor::hooks
