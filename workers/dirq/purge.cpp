// workers/dirq/purge.cpp
#include "workers/dirq/purge.hpp"

#include "workers/dirq/ages.hpp"
#include "workers/dirq/listing.hpp"
#include "workers/dirq/spares.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

namespace {

class Purge {
 public:
  Purge(Store& store, const PurgeOptions& options)
      : store_(store), options_(options), now_(store.system().now()) {}

  Result<PurgeReport> run() {
    auto directories = list_directories(store_);
    if (!directories) return std::unexpected(std::move(directories).error());
    // A directory that cannot be purged does not keep the others from it; the first such error is told.
    Result<void> purged;
    for (const std::uint32_t directory : *directories) {
      auto done = purge_directory(directory, directory == directories->back());
      if (!done && purged) purged = std::move(done);
    }
    if (options_.maxtemp.count() > 0) {
      report_.temporaries += survey_spares(store_, earlier(now_, options_.maxtemp).tv_sec).abandoned;
    }
    if (!purged) return std::unexpected(std::move(purged).error());
    return report_;
  }

 private:
  Result<void> purge_directory(std::uint32_t directory, bool last) {
    auto listing = list_directory(store_, directory);
    if (!listing) return std::unexpected(std::move(listing).error());
    if (auto swept = sweep(directory, *listing); !swept) return swept;
    // The last one is where a writer is most likely at work.
    return last ? Result<void>() : remove_if_empty(directory);
  }

  Result<void> sweep(std::uint32_t directory, const Listing& listing) {
    if (options_.maxtemp.count() > 0) {
      for (const std::uint64_t element : listing.temporaries) {
        if (auto done = drop(directory, element, ".tmp", options_.maxtemp, report_.temporaries); !done)
          return done;
      }
    }
    if (options_.maxlock.count() > 0) {
      for (const std::uint64_t element : listing.locks) {
        if (auto done = drop(directory, element, ".lck", options_.maxlock, report_.locks); !done) return done;
      }
    }
    return {};
  }

  Result<void> drop(std::uint32_t directory, std::uint64_t element, std::string_view suffix,
                    std::chrono::seconds age, std::size_t& dropped) {
    const ElementText name = element_text(element, suffix);
    System& system = store_.system();
    std::string_view call = "stat";
    bool old = false;
    const int result = store_.in(directory, [&](int descriptor) {
      struct stat status{};
      if (const int found = system.fstatat(descriptor, name.data(), status); found < 0) return found;
      old = before(status.st_mtim, earlier(now_, age)) && !(suffix == ".lck" && just_taken(status));
      if (!old) return 0;
      call = "unlink";
      return system.unlinkat(descriptor, name.data(), 0);
    });
    if (result < 0 && result != -ENOENT) {
      return failed(call, store_.path_of(ElementName{directory, element}, suffix), -result);
    }
    if (result == 0 && old) ++dropped;
    return {};
  }

  // Taking a lock is two calls, and between them it looks as old as its element. Both set the change time.
  bool just_taken(const struct stat& status) {
    return options_.young_lock.count() > 0 &&
           !before(status.st_ctim, earlier(store_.system().now(), options_.young_lock));
  }

  Result<void> remove_if_empty(std::uint32_t directory) {
    const int result = store_.system().unlinkat(store_.top(), directory_text(directory).data(), AT_REMOVEDIR);
    if (result == 0) ++report_.directories;
    // A writer may have come back; another purge may have been faster.
    if (result == 0 || result == -ENOTEMPTY || result == -EEXIST || result == -ENOENT) return {};
    if (result == -ENOTDIR) return {};  // somebody's file
    return failed("rmdir", store_.path_of(directory), -result);
  }

  Store& store_;
  const PurgeOptions& options_;
  timespec now_;
  PurgeReport report_;
};

}  // namespace

Result<PurgeReport> purge_store(Store& store, const PurgeOptions& options) {
  if (options.maxtemp.count() < 0 || options.maxlock.count() < 0 || options.young_lock.count() < 0) {
    return failed(Errc::malformed, "purge " + store.path() + ": an age is negative");
  }
  return Purge(store, options).run();
}

}  // namespace simplevisor::dirq
