// workers/dirq/normal/purge.cpp
#include "workers/dirq/normal/purge.hpp"

#include "workers/dirq/ages.hpp"
#include "workers/dirq/listing.hpp"
#include "workers/dirq/normal/locking.hpp"
#include "workers/dirq/normal/volatiles.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

namespace {

class Purge {
 public:
  Purge(Store& store, const PurgeOptions& options)
      : store_(store), options_(options), now_(store.system().now()) {}

  Result<PurgeReport> run() {
    const auto directories = list_directories(store_);
    if (!directories) return std::unexpected(directories.error());
    // What cannot be purged does not keep the rest from it; the first such error is told.
    for (const std::uint32_t directory : *directories) {
      // Elements go into the last one.
      if (directory != directories->back()) remove_if_empty(directory);
    }
    if (options_.maxtemp.count() > 0) {
      for (const char* directory : {temporary_name, obsolete_name}) sweep(directory);
    }
    if (options_.maxlock.count() > 0) {
      for (const std::uint32_t directory : *directories) break_locks(directory);
    }
    if (!first_) return std::unexpected(std::move(first_).error());
    return report_;
  }

 private:
  void note(std::unexpected<Error> error) {
    if (first_) first_ = std::move(error);
  }

  void remove_if_empty(std::uint32_t directory) {
    const int result = store_.system().unlinkat(store_.top(), directory_text(directory).data(), AT_REMOVEDIR);
    if (result == 0) ++report_.directories;
    // A writer may have come back; another purge may have been faster; it may be somebody's file.
    if (result == 0 || result == -ENOTEMPTY || result == -EEXIST || result == -ENOENT || result == -ENOTDIR)
      return;
    note(failed("rmdir", store_.path_of(directory), -result));
  }

  void sweep(const char* directory) {
    const auto names = list_volatile(store_, directory);
    if (!names) return note(std::unexpected(names.error()));
    const timespec limit = earlier(now_, options_.maxtemp);
    for (const std::string& name : *names) {
      struct stat status{};
      const int looked = store_.system().fstatat(store_.top(), name.c_str(), status);
      if (looked == -ENOENT || (looked == 0 && !before(status.st_mtim, limit))) continue;
      const int removed = looked < 0 ? looked : discard(name, directory == obsolete_name);
      if (removed == 0) ++report_.temporaries;
      if (removed < 0 && removed != -ENOENT)
        note(failed(looked < 0 ? "stat" : "remove", below(store_.path(), name), -removed));
    }
  }

  // A writer that was suspended, and comes back while we remove its files, must not publish the rest of them.
  int discard(const std::string& name, bool retired) {
    std::string obsolete = name;
    if (!retired) {
      if (const int moved = retire(store_, store_.top(), name.c_str(), obsolete); moved < 0) return moved;
    }
    return destroy(store_, obsolete);
  }

  void break_locks(std::uint32_t directory) {
    const auto listing = list_directory(store_, directory);
    if (!listing) return note(std::unexpected(listing.error()));
    const timespec limit = earlier(now_, options_.maxlock);
    for (const std::uint64_t element : listing->elements) {
      const ElementName name{directory, element};
      const int broken = break_lock(store_, name, limit);
      if (broken > 0) ++report_.locks;
      // Taken meanwhile, or somebody's file.
      if (broken < 0 && broken != -ENOENT && broken != -ENOTDIR && broken != -ELOOP)
        note(failed("unlock", store_.path_of(name), -broken));
    }
  }

  Store& store_;
  const PurgeOptions& options_;
  timespec now_;
  PurgeReport report_;
  Result<void> first_;
};

}  // namespace

Result<PurgeReport> purge_normal(Store& store, const PurgeOptions& options) {
  if (options.maxtemp.count() < 0 || options.maxlock.count() < 0)
    return failed(Errc::malformed, "purge " + store.path() + ": an age is negative");
  return Purge(store, options).run();
}

}  // namespace simplevisor::dirq
