#include "workers/amqp/acknowledgements.hpp"

#include <algorithm>
#include <utility>

namespace simplevisor::amqp {

bool Acknowledgements::delivered(std::uint64_t tag) {
  if (!entries_.empty() && tag <= entries_.back().tag) return false;
  entries_.push_back({tag, State::open});
  return true;
}

Acknowledgements::Entry* Acknowledgements::open_entry(std::uint64_t tag) {
  const auto found = std::ranges::lower_bound(entries_, tag, {}, &Entry::tag);
  if (found == entries_.end() || found->tag != tag || found->state != State::open) return nullptr;
  return &*found;
}

bool Acknowledgements::finish(std::uint64_t tag) {
  Entry* entry = open_entry(tag);
  if (entry == nullptr) return false;
  entry->state = State::finished;
  finished_.push_back(tag);
  return true;
}

bool Acknowledgements::give_back(std::uint64_t tag) {
  Entry* entry = open_entry(tag);
  if (entry == nullptr) return false;
  entry->state = State::told;
  orders_.push_back({tag, Order::Kind::give_back});
  return true;
}

std::vector<Acknowledgements::Order> Acknowledgements::take() {
  // Given back first: a cumulative ack that passes over one of them must find it gone.
  std::vector<Order> orders = std::exchange(orders_, {});
  std::uint64_t prefix = 0;
  std::size_t in_prefix = 0;
  while (!entries_.empty() && entries_.front().state != State::open) {
    if (entries_.front().state == State::finished) {
      prefix = entries_.front().tag;
      ++in_prefix;
    }
    entries_.pop_front();
  }
  if (in_prefix > 0) {
    orders.push_back({prefix, in_prefix > 1 ? Order::Kind::ack_all_up_to : Order::Kind::ack});
  }
  for (const std::uint64_t tag : finished_) {
    const auto found = std::ranges::lower_bound(entries_, tag, {}, &Entry::tag);
    if (found == entries_.end() || found->tag != tag) continue;  // in the prefix
    found->state = State::told;
    orders.push_back({tag, Order::Kind::ack});
  }
  finished_.clear();
  return orders;
}

}  // namespace simplevisor::amqp
