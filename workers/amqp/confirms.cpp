#include "workers/amqp/confirms.hpp"

#include <utility>

namespace simplevisor::amqp {

void Confirms::published(Publishing publishing) {
  entries_.push_back({.publishing = std::move(publishing), .returned = {}, .decided = false});
  ++undecided_;
}

bool Confirms::returned(std::uint64_t fingerprint, std::string reason) {
  for (Entry& entry : entries_) {
    if (entry.decided || entry.returned || entry.publishing.fingerprint != fingerprint) continue;
    entry.returned = std::move(reason);
    return true;
  }
  return false;
}

template <class Decide>
bool Confirms::decide(std::uint64_t number, bool multiple, Decide decide) {
  // In AMQP 0 with `multiple` means all.
  if (number == 0 && multiple) number = first_ + entries_.size() - 1;
  if (number < first_ || number >= first_ + entries_.size()) return false;
  const auto last = static_cast<std::size_t>(number - first_);
  bool any = false;
  for (std::size_t i = multiple ? 0 : last; i <= last; ++i) {
    if (entries_[i].decided) continue;
    entries_[i].decided = true;
    --undecided_;
    any = true;
    decide(entries_[i]);
  }
  while (!entries_.empty() && entries_.front().decided) {
    entries_.pop_front();
    ++first_;
  }
  return any;
}

bool Confirms::acknowledged(std::uint64_t number, bool multiple, std::vector<broker::Event>& events) {
  return decide(number, multiple, [&](Entry& entry) {
    if (entry.returned) {
      events.emplace_back(broker::Refused{entry.publishing.ticket, *std::move(entry.returned)});
    } else {
      events.emplace_back(broker::Confirmed{entry.publishing.ticket});
    }
  });
}

bool Confirms::refused(std::uint64_t number, bool multiple, std::vector<broker::Event>& events) {
  return decide(number, multiple, [&](const Entry& entry) {
    events.emplace_back(
        broker::NotConfirmed{entry.publishing.ticket, "the broker did not take it (basic.nack)"});
  });
}

std::vector<Confirms::Publishing> Confirms::forget() {
  std::vector<Publishing> undecided;
  for (Entry& entry : entries_) {
    if (!entry.decided) undecided.push_back(std::move(entry.publishing));
  }
  entries_.clear();
  first_ = 1;
  undecided_ = 0;
  return undecided;
}

}  // namespace simplevisor::amqp
