// workers/dirq/normal/lock.cpp
#include "workers/dirq/normal/lock.hpp"

#include <cassert>
#include <utility>

#include "workers/dirq/normal/locking.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

NormalLock::NormalLock(std::shared_ptr<Store> store, std::shared_ptr<const Schema> schema, ElementName name,
                       NormalToken token) noexcept
    : store_(std::move(store)), schema_(std::move(schema)), name_(name), token_(token) {}

NormalLock& NormalLock::operator=(NormalLock&& other) noexcept {
  if (this != &other) {
    give_back();
    store_ = std::move(other.store_);
    schema_ = std::move(other.schema_);
    name_ = other.name_;
    token_ = other.token_;
  }
  return *this;
}

NormalLock::~NormalLock() {
  give_back();
}

void NormalLock::give_back() noexcept {
  // A failure leaves a lock that a purge breaks in time; there is nobody to tell.
  if (armed()) unlock_element(*store_, name_, &token_);
}

Result<Element> NormalLock::get(std::size_t bytes_max) const {
  assert(armed());
  return read_element(*store_, *schema_, name_, &token_, bytes_max);
}

Result<std::vector<std::string>> NormalLock::fields() const {
  assert(armed());
  return list_fields(*store_, name_);
}

Result<std::string> NormalLock::get_field(const std::string& field, std::size_t bytes_max) const {
  assert(armed());
  return read_field(*store_, name_, field, &token_, bytes_max);
}

Result<void> NormalLock::settle(Result<void> outcome) {
  if (outcome || outcome.error().code == Errc::lost_lock || outcome.error().code == Errc::gone) release();
  return outcome;
}

Result<void> NormalLock::touch() {
  assert(armed());
  auto touched = outcome(*store_, "touch", name_, touch_element(*store_, name_, &token_));
  return touched ? touched : settle(std::move(touched));
}

Result<void> NormalLock::verify() {
  assert(armed());
  auto verified = outcome(*store_, "verify", name_, verify_lock(*store_, name_, &token_));
  return verified ? verified : settle(std::move(verified));
}

Result<void> NormalLock::remove() {
  assert(armed());
  return settle(outcome(*store_, "remove", name_, remove_element(*store_, name_, &token_)));
}

Result<void> NormalLock::unlock() {
  assert(armed());
  return settle(outcome(*store_, "unlock", name_, unlock_element(*store_, name_, &token_)));
}

ElementName NormalLock::release() noexcept {
  store_.reset();
  return name_;
}

}  // namespace simplevisor::dirq
