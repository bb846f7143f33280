// workers/dirq/lock.cpp
#include "workers/dirq/lock.hpp"

#include <cassert>
#include <utility>

#include "workers/dirq/locking.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

Lock::Lock(std::shared_ptr<Store> store, ElementName name, LockToken token) noexcept
    : store_(std::move(store)), name_(name), token_(token) {}

Lock::Lock(Lock&& other) noexcept
    : store_(std::move(other.store_)), name_(other.name_), token_(std::exchange(other.token_, {})) {}

Lock& Lock::operator=(Lock&& other) noexcept {
  if (this != &other) {
    give_back();
    store_ = std::move(other.store_);
    name_ = other.name_;
    token_ = std::exchange(other.token_, {});
  }
  return *this;
}

Lock::~Lock() {
  give_back();
}

void Lock::give_back() noexcept {
  if (!armed()) return;
  close();
  // A failure leaves a lock that a purge breaks in time; there is nobody to tell.
  unlock_element(*store_, name_, &token_);
}

void Lock::close() noexcept {
  close_lock(*store_, token_);
}

Result<std::string> Lock::get(std::size_t bytes_max) const {
  std::string content;
  auto done = get(content, bytes_max);
  if (!done) return std::unexpected(std::move(done).error());
  return content;
}

Result<void> Lock::get(std::string& content, std::size_t bytes_max) const {
  assert(armed());
  return read_locked(*store_, name_, content, bytes_max, &token_);
}

std::string Lock::path() const {
  assert(armed());
  return store_->path_of(name_, ".lck");
}

Result<std::uint64_t> Lock::size() const {
  assert(armed());
  if (store_->options().verify_locks) return token_.size;
  return element_size(*store_, name_);
}

Result<void> Lock::settle(Result<void> outcome) {
  if (outcome || outcome.error().code == Errc::lost_lock || outcome.error().code == Errc::gone) release();
  return outcome;
}

Result<void> Lock::touch() {
  assert(armed());
  auto touched = outcome(*store_, "touch", name_, touch_element(*store_, name_, &token_));
  return touched ? touched : settle(std::move(touched));
}

Result<void> Lock::verify() {
  assert(armed());
  auto verified = outcome(*store_, "verify", name_, verify_lock(*store_, name_, token_));
  return verified ? verified : settle(std::move(verified));
}

Result<void> Lock::remove() {
  assert(armed());
  close();
  return settle(outcome(*store_, "remove", name_, remove_element(*store_, name_, &token_)));
}

Result<void> Lock::unlock() {
  assert(armed());
  return settle(outcome(*store_, "unlock", name_, unlock_element(*store_, name_, &token_)));
}

ElementName Lock::release() noexcept {
  if (armed()) close();
  store_.reset();
  return name_;
}

}  // namespace simplevisor::dirq
