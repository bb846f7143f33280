// workers/dirq/locking.cpp
#include "workers/dirq/locking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "workers/dirq/content.hpp"
#include "workers/dirq/spares.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

namespace {

constexpr std::string_view lock_suffix = ".lck";

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

// Sets the time of a lock just linked, and looks at it: through a descriptor, which saves walking the path
// twice and is wanted for reading anyway, or by name, when it cannot be opened or enough of them are open.
// The element's name is what is opened: link(2) may find the inode, and make the lock, after a faster taker
// has removed the element and its inode was kept to be recycled. Only a name that is still there proves the
// lock. -ENOENT: the element is gone. -EEXIST: the lock is.
int stamp(Store& store, int directory, const char* element, const char* lock, int& file,
          struct stat& status) {
  System& system = store.system();
  file = store.lock_descriptors < Store::lock_descriptors_max
             ? system.openat(directory, element, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0)
             : -EMFILE;
  if (file < 0) {
    if (std::exchange(file, -1) == -ENOENT) return -ENOENT;
    if (const int touched = system.utimensat_now(directory, element); touched < 0) return touched;
    const int looked = system.fstatat(directory, lock, status);
    return looked == -ENOENT ? -EEXIST : looked;
  }
  ++store.lock_descriptors;
  if (const int touched = system.futimens_now(file); touched < 0) return touched;
  if (const int looked = system.fstat(file, status); looked < 0) return looked;
  if (status.st_nlink > 1) return 0;
  struct stat other{};
  return system.fstatat(directory, element, other) == 0 ? -EEXIST : -ENOENT;
}

}  // namespace

int lock_element(Store& store, const ElementName& name, LockToken& token) {
  System& system = store.system();
  const ElementText element = element_text(name.element);
  const ElementText lock = element_text(name.element, lock_suffix);
  return store.in(name.directory, [&](int directory) {
    const int linked = system.linkat(directory, element.data(), directory, lock.data());
    if (linked < 0) return linked;
    if (!store.options().verify_locks) {
      const int touched = system.utimensat_now(directory, element.data());
      if (touched < 0) system.unlinkat(directory, lock.data(), 0);
      return touched;
    }
    struct stat status{};
    const int result = stamp(store, directory, element.data(), lock.data(), token.descriptor, status);
    if (result < 0) {
      close_lock(store, token);
      // Broken between two calls of ours: it was never a lock, and what has its name now may be another's.
      if (result != -EEXIST) system.unlinkat(directory, lock.data(), 0);
      return result;
    }
    token.inode = status.st_ino;
    token.size = static_cast<std::uint64_t>(status.st_size);
    token.taken = status.st_mtim;
    return 0;
  });
}

void close_lock(Store& store, LockToken& token) noexcept {
  if (token.descriptor < 0) return;
  store.system().close(std::exchange(token.descriptor, -1));
  --store.lock_descriptors;
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
                         LockToken* token) {
  System& system = store.system();
  const ElementText lock = element_text(name.element, lock_suffix);
  LockToken opened;
  LockToken& source = token != nullptr && token->descriptor >= 0 ? *token : opened;
  if (source.descriptor < 0) {
    const int descriptor = store.in(name.directory, [&](int directory) {
      return system.openat(directory, lock.data(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    });
    if (descriptor < 0) return failed("open", store.path_of(name, lock_suffix), -descriptor);
    source.descriptor = descriptor;
    ++store.lock_descriptors;
  }
  const int descriptor = source.descriptor;
  int result = 0;
  std::uint64_t size = 0;
  if (token != nullptr && store.options().verify_locks) {
    size = token->size;
  } else {
    struct stat status{};
    result = system.fstat(descriptor, status);
    size = static_cast<std::uint64_t>(status.st_size);
  }
  ReadEnd end;
  if (result == 0) end = read_all(system, descriptor, size, content, bytes_max);
  close_lock(store, source);
  if (const int error = std::min(result, end.result); error < 0)
    return failed("read", store.path_of(name, lock_suffix), -error);
  if (end.over) {
    return failed(Errc::too_large, fmt::format("read {}: {} bytes, more than {}",
                                               store.path_of(name, lock_suffix), end.size, bytes_max));
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
