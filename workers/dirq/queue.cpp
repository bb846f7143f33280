// workers/dirq/queue.cpp
#include "workers/dirq/queue.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "workers/dirq/listing.hpp"
#include "workers/dirq/locking.hpp"
#include "workers/dirq/moving.hpp"
#include "workers/dirq/purge.hpp"
#include "workers/dirq/spares.hpp"
#include "workers/dirq/store.hpp"
#include "workers/dirq/writing.hpp"

namespace simplevisor::dirq {

Queue::Queue(std::shared_ptr<Store> store) : store_(std::move(store)) {}

Result<Queue> Queue::open(std::string path, Options options) {
  auto store = Store::open(std::move(path), options);
  if (!store) return std::unexpected(std::move(store).error());
  return Queue(std::move(*store));
}

const std::string& Queue::path() const noexcept {
  return store_->path();
}

const Options& Queue::options() const noexcept {
  return store_->options();
}

Queue::Identity Queue::identity() const noexcept {
  return {store_->identity().st_dev, store_->identity().st_ino};
}

Result<ElementName> Queue::add(std::string_view content) {
  return add_parts(*store_, std::span(&content, 1));
}

Result<ElementName> Queue::add(std::span<const std::string_view> parts) {
  return add_parts(*store_, parts);
}

Result<ElementName> Queue::add_from(int descriptor) {
  constexpr std::size_t piece_bytes = 131'072;
  auto draft = begin_draft(*store_);
  if (!draft) return std::unexpected(std::move(draft).error());
  const auto buffer = std::make_unique_for_overwrite<char[]>(piece_bytes);
  for (;;) {
    const ssize_t got = store_->system().read(descriptor, buffer.get(), piece_bytes);
    if (got == 0) break;
    if (got < 0) {
      discard_draft(*store_, *draft);
      return failed("read", "input", static_cast<int>(-got));
    }
    const std::string_view piece(buffer.get(), static_cast<std::size_t>(got));
    if (auto written = write_draft(*store_, *draft, std::span(&piece, 1)); !written) {
      return std::unexpected(std::move(written).error());
    }
  }
  if (auto finished = finish_draft(*store_, *draft); !finished)
    return std::unexpected(std::move(finished).error());
  auto name = publish_draft(*store_, *draft);
  if (!name) return std::unexpected(std::move(name).error());
  // The input cannot be read a second time.
  if (!*name) return failed("publish", store_->path_of(draft->directory), ENOENT);
  if (auto synced = sync_published(*store_, (*name)->directory); !synced)
    return std::unexpected(std::move(synced).error());
  return **name;
}

Result<ElementName> Queue::add_path(const std::string& file) {
  return add_file(*store_, file);
}

Result<Lock> Queue::lock(const ElementName& name) {
  LockToken token;
  if (auto locked = outcome(*store_, "lock", name, lock_element(*store_, name, token)); !locked) {
    return std::unexpected(std::move(locked).error());
  }
  return Lock(store_, name, token);
}

Result<std::string> Queue::get(const ElementName& name, std::size_t bytes_max) {
  std::string content;
  auto done = read_locked(*store_, name, content, bytes_max, nullptr);
  if (!done) return std::unexpected(std::move(done).error());
  return content;
}

std::string Queue::get_path(const ElementName& name) const {
  return store_->path_of(name, ".lck");
}

Result<void> Queue::unlock(const ElementName& name) {
  return outcome(*store_, "unlock", name, unlock_element(*store_, name, nullptr));
}

Result<void> Queue::remove(const ElementName& name) {
  return outcome(*store_, "remove", name, remove_element(*store_, name, nullptr));
}

Result<void> Queue::touch(const ElementName& name) {
  return outcome(*store_, "touch", name, touch_element(*store_, name, nullptr));
}

Result<std::uint64_t> Queue::size(const ElementName& name) {
  return element_size(*store_, name);
}

Result<ElementName> Queue::move(Lock& lock, Queue& target) {
  assert(lock.armed() && lock.store_ == store_);
  auto moved = move_element(*store_, lock.name_, lock.token_, *target.store_);
  if (moved) {
    lock.release();
    return moved;
  }
  if (moved.error().code != Errc::cross_device) {
    return std::unexpected(lock.settle(std::unexpected(std::move(moved).error())).error());
  }
  const std::string path = lock.path();
  System& system = store_->system();
  const int descriptor = system.openat(AT_FDCWD, path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
  if (descriptor < 0) return failed("open", path, -descriptor);
  moved = target.add_from(descriptor);
  system.close(descriptor);
  if (!moved) return moved;
  if (auto removed = lock.remove(); !removed) return std::unexpected(std::move(removed).error());
  return moved;
}

Result<std::string> Queue::quarantine(Lock& lock, std::string_view reason) {
  assert(lock.armed() && lock.store_ == store_);
  auto path = quarantine_element(*store_, lock.name_, lock.token_, reason);
  if (path) {
    lock.release();
    return path;
  }
  return std::unexpected(lock.settle(std::unexpected(std::move(path).error())).error());
}

Result<std::size_t> Queue::count() {
  return count_queue(*store_);
}

Result<std::optional<ElementName>> Queue::first() {
  return pass_.first(*store_);
}

Result<std::optional<ElementName>> Queue::next() {
  return pass_.next(*store_);
}

Result<std::vector<Entry>> Queue::list() {
  QueueStat unused;
  return list(unused);
}

Result<std::vector<Entry>> Queue::list(QueueStat& stat) {
  auto directories = list_directories(*store_);
  if (!directories) return std::unexpected(std::move(directories).error());
  stat.directories = directories->size();
  std::vector<Entry> entries;
  for (const std::uint32_t directory : *directories) {
    auto listing = list_directory(*store_, directory);
    if (!listing) return std::unexpected(std::move(listing).error());
    stat.temporary += listing->temporaries.size();
    for (const std::uint64_t element : listing->elements) {
      entries.push_back({{directory, element}, std::ranges::binary_search(listing->locks, element)});
    }
  }
  return entries;
}

Result<QueueStat> Queue::stat() {
  QueueStat stat;
  const auto entries = list(stat);
  if (!entries) return std::unexpected(entries.error());
  describe(stat, *entries, store_->system().now());
  stat.spares = survey_spares(*store_, 0).slots.size();
  return stat;
}

Result<PurgeReport> Queue::purge(const PurgeOptions& options) {
  return purge_store(*store_, options);
}

}  // namespace simplevisor::dirq
