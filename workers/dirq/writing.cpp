// workers/dirq/writing.cpp
#include "workers/dirq/writing.hpp"

#include <utility>

#include "workers/dirq/content.hpp"
#include "workers/dirq/spares.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

namespace {

constexpr std::string_view temporary_suffix = ".tmp";

std::string draft_path(const Store& store, const Draft& draft) {
  const std::string name = element_text(draft.temporary, temporary_suffix).data();
  return draft.spare ? store.path() + '/' + Spares::directory_name + '/' + name
                     : store.path_of(draft.directory) + '/' + name;
}

int create(Store& store, Draft& draft) {
  System& system = store.system();
  int result = -EEXIST;
  for (int tried = 0; tried < names_max && result == -EEXIST; ++tried) {
    draft.temporary = store.draw_element();
    const ElementText name = element_text(draft.temporary, temporary_suffix);
    const mode_t mode = 0666 & ~store.options().umask.value_or(0);
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
      result = store.in(draft.directory, [&](int descriptor) {
        return system.openat(descriptor, name.data(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
      });
      if (result != -ENOENT) break;
      if (const int made = store.make_directory(draft.directory); made < 0) return made;
    }
  }
  return result;
}

}  // namespace

int rename_file(Store& store, int from_directory, const char* from, int to_directory, const char* to) {
  System& system = store.system();
  if (store.rename_works) {
    const int renamed = system.rename_noreplace(from_directory, from, to_directory, to);
    if (renamed != -EINVAL && renamed != -ENOSYS) return renamed;
    store.rename_works = false;
  }
  // Done once linked: what a failing unlink leaves behind is not an element, and is purged when it is old.
  const int linked = system.linkat(from_directory, from, to_directory, to);
  if (linked < 0) return linked;
  system.unlinkat(from_directory, from, 0);
  return 0;
}

int publish_file(Store& store, std::uint32_t directory, const std::function<int(int)>& source,
                 const char* from, ElementName& name) {
  int result = -EEXIST;
  bool made = false;
  for (int tried = 0; tried < names_max; ++tried) {
    name = {directory, store.draw_element()};
    const ElementText to = element_text(name.element);
    result = store.in(directory, [&](int descriptor) {
      return rename_file(store, source(descriptor), from, descriptor, to.data());
    });
    if (result == -ENOENT && !made) {
      // The file, or the directory: a purge removes empty ones.
      made = true;
      result = store.make_directory(directory);
      if (result < 0) return result;
      continue;
    }
    if (result != -EEXIST) return result;
  }
  return result;
}

Result<Draft> begin_draft(Store& store) {
  const std::uint32_t directory = store.draw_directory();
  if (store.spares() != nullptr) {
    if (auto spare = store.spares()->take(directory)) return *spare;
  }
  Draft draft{-1, directory, 0, false};
  draft.descriptor = create(store, draft);
  if (draft.descriptor < 0) {
    const int error = -std::exchange(draft.descriptor, -1);
    return failed("create", draft_path(store, draft), error);
  }
  if (const int result = store.set_file_mode(draft.descriptor); result < 0) {
    auto error = failed("chmod", draft_path(store, draft), -result);
    discard_draft(store, draft);
    return error;
  }
  if (store.spares() != nullptr) store.spares()->mark(draft.descriptor);
  return draft;
}

Result<void> write_draft(Store& store, Draft& draft, std::span<const std::string_view> parts) {
  const int written = write_all(store.system(), draft.descriptor, parts);
  if (written == 0) return {};
  auto error = failed("write", draft_path(store, draft), -written);
  discard_draft(store, draft);
  return error;
}

Result<void> finish_draft(Store& store, Draft& draft, bool durable_already) {
  System& system = store.system();
  if (!durable_already && store.options().durability != Durability::none) {
    if (const int synced = system.fdatasync(draft.descriptor); synced < 0) {
      auto error = failed("fdatasync", draft_path(store, draft), -synced);
      discard_draft(store, draft);
      return error;
    }
  }
  // Network filesystems report a lack of space only here.
  if (const int closed = system.close(std::exchange(draft.descriptor, -1)); closed < 0) {
    auto error = failed("close", draft_path(store, draft), -closed);
    discard_draft(store, draft);
    return error;
  }
  return {};
}

Result<std::optional<ElementName>> publish_draft(Store& store, Draft& draft) {
  const ElementText from = element_text(draft.temporary, temporary_suffix);
  const auto source = [&](int descriptor) { return draft.spare ? store.spares()->descriptor() : descriptor; };
  ElementName name;
  const int published = publish_file(store, draft.directory, source, from.data(), name);
  if (published == 0) return name;
  if (published == -ENOENT) return std::nullopt;
  auto error = failed("publish", draft_path(store, draft), -published);
  discard_draft(store, draft);
  return error;
}

void discard_draft(Store& store, Draft& draft) noexcept {
  System& system = store.system();
  if (draft.descriptor >= 0) system.close(std::exchange(draft.descriptor, -1));
  const ElementText name = element_text(draft.temporary, temporary_suffix);
  if (draft.spare) {
    system.unlinkat(store.spares()->descriptor(), name.data(), 0);
  } else {
    store.in(draft.directory, [&](int descriptor) { return system.unlinkat(descriptor, name.data(), 0); });
  }
}

Result<void> sync_published(Store& store, std::uint32_t directory) {
  if (store.options().durability != Durability::full) return {};
  const int synced = store.sync_directory(directory);
  if (synced < 0) return failed("fsync", store.path_of(directory), -synced);
  return {};
}

Result<ElementName> add_parts(Store& store, std::span<const std::string_view> parts) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto draft = begin_draft(store);
    if (!draft) return std::unexpected(std::move(draft).error());
    auto done = write_draft(store, *draft, parts);
    if (done) done = finish_draft(store, *draft);
    if (!done) return std::unexpected(std::move(done).error());
    auto name = publish_draft(store, *draft);
    if (!name) return std::unexpected(std::move(name).error());
    if (!*name) continue;
    if (auto synced = sync_published(store, (*name)->directory); !synced)
      return std::unexpected(std::move(synced).error());
    return **name;
  }
  return failed("publish", store.path(), ENOENT);
}

Result<ElementName> add_file(Store& store, const std::string& file) {
  System& system = store.system();
  struct stat status{};
  if (const int result = system.fstatat(AT_FDCWD, file.c_str(), status); result < 0) {
    return failed("stat", file, -result);
  }
  // A symbolic link would become an element of its own, and a directory would move as a whole.
  if (!S_ISREG(status.st_mode)) return failed(Errc::malformed, "add " + file + ": not a regular file");
  if (store.options().durability != Durability::none) {
    const int descriptor = system.openat(AT_FDCWD, file.c_str(), O_RDONLY | O_NOFOLLOW, 0);
    if (descriptor < 0) return failed("open", file, -descriptor);
    const int synced = system.fdatasync(descriptor);
    system.close(descriptor);
    if (synced < 0) return failed("fdatasync", file, -synced);
  }
  ElementName name;
  const int published =
      publish_file(store, store.draw_directory(), [](int) { return AT_FDCWD; }, file.c_str(), name);
  if (published < 0) return failed("publish", file, -published);
  if (auto synced = sync_published(store, name.directory); !synced)
    return std::unexpected(std::move(synced).error());
  return name;
}

}  // namespace simplevisor::dirq
