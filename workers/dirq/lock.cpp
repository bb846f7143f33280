// workers/dirq/lock.cpp
#include "workers/dirq/lock.hpp"

#include <cassert>
#include <utility>

#include "workers/dirq/locking.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

Lock::Lock(std::shared_ptr<Store> store, ElementName name, LockToken token) noexcept
    : store_(std::move(store)), name_(name), token_(token) {}

Lock::Lock(Lock&& other) noexcept = default;

Lock& Lock::operator=(Lock&& other) noexcept {
  if (this != &other) {
    if (armed()) unlock_element(*store_, name_, &token_);
    store_ = std::move(other.store_);
    name_ = other.name_;
    token_ = other.token_;
  }
  return *this;
}

Lock::~Lock() {
  // A failure leaves a lock that a purge breaks in time; there is nobody to tell.
  if (armed()) unlock_element(*store_, name_, &token_);
}

Result<std::string> Lock::get(std::size_t bytes_max) const {
  std::string content;
  auto done = get(content, bytes_max);
  if (!done) return std::unexpected(std::move(done).error());
  return content;
}

Result<void> Lock::get(std::string& content, std::size_t bytes_max) const {
  assert(armed());
  return read_locked(*store_, name_, content, bytes_max,
                     store_->options().verify_locks ? &token_.size : nullptr);
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
  if (outcome || outcome.error().code == Errc::lost_lock || outcome.error().code == Errc::gone)
    store_.reset();
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
  return settle(outcome(*store_, "remove", name_, remove_element(*store_, name_, &token_)));
}

Result<void> Lock::unlock() {
  assert(armed());
  return settle(outcome(*store_, "unlock", name_, unlock_element(*store_, name_, &token_)));
}

ElementName Lock::release() noexcept {
  store_.reset();
  return name_;
}

}  // namespace simplevisor::dirq
