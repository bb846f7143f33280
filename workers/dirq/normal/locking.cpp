// workers/dirq/normal/locking.cpp
#include "workers/dirq/normal/locking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workers/dirq/ages.hpp"
#include "workers/dirq/content.hpp"
#include "workers/dirq/listing.hpp"
#include "workers/dirq/normal/volatiles.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

namespace {

// Runs `operation(intermediate directory, element)`; -ENOENT when there is no such element.
template <class Operation>
int in_element(Store& store, const ElementName& name, Operation operation) {
  const ElementText text = element_text(name.element);
  return store.in(name.directory, [&](int directory) {
    System& system = store.system();
    const int element = system.openat(directory, text.data(), O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
    if (element < 0) return element;
    const int result = operation(directory, element);
    system.close(element);
    return result;
  });
}

// Looks at the lock by its path: an element that was moved out of its directory keeps its lock for a moment.
int look(Store& store, int directory, const ElementName& name, struct stat& status) {
  const std::string lock = below(element_text(name.element).data(), locked_name);
  return store.system().fstatat(directory, lock.c_str(), status);
}

int held(Store& store, int directory, const ElementName& name, const NormalToken* token) {
  struct stat status{};
  const int result = look(store, directory, name, status);
  if (token == nullptr || (result < 0 && result != -ENOENT)) return result;
  const bool ours = result == 0 && token->inode == status.st_ino &&
                    token->made.tv_sec == status.st_mtim.tv_sec &&
                    token->made.tv_nsec == status.st_mtim.tv_nsec;
  return ours ? 0 : -lost_lock_errno;
}

// Reads one file of an element, at most `left` bytes. False: it is not there.
Result<bool> read_file(Store& store, int element, const std::string& field, const std::string& path,
                       std::size_t left, std::string& bytes) {
  System& system = store.system();
  const int descriptor = system.openat(element, field.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
  if (descriptor == -ENOENT) return false;
  if (descriptor < 0) return failed("open", path, -descriptor);
  struct stat status{};
  const int looked = system.fstat(descriptor, status);
  ReadEnd end;
  if (looked == 0 && S_ISREG(status.st_mode))
    end = read_all(system, descriptor, static_cast<std::uint64_t>(status.st_size), bytes, left);
  system.close(descriptor);
  if (looked < 0) return failed("stat", path, -looked);
  if (!S_ISREG(status.st_mode)) return failed(Errc::malformed, "read " + path + ": not a regular file");
  if (end.result < 0) return failed("read", path, -end.result);
  if (end.over) {
    return failed(Errc::too_large,
                  fmt::format("read {}: {} bytes, and {} are left to the element", path, end.size, left));
  }
  return true;
}

// Runs `read(element)` between two looks at the lock. One that was lost meanwhile may have been taken, and its element
// removed file by file under our eyes: what we have then is no element.
template <class Read>
Result<void> under_lock(Store& store, const ElementName& name, const NormalToken* token, Read read) {
  Result<void> done;
  const int result = in_element(store, name, [&](int directory, int element) {
    if (const int before = held(store, directory, name, token); before < 0) return before;
    done = read(element);
    return held(store, directory, name, token);
  });
  // That it is not ours any more explains whatever else went wrong.
  if (result < 0) return outcome(store, "get", name, result);
  return done;
}

}  // namespace

int lock_element(Store& store, const ElementName& name, NormalToken& token) {
  System& system = store.system();
  return in_element(store, name, [&](int directory, int element) {
    // Its mode does not matter: whoever may write to the element may remove it.
    const int made = system.mkdirat(element, locked_name, 0777 & ~store.options().umask.value_or(0));
    if (made < 0) return made;
    struct stat status{};
    const int looked = look(store, directory, name, status);
    if (looked == 0) {
      token = {status.st_ino, status.st_mtim};
      return 0;
    }
    // Broken between two calls of ours, it was never a lock; or the element was being removed when we came, and the lock
    // stays where it is: the Python remover trips over one that somebody else takes out of its way.
    struct stat other{};
    if (looked == -ENOENT)
      return system.fstatat(directory, element_text(name.element).data(), other) == 0 ? -EEXIST : -ENOENT;
    system.unlinkat(element, locked_name, AT_REMOVEDIR);
    return looked;
  });
}

int verify_lock(Store& store, const ElementName& name, const NormalToken* token) {
  const int result =
      store.in(name.directory, [&](int directory) { return held(store, directory, name, token); });
  return result == -ENOENT && token != nullptr ? -lost_lock_errno : result;
}

int unlock_element(Store& store, const ElementName& name, const NormalToken* token) {
  return in_element(store, name, [&](int directory, int element) {
    if (token != nullptr) {
      if (const int result = held(store, directory, name, token); result < 0) return result;
    }
    return store.system().unlinkat(element, locked_name, AT_REMOVEDIR);
  });
}

int touch_element(Store& store, const ElementName& name, const NormalToken* token) {
  return store.in(name.directory, [&](int directory) {
    if (token != nullptr) {
      if (const int result = held(store, directory, name, token); result < 0) return result;
    }
    return store.system().utimensat_now(directory, element_text(name.element).data());
  });
}

int remove_element(Store& store, const ElementName& name, const NormalToken* token) {
  std::string obsolete;
  const int removed = store.in(name.directory, [&](int directory) {
    if (const int result = held(store, directory, name, token); result < 0) return result;
    return retire(store, directory, element_text(name.element).data(), obsolete);
  });
  if (removed == 0) destroy(store, obsolete);
  return removed;
}

int is_locked(Store& store, const ElementName& name) {
  return in_element(store, name, [&](int, int element) {
    struct stat status{};
    const int looked = store.system().fstatat(element, locked_name, status);
    return looked == -ENOENT ? 0 : looked < 0 ? looked : 1;
  });
}

int break_lock(Store& store, const ElementName& name, const timespec& limit) {
  System& system = store.system();
  return in_element(store, name, [&](int, int element) {
    struct stat status{};
    // In this order: there was a lock, and then nothing had changed in the element since `limit`; so that lock is as old.
    if (const int looked = system.fstatat(element, locked_name, status); looked < 0)
      return looked == -ENOENT ? 0 : looked;
    if (const int looked = system.fstat(element, status); looked < 0) return looked;
    if (!before(status.st_mtim, limit)) return 0;
    const int removed = system.unlinkat(element, locked_name, AT_REMOVEDIR);
    return removed == 0 ? 1 : removed == -ENOENT ? 0 : removed;
  });
}

Result<std::vector<std::string>> list_fields(Store& store, const ElementName& name) {
  std::vector<std::string> fields;
  const int result = in_element(store, name, [&](int, int element) {
    const int readable = store.system().openat(element, ".", O_RDONLY | O_DIRECTORY, 0);
    if (readable < 0) return readable;
    const int listed = for_each_name(store.system(), readable, [&](std::string_view field) {
      if (field != locked_name) fields.emplace_back(field);
    });
    store.system().close(readable);
    return listed;
  });
  if (result < 0) return failed("list", store.path_of(name), -result);
  std::ranges::sort(fields);
  return fields;
}

Result<std::uint64_t> fields_size(Store& store, const ElementName& name) {
  const auto fields = list_fields(store, name);
  if (!fields) return std::unexpected(fields.error());
  std::uint64_t size = 0;
  const int result = in_element(store, name, [&](int, int element) {
    for (const std::string& field : *fields) {
      struct stat status{};
      if (const int looked = store.system().fstatat(element, field.c_str(), status); looked < 0)
        return looked;
      size += static_cast<std::uint64_t>(status.st_size);
    }
    return 0;
  });
  if (result < 0) return failed("stat", store.path_of(name), -result);
  return size;
}

Result<Element> read_element(Store& store, const Schema& schema, const ElementName& name,
                             const NormalToken* token, std::size_t bytes_max) {
  if (schema.fields().empty()) {
    return failed(Errc::malformed,
                  fmt::format("get {}: the queue was opened without a schema", store.path_of(name)));
  }
  Element element;
  auto read = under_lock(store, name, token, [&](int descriptor) -> Result<void> {
    std::size_t left = bytes_max;
    for (const Field& field : schema.fields()) {
      const std::string path = below(store.path_of(name), field.name);
      std::string bytes;
      const auto there = read_file(store, descriptor, field.name, path, left, bytes);
      if (!there) return std::unexpected(there.error());
      if (!*there && field.optional) continue;
      if (!*there) return failed(Errc::malformed, fmt::format("read {}: the field is missing", path));
      left -= bytes.size();
      auto value = Schema::value_of(field, std::move(bytes));
      if (!value) return failed(value.error().code, fmt::format("read {}: {}", path, value.error().message));
      element.emplace(field.name, *std::move(value));
    }
    return {};
  });
  if (!read) return std::unexpected(std::move(read).error());
  return element;
}

Result<std::string> read_field(Store& store, const ElementName& name, const std::string& field,
                               const NormalToken* token, std::size_t bytes_max) {
  const std::string path = below(store.path_of(name), field);
  if (!Schema::is_field_name(field))
    return failed(Errc::malformed, fmt::format("read {}: \"{}\" cannot be the name of a field", path, field));
  std::string bytes;
  auto read = under_lock(store, name, token, [&](int descriptor) -> Result<void> {
    const auto there = read_file(store, descriptor, field, path, bytes_max, bytes);
    if (!there) return std::unexpected(there.error());
    if (!*there) return failed(Errc::gone, fmt::format("read {}: there is no such field", path));
    return {};
  });
  if (!read) return std::unexpected(std::move(read).error());
  return bytes;
}

}  // namespace simplevisor::dirq
