// workers/dirq/normal/writing.cpp
#include "workers/dirq/normal/writing.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "workers/dirq/content.hpp"
#include "workers/dirq/listing.hpp"
#include "workers/dirq/normal/volatiles.hpp"
#include "workers/dirq/store.hpp"
#include "workers/dirq/writing.hpp"

namespace simplevisor::dirq {

namespace {

// What has become of a step: done, or the temporary was purged meanwhile and the element has to be written again.
enum class Step : std::uint8_t { done, purged };

Result<Step> step_of(int result, std::string_view call, const std::string& path) {
  if (result >= 0) return Step::done;
  if (result == -ENOENT) return Step::purged;
  return failed(call, path, -result);
}

// A temporary directory, removed unless it was published.
class Temporary {
 public:
  explicit Temporary(Store& store) : store_(store) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    close();
    // What cannot be removed now is removed by a purge.
    if (!name_.empty()) destroy(store_, name_);
  }

  Result<Step> make() {
    std::string name;
    if (const int made = make_temporary(store_, name); made < 0) return failed("mkdir", path_of(name), -made);
    name_ = std::move(name);
    const int access = store_.options().durability == Durability::full ? O_RDONLY : O_PATH;
    descriptor_ = store_.system().openat(store_.top(), name_.c_str(), access | O_DIRECTORY | O_NOFOLLOW, 0);
    return step_of(descriptor_, "open", path_of(name_));
  }

  Result<Step> write(const ElementFiles::File& file) {
    System& system = store_.system();
    const std::string name(file.name);
    const std::string path = below(path_of(name_), name);
    const mode_t mode = 0666 & ~store_.options().umask.value_or(0);
    const int descriptor =
        system.openat(descriptor_, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (descriptor < 0) return step_of(descriptor, "create", path);
    std::string_view call = "chmod";
    int result = store_.set_file_mode(descriptor);
    if (result == 0) {
      call = "write";
      result = write_all(system, descriptor, std::span(&file.bytes, 1));
    }
    if (result == 0 && store_.options().durability != Durability::none) {
      call = "fdatasync";
      result = system.fdatasync(descriptor);
    }
    if (result == 0) {
      // A writer that was slow for longer than a peer's maximum finds its files removed, one by one.
      call = "stat";
      struct stat status{};
      result = system.fstat(descriptor, status);
      if (result == 0 && status.st_nlink == 0) result = -ENOENT;
    }
    // Network filesystems report a lack of space only here.
    const int closed = system.close(descriptor);
    if (result == 0 && closed < 0) {
      call = "close";
      result = closed;
    }
    return step_of(result, call, path);
  }

  Result<Step> finish() {
    const int synced =
        store_.options().durability == Durability::full ? store_.system().fsync(descriptor_) : 0;
    close();
    return step_of(synced, "fsync", path_of(name_));
  }

  // Nothing: it was purged meanwhile.
  Result<std::optional<ElementName>> publish(InsertionPlace& place) {
    int result = -EEXIST;
    for (int tried = 0, vanished = 0; tried < names_max && vanished < attempts_max; ++tried) {
      const auto directory = place.directory(store_);
      if (!directory) return std::unexpected(directory.error());
      const ElementName name{*directory, store_.draw_element()};
      const ElementText to = element_text(name.element);
      result = store_.in(name.directory, [&](int descriptor) {
        return rename_directory(store_, store_.top(), name_.c_str(), descriptor, to.data());
      });
      if (result == 0) {
        place.filled();
        name_.clear();
        return name;
      }
      if (result == -ENOENT) {
        // Our temporary, or the intermediate directory: a purge removes empty ones.
        place.forget();
        ++vanished;
        struct stat status{};
        if (store_.system().fstatat(store_.top(), name_.c_str(), status) == -ENOENT) return std::nullopt;
        continue;
      }
      if (result != -EEXIST && result != -ENOTEMPTY) break;
    }
    return failed("publish", path_of(name_), -result);
  }

 private:
  [[nodiscard]] std::string path_of(std::string_view name) const { return below(store_.path(), name); }
  void close() noexcept {
    if (descriptor_ >= 0) store_.system().close(std::exchange(descriptor_, -1));
  }

  Store& store_;
  std::string name_;  // relative to TOP; empty: there is none
  int descriptor_ = -1;
};

Result<std::optional<ElementName>> add_once(Store& store, InsertionPlace& place, const ElementFiles& files) {
  Temporary temporary(store);
  auto step = temporary.make();
  for (std::size_t at = 0; step && *step == Step::done && at < files.files.size(); ++at)
    step = temporary.write(files.files[at]);
  if (step && *step == Step::done) step = temporary.finish();
  if (!step) return std::unexpected(std::move(step).error());
  if (*step == Step::purged) return std::nullopt;
  return temporary.publish(place);
}

}  // namespace

Result<std::uint32_t> InsertionPlace::directory(Store& store) {
  const auto directories = list_directories(store);
  if (!directories) return std::unexpected(directories.error());
  const auto begin = [&](std::uint32_t directory) -> Result<std::uint32_t> {
    if (const int made = store.make_directory(directory); made < 0)
      return failed("mkdir", store.path_of(directory), -made);
    directory_ = directory;
    forget();
    return directory;
  };
  if (directories->empty()) return begin(0);
  const std::uint32_t last = directories->back();
  if (last == directory_ && room_ > 0) return last;
  const auto count = count_elements(store, last);
  if (!count) return std::unexpected(count.error());
  // Behind the last number there is none: that directory takes all.
  if (*count >= elements_max_ && last != std::numeric_limits<std::uint32_t>::max()) return begin(last + 1);
  directory_ = last;
  room_ = std::max<std::size_t>(1, (elements_max_ - std::min(*count, elements_max_)) / 8);
  return last;
}

Result<ElementName> add_element(Store& store, InsertionPlace& place, const ElementFiles& files) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto name = add_once(store, place, files);
    if (!name) return std::unexpected(std::move(name).error());
    if (!*name) continue;
    if (auto synced = sync_published(store, (*name)->directory); !synced)
      return std::unexpected(std::move(synced).error());
    return **name;
  }
  return failed("publish", store.path(), ENOENT);
}

}  // namespace simplevisor::dirq
