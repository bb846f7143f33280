// workers/dirq/spares.cpp
#include "workers/dirq/spares.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "workers/dirq/listing.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

namespace {

constexpr int probes = 4;             // slots tried for one removed element
constexpr unsigned full_pause = 64;   // removes that do not ask again
constexpr unsigned empty_pause = 16;  // adds that do not ask again
constexpr int claims = 8;             // spares tried for one add
constexpr std::int64_t abandoned_after_s = 300;

using SlotText = std::array<char, 8>;

SlotText slot_text(std::uint32_t slot) noexcept {
  SlotText text{};
  std::snprintf(text.data(), text.size(), "%04x", slot & 0xFFFFU);
  return text;
}

}  // namespace

Spares::Spares(Store& store) noexcept
    : store_(store), cursor_(static_cast<std::uint32_t>(store.draw_element() >> 4U)) {}

Spares::~Spares() {
  close();
}

void Spares::close() noexcept {
  if (directory_ >= 0) store_.system().close(directory_);
  directory_ = -1;
}

bool Spares::open(bool create) {
  if (directory_ >= 0) return true;
  System& system = store_.system();
  constexpr int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
  directory_ = system.openat(store_.top(), directory_name, flags, 0);
  if (directory_ == -ENOENT && create) {
    store_.make_below(store_.top(), directory_name);
    directory_ = system.openat(store_.top(), directory_name, flags, 0);
  }
  if (directory_ < 0) directory_ = -1;
  return directory_ >= 0;
}

bool Spares::reopen_if_deleted() {
  struct stat status{};
  if (store_.system().fstat(directory_, status) >= 0 && status.st_nlink > 0) return false;
  close();
  found_.clear();
  return true;
}

void Spares::mark(int descriptor) {
  if (!off_ && store_.system().set_mark(descriptor) < 0) off_ = true;
}

std::optional<std::uint32_t> Spares::keep(int directory, const ElementName& name, const struct stat& status) {
  if (off_) return std::nullopt;
  // The element and its lock make two links; anything more is somebody's own link, or a temporary left by a
  // crash.
  if (!S_ISREG(status.st_mode) || status.st_nlink != 2 || status.st_uid != ::geteuid() ||
      static_cast<std::uint64_t>(status.st_size) > store_.options().recycle_bytes_max) {
    return std::nullopt;
  }
  if (removes_to_skip_ > 0) {
    --removes_to_skip_;
    return std::nullopt;
  }
  if (!open(true)) return std::nullopt;
  const ElementText element = element_text(name.element);
  for (int probe = 0; probe < probes; ++probe) {
    const auto slot = static_cast<std::uint32_t>(cursor_++ % store_.options().recycle);
    const int moved =
        store_.system().rename_noreplace(directory, element.data(), directory_, slot_text(slot).data());
    if (moved == 0) {
      adds_to_skip_ = 0;
      return slot;
    }
    if (moved == -EINVAL || moved == -ENOSYS || moved == -EXDEV) off_ = true;
    if (moved == -ENOENT) reopen_if_deleted();  // the pool's directory is gone, or the element is
    if (moved != -EEXIST) return std::nullopt;
  }
  removes_to_skip_ = full_pause;
  return std::nullopt;
}

void Spares::settle(std::uint32_t slot) {
  System& system = store_.system();
  const SlotText name = slot_text(slot);
  const int descriptor = system.openat(directory_, name.data(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0);
  if (descriptor < 0) return;  // an adder has claimed it already, and looks at it itself
  struct stat status{};
  // Emptied here and not by the adder: the content of a removed element shall not stay on disk, and ext4
  // writes a file at once that was emptied and refilled through one descriptor.
  if (!usable(descriptor, status) || (status.st_size > 0 && system.ftruncate(descriptor, 0) < 0)) {
    system.unlinkat(directory_, name.data(), 0);
  }
  system.close(descriptor);
}

bool Spares::usable(int descriptor, struct stat& status) {
  System& system = store_.system();
  if (system.fstat(descriptor, status) < 0) return false;
  struct stat top{};
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1 || status.st_uid != ::geteuid() ||
      (status.st_mode & 07777) != store_.file_mode()) {
    return false;
  }
  // A set-group-id queue hands its group down.
  top = store_.identity();
  if (status.st_gid != ((top.st_mode & S_ISGID) != 0 ? top.st_gid : ::getegid())) return false;
  const int marked = system.has_mark(descriptor);
  const int alone = marked > 0 ? system.only_opener(descriptor) : 0;
  if (marked < 0 || alone < 0) off_ = true;
  return alone > 0;
}

std::optional<Draft> Spares::take(std::uint32_t directory) {
  if (off_) return std::nullopt;
  if (found_.empty()) {
    if (adds_to_skip_ > 0) {
      --adds_to_skip_;
      return std::nullopt;
    }
    refill();
    if (found_.empty()) {
      adds_to_skip_ = empty_pause;
      return std::nullopt;
    }
  }
  for (int tried = 0; tried < claims && !found_.empty(); ++tried) {
    const std::uint32_t slot = found_.back();
    found_.pop_back();
    if (auto draft = claim(slot, directory)) return draft;
  }
  return std::nullopt;
}

std::optional<Draft> Spares::claim(std::uint32_t slot, std::uint32_t directory) {
  System& system = store_.system();
  const std::uint64_t temporary = store_.draw_element();
  const ElementText name = element_text(temporary, ".tmp");
  const int claimed = system.rename_noreplace(directory_, slot_text(slot).data(), directory_, name.data());
  if (claimed == -EINVAL || claimed == -ENOSYS) off_ = true;
  if (claimed == -ENOENT) reopen_if_deleted();
  if (claimed < 0) return std::nullopt;
  const int descriptor = system.openat(directory_, name.data(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0);
  struct stat status{};
  if (descriptor >= 0 && usable(descriptor, status) && status.st_size == 0) {
    return Draft{descriptor, directory, temporary, true};
  }
  if (descriptor >= 0) system.close(descriptor);
  system.unlinkat(directory_, name.data(), 0);
  return std::nullopt;
}

void Spares::refill() {
  if (!open(false)) return;
  found_ = survey_spares(store_, store_.system().now().tv_sec - abandoned_after_s).slots;
  if (found_.empty()) {
    reopen_if_deleted();
    return;
  }
  // Competing adders see the same list: each begins somewhere else.
  const auto middle =
      static_cast<std::ptrdiff_t>(store_.draw_element() >> 4U) % static_cast<std::ptrdiff_t>(found_.size());
  std::rotate(found_.begin(), found_.begin() + middle, found_.end());
}

SparesSeen survey_spares(Store& store, std::int64_t before_seconds) {
  SparesSeen seen;
  System& system = store.system();
  const int descriptor =
      system.openat(store.top(), Spares::directory_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
  if (descriptor < 0) return seen;
  for_each_name(system, descriptor, [&](std::string_view name) {
    unsigned slot = 0;
    int length = 0;
    if (name.size() == 4 && std::sscanf(name.data(), "%4x%n", &slot, &length) == 1 && length == 4) {
      seen.slots.push_back(slot);
    } else if (name.ends_with(".tmp")) {
      struct stat status{};
      // Its change time, because a claim renames and a write touches; the modification time is that of an
      // earlier life.
      if (system.fstatat(descriptor, name.data(), status) == 0 && status.st_ctim.tv_sec < before_seconds &&
          system.unlinkat(descriptor, name.data(), 0) == 0) {
        ++seen.abandoned;
      }
    }
  });
  system.close(descriptor);
  return seen;
}

}  // namespace simplevisor::dirq
