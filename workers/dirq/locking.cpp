// workers/dirq/locking.cpp
#include "workers/dirq/locking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "workers/dirq/spares.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

namespace {

constexpr std::string_view lock_suffix = ".lck";
constexpr std::size_t growth_bytes = 65'536;

bool same_token(const LockToken& token, const struct stat& status) noexcept {
  return token.inode == status.st_ino && token.taken.tv_sec == status.st_mtim.tv_sec &&
         token.taken.tv_nsec == status.st_mtim.tv_nsec;
}

// The status of the lock's inode in `descriptor`; an error when it is not what `token` says.
int held(Store& store, int descriptor, const char* lock, const LockToken* token, struct stat& status) {
  const int result = store.system().fstatat(descriptor, lock, status);
  if (token == nullptr || !store.options().verify_locks) return result;
  if (result == -ENOENT || (result == 0 && !same_token(*token, status))) return -lost_lock_errno;
  return result;
}

bool must_verify(const Store& store, const LockToken* token) noexcept {
  return token != nullptr && store.options().verify_locks;
}

}  // namespace

int lock_element(Store& store, const ElementName& name, LockToken& token) {
  System& system = store.system();
  const ElementText element = element_text(name.element);
  const ElementText lock = element_text(name.element, lock_suffix);
  return store.in(name.directory, [&](int descriptor) {
    if (const int linked = system.linkat(descriptor, element.data(), descriptor, lock.data()); linked < 0)
      return linked;
    int result = system.utimensat_now(descriptor, element.data());
    if (result == 0 && store.options().verify_locks) {
      struct stat status{};
      result = system.fstatat(descriptor, lock.data(), status);
      token = {status.st_ino, static_cast<std::uint64_t>(status.st_size), status.st_mtim};
      // Broken between two calls of ours: it was never a lock.
      if (result == -ENOENT) return -EEXIST;
    }
    if (result < 0) system.unlinkat(descriptor, lock.data(), 0);
    return result;
  });
}

int verify_lock(Store& store, const ElementName& name, const LockToken& token) {
  const ElementText lock = element_text(name.element, lock_suffix);
  return store.in(name.directory, [&](int descriptor) {
    struct stat status{};
    return held(store, descriptor, lock.data(), &token, status);
  });
}

int unlock_element(Store& store, const ElementName& name, const LockToken* token) {
  const ElementText lock = element_text(name.element, lock_suffix);
  return store.in(name.directory, [&](int descriptor) {
    struct stat status{};
    if (must_verify(store, token)) {
      if (const int result = held(store, descriptor, lock.data(), token, status); result < 0) return result;
    }
    return store.system().unlinkat(descriptor, lock.data(), 0);
  });
}

int remove_element(Store& store, const ElementName& name, const LockToken* token) {
  System& system = store.system();
  Spares* const spares = store.spares();
  const ElementText element = element_text(name.element);
  const ElementText lock = element_text(name.element, lock_suffix);
  std::optional<std::uint32_t> slot;
  const int removed = store.in(name.directory, [&](int descriptor) {
    struct stat status{};
    int result = 0;
    if (must_verify(store, token) || spares != nullptr)
      result = held(store, descriptor, lock.data(), token, status);
    if (result == -lost_lock_errno || (result < 0 && must_verify(store, token))) return result;
    if (spares != nullptr && result == 0) slot = spares->keep(descriptor, name, status);
    const int unlinked = slot ? 0 : system.unlinkat(descriptor, element.data(), 0);
    if (unlinked < 0 && unlinked != -ENOENT) return unlinked;
    // Without its element a lock is of no use to anybody: it goes even when the element was gone.
    const int unlocked = system.unlinkat(descriptor, lock.data(), 0);
    return unlinked < 0 ? unlinked : unlocked;
  });
  if (slot) spares->settle(*slot);
  return removed;
}

int touch_element(Store& store, const ElementName& name, LockToken* token) {
  System& system = store.system();
  const ElementText element = element_text(name.element);
  const ElementText lock = element_text(name.element, lock_suffix);
  return store.in(name.directory, [&](int descriptor) {
    struct stat status{};
    if (must_verify(store, token)) {
      if (const int result = held(store, descriptor, lock.data(), token, status); result < 0) return result;
    }
    if (const int result = system.utimensat_now(descriptor, element.data()); result < 0) return result;
    if (!must_verify(store, token)) return 0;
    const int result = system.fstatat(descriptor, lock.data(), status);
    if (result < 0) return result == -ENOENT ? -lost_lock_errno : result;
    token->taken = status.st_mtim;
    return 0;
  });
}

Result<void> read_locked(Store& store, const ElementName& name, std::string& content, std::size_t bytes_max,
                         const std::uint64_t* expected) {
  System& system = store.system();
  const ElementText lock = element_text(name.element, lock_suffix);
  const int descriptor = store.in(name.directory, [&](int directory) {
    return system.openat(directory, lock.data(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
  });
  if (descriptor < 0) return failed("open", store.path_of(name, lock_suffix), -descriptor);
  struct stat status{};
  std::uint64_t size = 0;
  ssize_t result = 0;
  if (expected != nullptr) {
    size = *expected;
  } else {
    result = system.fstat(descriptor, status);
    size = static_cast<std::uint64_t>(status.st_size);
  }
  std::size_t used = 0;
  bool over = size > bytes_max;
  // One byte more than expected: a read that stops at the expected size has met the end, and one that goes on
  // has found a file that is still growing. Otherwise a read of nothing is the end.
  while (result >= 0 && !over) {
    const std::size_t want = used > size ? used + growth_bytes : size + 1;
    content.resize_and_overwrite(want, [&](char* to, std::size_t capacity) {
      result = system.read(descriptor, to + used, capacity - used);
      return result > 0 ? used + static_cast<std::size_t>(result) : used;
    });
    if (result <= 0) break;
    used += static_cast<std::size_t>(result);
    over = used > bytes_max;
    if (used == size) break;
  }
  system.close(descriptor);
  if (result < 0) return failed("read", store.path_of(name, lock_suffix), static_cast<int>(-result));
  if (over) {
    return failed(Errc::too_large,
                  fmt::format("read {}: {} bytes, more than {}", store.path_of(name, lock_suffix),
                              std::max<std::uint64_t>(size, used), bytes_max));
  }
  return {};
}

Result<std::uint64_t> element_size(Store& store, const ElementName& name) {
  struct stat status{};
  const int result = store.in(name.directory, [&](int descriptor) {
    return store.system().fstatat(descriptor, element_text(name.element).data(), status);
  });
  if (result < 0) return failed("stat", store.path_of(name), -result);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> outcome(const Store& store, std::string_view call, const ElementName& name, int result) {
  if (result >= 0) return {};
  if (result == -lost_lock_errno) {
    return failed(Errc::lost_lock,
                  fmt::format("{} {}: the lock is not ours any more", call, store.path_of(name)));
  }
  return failed(call, store.path_of(name), -result);
}

}  // namespace simplevisor::dirq
