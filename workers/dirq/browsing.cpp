// workers/dirq/browsing.cpp
#include "workers/dirq/browsing.hpp"

#include <ranges>
#include <utility>

#include "workers/dirq/listing.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

Result<std::optional<ElementName>> Pass::first(Store& store) {
  elements_.clear();
  directories_.clear();
  auto directories = list_directories(store);
  if (!directories) return std::unexpected(std::move(directories).error());
  directories_.assign(directories->rbegin(), directories->rend());
  return next(store);
}

Result<std::optional<ElementName>> Pass::next(Store& store) {
  while (elements_.empty()) {
    if (directories_.empty()) return std::optional<ElementName>();
    const std::uint32_t directory = directories_.back();
    directories_.pop_back();
    auto listing = list_directory(store, directory);
    if (!listing) return std::unexpected(std::move(listing).error());
    for (const std::uint64_t element : listing->elements | std::views::reverse) {
      elements_.push_back({directory, element});
    }
  }
  const ElementName name = elements_.back();
  elements_.pop_back();
  return name;
}

Result<std::size_t> count_queue(Store& store) {
  auto directories = list_directories(store);
  if (!directories) return std::unexpected(std::move(directories).error());
  std::size_t total = 0;
  for (const std::uint32_t directory : *directories) {
    auto counted = count_elements(store, directory);
    if (!counted) return counted;
    total += *counted;
  }
  return total;
}

void describe(QueueStat& stat, const std::vector<Entry>& entries, const timespec& now) {
  const auto present = std::chrono::system_clock::from_time_t(now.tv_sec);
  std::optional<std::chrono::system_clock::time_point> oldest;
  std::size_t recent = 0;
  for (const Entry& entry : entries) {
    ++(entry.locked ? stat.locked : stat.ready);
    const auto time = entry.name.time();
    if (!oldest || time < *oldest) oldest = time;
    if (time > present - stat.rate_window) ++recent;
  }
  if (oldest) stat.oldest_age = std::chrono::duration_cast<std::chrono::seconds>(present - *oldest);
  stat.rate = static_cast<double>(recent) / static_cast<double>(stat.rate_window.count());
}

}  // namespace simplevisor::dirq
