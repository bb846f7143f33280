// workers/dirq/queue_set.cpp
#include "workers/dirq/queue_set.hpp"

#include <algorithm>
#include <utility>

namespace simplevisor::dirq {

Result<void> QueueSet::add(Member queue) {
  const auto identity = std::visit([](const auto& member) { return member.identity(); }, queue);
  if (std::ranges::find(places_, identity, &Place::identity) != places_.end()) {
    const std::string path = std::visit([](const auto& member) { return member.path(); }, queue);
    return failed(Errc::malformed, "queue set: " + path + ": is in the set already");
  }
  places_.push_back({std::move(queue), identity});
  end_pass();
  return {};
}

bool QueueSet::remove(Queue::Identity identity) {
  end_pass();
  return std::erase_if(places_, [&](const Place& place) { return place.identity == identity; }) > 0;
}

void QueueSet::end_pass() noexcept {
  for (Place& place : places_) {
    place.ahead.reset();
    place.over = true;
  }
}

Result<std::size_t> QueueSet::count() {
  std::size_t total = 0;
  for (Place& place : places_) {
    const auto counted = std::visit([](auto& member) { return member.count(); }, place.queue);
    if (!counted) return counted;
    total += *counted;
  }
  return total;
}

Result<std::optional<QueueSet::Item>> QueueSet::first() {
  for (Place& place : places_) {
    place.ahead.reset();
    place.begun = place.over = false;
  }
  return next();
}

Result<void> QueueSet::look_ahead(Place& place) {
  if (place.over || place.ahead) return {};
  // A queue that cannot even be begun is out of this pass; a directory that cannot be listed is passed by.
  const bool beginning = !std::exchange(place.begun, true);
  auto found =
      std::visit([&](auto& member) { return beginning ? member.first() : member.next(); }, place.queue);
  if (!found) return std::unexpected(std::move(found).error());
  place.ahead = *found;
  place.over = !*found;
  return {};
}

Result<std::optional<QueueSet::Item>> QueueSet::next() {
  std::optional<Item> oldest;
  for (std::size_t member = 0; member < places_.size(); ++member) {
    Place& place = places_[member];
    if (auto looked = look_ahead(place); !looked) return std::unexpected(std::move(looked).error());
    if (place.ahead && (!oldest || place.ahead->element < oldest->name.element))
      oldest = Item{member, *place.ahead};
  }
  if (oldest) places_[oldest->member].ahead.reset();
  return oldest;
}

}  // namespace simplevisor::dirq
