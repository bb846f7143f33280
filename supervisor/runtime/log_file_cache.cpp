// supervisor/runtime/log_file_cache.cpp
#include "supervisor/runtime/log_file_cache.hpp"

#include <time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>

namespace simplevisor::runtime {

namespace {

// steady_clock's time to a few milliseconds, at a fraction of its price: it is asked at every turn.
LogFile::Time coarse_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return LogFile::Time{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
}

}  // namespace

std::expected<LogFile*, int> LogFileCache::get(Ticket& ticket, std::string_view node) {
  const LogFile::Time now = coarse_now();
  if (ticket != none) {
    Place& place = places_[static_cast<std::size_t>(ticket)];
    if (place.file->still_there(now)) {
      place.used = ++uses_;
      return &*place.file;
    }
    vacate(place);
  }
  const std::string name = file_name_of(node) + ".log";
  auto file = LogFile::open(*place_, name, now);
  while (!file && (file.error() == EMFILE || file.error() == ENFILE) && vacate_oldest()) {
    file = LogFile::open(*place_, name, now);
  }
  if (!file) return std::unexpected(file.error());
  Place& place = place_for_one_more();
  place.file.emplace(std::move(*file));
  place.user = &ticket;
  place.used = ++uses_;
  ticket = static_cast<Ticket>(&place - places_.data());
  return &*place.file;
}

void LogFileCache::drop(Ticket& ticket) {
  if (ticket != none) vacate(places_[static_cast<std::size_t>(ticket)]);
}

void LogFileCache::drop_all() {
  for (Place& place : places_) vacate(place);
}

void LogFileCache::vacate(Place& place) {
  if (place.user) *place.user = none;
  place = Place{};
}

// A scan of a few dozen places, on a miss only: cheaper than links that every use would have to turn.
bool LogFileCache::vacate_oldest() {
  Place* oldest = nullptr;
  for (Place& place : places_) {
    if (place.user && (!oldest || place.used < oldest->used)) oldest = &place;
  }
  if (!oldest) return false;
  vacate(*oldest);
  return true;
}

LogFileCache::Place& LogFileCache::place_for_one_more() {
  const auto free_place = [&] { return std::ranges::find(places_, nullptr, &Place::user); };
  auto place = free_place();
  if (place == places_.end() && places_.size() < files_max_) return places_.emplace_back();
  if (place == places_.end()) {
    vacate_oldest();
    place = free_place();
  }
  return *place;
}

}  // namespace simplevisor::runtime
