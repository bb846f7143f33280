#include "workers/stomp/ledger.hpp"

#include <algorithm>
#include <utility>

namespace simplevisor::stomp {

broker::Tag Ledger::add(Entry entry) {
  const broker::Tag tag = ++last_;
  if (entry.mode != AckMode::none) entries_.emplace_hint(entries_.end(), tag, std::move(entry));
  return tag;
}

std::vector<Ledger::Entry> Ledger::acknowledge(broker::Tag tag) {
  std::vector<Entry> told;
  const auto found = entries_.find(tag);
  if (found == entries_.end()) return told;
  if (found->second.mode == AckMode::individual) {
    told.push_back(std::move(found->second));
    entries_.erase(found);
  } else {
    found->second.acknowledged = true;
  }
  // An individual one may have been the gap.
  while (!entries_.empty() && entries_.begin()->second.acknowledged) {
    Entry first = std::move(entries_.begin()->second);
    entries_.erase(entries_.begin());
    const auto same = std::ranges::find_if(told, [&](const Entry& earlier) {
      return earlier.mode == AckMode::cumulative && earlier.subscription == first.subscription;
    });
    if (same != told.end()) told.erase(same);
    told.push_back(std::move(first));
  }
  return told;
}

std::optional<Ledger::Entry> Ledger::give_back(broker::Tag tag) {
  const auto found = entries_.find(tag);
  // A cumulative one stays, as a gap: nothing behind it may be acknowledged.
  if (found == entries_.end() || found->second.mode != AckMode::individual) return std::nullopt;
  Entry entry = std::move(found->second);
  entries_.erase(found);
  return entry;
}

}  // namespace simplevisor::stomp
