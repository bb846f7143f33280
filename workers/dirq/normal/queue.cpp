// workers/dirq/normal/queue.cpp
#include "workers/dirq/normal/queue.hpp"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "workers/dirq/listing.hpp"
#include "workers/dirq/moving.hpp"
#include "workers/dirq/normal/locking.hpp"
#include "workers/dirq/normal/purge.hpp"
#include "workers/dirq/normal/volatiles.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

namespace {

constexpr const NormalToken* trusted = nullptr;  // the caller keeps track of its lock

}  // namespace

NormalQueue::NormalQueue(std::shared_ptr<Store> store, NormalOptions options)
    : store_(std::move(store)),
      schema_(std::make_shared<const Schema>(std::move(options.schema))),
      place_(options.elements_max) {}

Result<NormalQueue> NormalQueue::open(std::string path, NormalOptions options) {
  if (options.elements_max == 0)
    return failed(Errc::malformed, fmt::format("queue {}: elements_max 0: out of range", path));
  Options common;
  common.umask = options.umask;
  common.rndhex = options.rndhex;
  common.durability = options.durability;
  common.create = options.create;
  common.system = options.system;
  auto store = Store::open(std::move(path), common);
  if (!store) return std::unexpected(std::move(store).error());
  if (options.create) {
    for (const char* name : {temporary_name, obsolete_name}) {
      const int made = (*store)->make_below((*store)->top(), name);
      if (made < 0 && made != -EEXIST) return failed("mkdir", below((*store)->path(), name), -made);
    }
  }
  return NormalQueue(std::move(*store), std::move(options));
}

const std::string& NormalQueue::path() const noexcept {
  return store_->path();
}

NormalQueue::Identity NormalQueue::identity() const noexcept {
  return {store_->identity().st_dev, store_->identity().st_ino};
}

Result<ElementName> NormalQueue::add(const Element& element) {
  const auto files = schema_->files_of(element);
  if (!files) return std::unexpected(files.error());
  return add_element(*store_, place_, *files);
}

Result<NormalLock> NormalQueue::lock(const ElementName& name) {
  NormalToken token;
  if (auto locked = outcome(*store_, "lock", name, lock_element(*store_, name, token)); !locked)
    return std::unexpected(std::move(locked).error());
  return NormalLock(store_, schema_, name, token);
}

Result<std::optional<NormalLock>> NormalQueue::take() {
  for (;;) {
    auto name = taking_ ? next() : first();
    if (!name) return std::unexpected(std::move(name).error());
    taking_ = name->has_value();
    if (!*name) {
      passed_by_ = std::exchange(now_, {});
      return std::optional<NormalLock>();
    }
    auto locked = lock(**name);
    if (locked) return std::optional<NormalLock>(*std::move(locked));
    const Errc code = locked.error().code;
    if (code == Errc::busy || code == Errc::gone) continue;
    if (!concerns_one_element(locked.error().error)) return std::unexpected(std::move(locked).error());
    now_.count(std::move(locked).error());
  }
}

Result<Element> NormalQueue::get(const ElementName& name, std::size_t bytes_max) {
  return read_element(*store_, *schema_, name, trusted, bytes_max);
}

Result<void> NormalQueue::unlock(const ElementName& name) {
  return outcome(*store_, "unlock", name, unlock_element(*store_, name, trusted));
}

Result<void> NormalQueue::remove(const ElementName& name) {
  return outcome(*store_, "remove", name, remove_element(*store_, name, trusted));
}

Result<void> NormalQueue::touch(const ElementName& name) {
  return outcome(*store_, "touch", name, touch_element(*store_, name, trusted));
}

Result<std::uint64_t> NormalQueue::size(const ElementName& name) {
  return fields_size(*store_, name);
}

Result<std::string> NormalQueue::quarantine(NormalLock& lock, std::string_view reason) {
  assert(lock.armed() && lock.store_ == store_);
  auto verified = outcome(*store_, "quarantine", lock.name_, verify_lock(*store_, lock.name_, &lock.token_));
  if (!verified) return std::unexpected(lock.settle(std::move(verified)).error());
  auto path = put_aside(*store_, lock.name_, reason, rename_directory);
  if (!path) return std::unexpected(lock.settle(std::unexpected(std::move(path).error())).error());
  // Best effort: out of the queue a lock means nothing, it is only in the way of whoever puts the element back.
  const std::string left = below(path->substr(store_->path().size() + 1), locked_name);
  store_->system().unlinkat(store_->top(), left.c_str(), AT_REMOVEDIR);
  lock.release();
  return path;
}

Result<std::size_t> NormalQueue::count() {
  return count_queue(*store_);
}

Result<std::optional<ElementName>> NormalQueue::first() {
  return pass_.first(*store_);
}

Result<std::optional<ElementName>> NormalQueue::next() {
  return pass_.next(*store_);
}

Result<std::vector<Entry>> NormalQueue::list() {
  const auto directories = list_directories(*store_);
  if (!directories) return std::unexpected(directories.error());
  std::vector<Entry> entries;
  for (const std::uint32_t directory : *directories) {
    const auto listing = list_directory(*store_, directory);
    if (!listing) return std::unexpected(listing.error());
    for (const std::uint64_t element : listing->elements) {
      const ElementName name{directory, element};
      const int locked = is_locked(*store_, name);
      if (locked == -ENOENT) continue;  // taken meanwhile
      if (locked < 0) return failed("stat", store_->path_of(name), -locked);
      entries.push_back({name, locked == 1});
    }
  }
  return entries;
}

Result<QueueStat> NormalQueue::stat() {
  QueueStat stat;
  const auto directories = list_directories(*store_);
  if (!directories) return std::unexpected(directories.error());
  stat.directories = directories->size();
  const auto entries = list();
  if (!entries) return std::unexpected(entries.error());
  describe(stat, *entries, store_->system().now());
  for (const char* name : {temporary_name, obsolete_name}) {
    const auto volatiles = list_volatile(*store_, name);
    if (!volatiles) return std::unexpected(volatiles.error());
    stat.temporary += volatiles->size();
  }
  return stat;
}

Result<PurgeReport> NormalQueue::purge(const PurgeOptions& options) {
  return purge_normal(*store_, options);
}

}  // namespace simplevisor::dirq
