// workers/dirq/taker.cpp
#include "workers/dirq/taker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "workers/dirq/listing.hpp"
#include "workers/dirq/locking.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

namespace {

constexpr std::size_t stretches = 32;  // of a listing
constexpr std::size_t stretch_min = 8;
constexpr std::size_t stretch_max = 512;

}  // namespace

Taker::Taker(Queue& queue, TakerOptions options) : store_(queue.store_), options_(options) {}

void Taker::restart() noexcept {
  in_pass_ = false;
  directories_.clear();
  elements_.clear();
  at_ = 0;
  leapt_ = took_ = linear_ = false;
  now_ = {};
}

Error Taker::cannot_lock(const ElementName& name, int error) const {
  struct stat status{};
  const int looked = store_->in(name.directory, [&](int directory) {
    return store_->system().fstatat(directory, element_text(name.element).data(), status);
  });
  if (looked == 0 && S_ISDIR(status.st_mode)) {
    return {Errc::malformed, -error,
            fmt::format("{} is a directory: an element of a normal queue?", store_->path_of(name))};
  }
  return outcome(*store_, "lock", name, error).error();
}

Result<std::optional<Lock>> Taker::next() {
  for (;;) {
    while (at_ < elements_.size()) {
      const ElementName name{directory_, elements_[at_++]};
      LockToken token;
      const int locked = lock_element(*store_, name, token);
      if (locked == 0) {
        took_ = true;
        return std::optional<Lock>(Lock(store_, name, token));
      }
      if (concerns_one_element(-locked)) {
        now_.count(now_.elements == 0 ? cannot_lock(name, locked) : Error{});
        continue;
      }
      if (locked != -EEXIST && locked != -ENOENT)
        return std::unexpected(outcome(*store_, "lock", name, locked).error());
      ++meetings_;
      if (stretch_ == 0 || linear_) continue;
      const std::size_t failed_at = at_ - 1;
      const std::size_t end = std::min((failed_at / stretch_ + 1) * stretch_, elements_.size());
      leapt_ = leapt_ || end > at_;
      at_ = end;
    }
    auto more = refill();
    if (!more) return std::unexpected(std::move(more).error());
    if (!*more) return std::optional<Lock>();
  }
}

Result<bool> Taker::refill() {
  if (!in_pass_) {
    auto directories = list_directories(*store_);
    if (!directories) return std::unexpected(std::move(directories).error());
    directories_ = std::move(*directories);
    std::ranges::reverse(directories_);
    in_pass_ = true;
  }
  if (leapt_) {
    // The same directory again for what was leapt over; without leaping when the last round brought us
    // nothing, so that the round after it is the last.
    linear_ = !took_;
  } else {
    if (directories_.empty()) {
      passed_by_ = std::exchange(now_, {});
      restart();
      return false;
    }
    directory_ = directories_.back();
    directories_.pop_back();
    linear_ = false;
  }
  leapt_ = took_ = false;
  elements_.clear();
  at_ = 0;
  auto listing = list_directory(*store_, directory_);
  if (!listing && concerns_one_element(listing.error().error)) {
    now_.count(std::move(listing).error());
    return true;
  }
  if (!listing) return std::unexpected(std::move(listing).error());
  std::ranges::set_difference(listing->elements, listing->locks, std::back_inserter(elements_));
  stretch_ = options_.stretch.value_or(std::clamp(elements_.size() / stretches, stretch_min, stretch_max));
  return true;
}

}  // namespace simplevisor::dirq
