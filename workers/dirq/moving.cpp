// workers/dirq/moving.cpp
#include "workers/dirq/moving.hpp"

#include <fmt/format.h>

#include <array>

#include "workers/dirq/locking.hpp"
#include "workers/dirq/store.hpp"
#include "workers/dirq/writing.hpp"

namespace simplevisor::dirq {

namespace {

constexpr const char* quarantine_name = "corrupt";
constexpr int quarantine_names_max = 100;

// A descriptor for the length of a scope.
class Opened {
 public:
  Opened(System& system, int descriptor) : system_(system), descriptor_(descriptor) {}
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() {
    if (descriptor_ >= 0) system_.close(descriptor_);
  }
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  System& system_;
  int descriptor_;
};

// Best effort: an element out of the way without a reason is better than one in the way.
void write_reason(System& system, int directory, const std::string& name, std::string_view reason) {
  const Opened file(system,
                    system.openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0666));
  if (file.get() < 0) return;
  std::array<iovec, 2> parts{
      {{const_cast<char*>(reason.data()), reason.size()}, {const_cast<char*>("\n"), 1}}};
  system.writev(file.get(), parts.data(), static_cast<int>(parts.size()));
}

}  // namespace

Result<ElementName> move_element(Store& store, const ElementName& name, const LockToken& token,
                                 Store& target) {
  if (auto verified = outcome(store, "move", name, verify_lock(store, name, token)); !verified) {
    return std::unexpected(std::move(verified).error());
  }
  const ElementText element = element_text(name.element);
  ElementName moved;
  const int result = store.in(name.directory, [&](int from) {
    return publish_file(target, target.draw_directory(), [from](int) { return from; }, element.data(), moved);
  });
  // Nothing is there: our element, or all of the target?
  if (result == -ENOENT && verify_lock(store, name, token) == 0)
    return failed(Errc::no_queue, fmt::format("queue {}: no such directory", target.path()));
  if (result < 0) return failed("move", store.path_of(name), -result);
  // Best effort: a lock without an element is purged, and nobody can take it meanwhile.
  unlock_element(store, name, nullptr);
  if (auto synced = sync_published(target, moved.directory); !synced)
    return std::unexpected(std::move(synced).error());
  return moved;
}

Result<std::string> put_aside(Store& store, const ElementName& name, std::string_view reason,
                              Rename& rename) {
  System& system = store.system();
  const std::string top = store.path() + '/' + quarantine_name;
  if (const int made = store.make_below(store.top(), quarantine_name); made < 0 && made != -EEXIST) {
    return failed("mkdir", top, -made);
  }
  const Opened directory(system,
                         system.openat(store.top(), quarantine_name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0));
  if (directory.get() < 0) return failed("open", top, -directory.get());
  const std::string stem =
      fmt::format("{}-{}", directory_text(name.directory).data(), element_text(name.element).data());
  const ElementText element = element_text(name.element);
  for (int tried = 0; tried < quarantine_names_max; ++tried) {
    // The name is taken only when an element of the same name was put here before.
    const std::string to = tried == 0 ? stem : fmt::format("{}.{}", stem, tried);
    const int moved = store.in(name.directory, [&](int from) {
      return rename(store, from, element.data(), directory.get(), to.c_str());
    });
    if (moved == -EEXIST || moved == -ENOTEMPTY) continue;
    if (moved < 0) return failed("quarantine", store.path_of(name), -moved);
    write_reason(system, directory.get(), to + ".reason", reason);
    return fmt::format("{}/{}", top, to);
  }
  return failed("quarantine", store.path_of(name), EEXIST);
}

Result<std::string> quarantine_element(Store& store, const ElementName& name, const LockToken& token,
                                       std::string_view reason) {
  if (auto verified = outcome(store, "quarantine", name, verify_lock(store, name, token)); !verified) {
    return std::unexpected(std::move(verified).error());
  }
  auto path = put_aside(store, name, reason, rename_file);
  if (path) unlock_element(store, name, nullptr);
  return path;
}

}  // namespace simplevisor::dirq
