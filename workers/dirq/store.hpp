// workers/dirq/store.hpp
//
// What the parts of one queue object share: its path and options, the open directories, the names it draws.
// Private to the library.
//
// Directories  kept open, so that a system call walks one path component and not the whole path. An
//              intermediate directory may be removed by anybody's purge and made again by anybody's add;
//              calls go through in(), which notices a removed one by its link count and looks the name up
//              again.
// Errors       calls on the hot path return the kernel's convention, a negative errno; those that describe
//              themselves return Result.
// Threads      one at a time, like the queue.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "workers/dirq/error.hpp"
#include "workers/dirq/name.hpp"
#include "workers/dirq/options.hpp"
#include "workers/dirq/system.hpp"

namespace simplevisor::dirq {

class Spares;

class Store {
 public:
  static Result<std::shared_ptr<Store>> open(std::string path, const Options& options);
  Store(std::string path, const Options& options);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] System& system() const noexcept { return system_; }
  [[nodiscard]] Spares* spares() const noexcept { return spares_.get(); }  // nullptr: recycling is off
  [[nodiscard]] int top() const noexcept { return top_; }
  [[nodiscard]] const struct stat& identity() const noexcept { return identity_; }

  // Paths, for messages and for those who read an element by path.
  [[nodiscard]] std::string path_of(std::uint32_t directory) const;
  [[nodiscard]] std::string path_of(const ElementName& name, std::string_view suffix = {}) const;

  // The directory an element added now belongs to, and a name nobody has drawn from this object before.
  [[nodiscard]] std::uint32_t draw_directory();
  [[nodiscard]] std::uint64_t draw_element();

  // Runs `operation(descriptor)` in an intermediate directory; -ENOENT when there is no such directory. Not from within
  // another `operation`: the way to the queue may be walked anew here, and the outer descriptor would be a closed one.
  template <class Operation>
  int in(std::uint32_t directory, Operation operation) {
    bool fresh = false;
    int descriptor = open_directory(directory, fresh);
    if (descriptor < 0) return descriptor;
    const int result = operation(descriptor);
    if (result != -ENOENT || fresh || !forget_if_deleted(directory)) return result;
    descriptor = open_directory(directory, fresh);
    return descriptor < 0 ? descriptor : operation(descriptor);
  }

  // Makes an intermediate directory; one that is there already is fine.
  int make_directory(std::uint32_t directory);
  // Makes a directory below `parent` with the mode the options ask for. -EEXIST is not an error here.
  int make_below(int parent, const char* name);
  // Gives a file just made the mode the options ask for.
  int set_file_mode(int descriptor);
  // The mode a new file gets, as far as it is known.
  [[nodiscard]] mode_t file_mode() const noexcept {
    return 0666 & ~(options_.umask ? *options_.umask : process_umask_);
  }

  // Makes the entries of an intermediate directory, and its own entry in TOP, durable.
  int sync_directory(std::uint32_t directory);

  // Looks whether TOP still stands at its path. It may have been removed or moved away: another one that stands there
  // now is used from here on; `no_queue` when none does. It is not made again: somebody took it away on purpose.
  Result<void> follow_path();
  // The same when something was not found in it: true when there is another one to look into.
  bool reopen_top_if_replaced();

  // Descriptors that locks hold until their content is read.
  static constexpr int lock_descriptors_max = 16;
  int lock_descriptors = 0;

  // false: renameat2(RENAME_NOREPLACE) is not supported here, publish by link and unlink.
  bool rename_works = true;

 private:
  struct Handle {
    std::uint32_t directory = 0;
    int descriptor = -1;
    bool anchored = false;  // its entry in TOP is known to be durable
  };

  Result<void> make_top();
  Result<void> open_top();
  int open_directory(std::uint32_t directory, bool& fresh);
  bool forget_if_deleted(std::uint32_t directory);
  Handle* find(std::uint32_t directory) noexcept;
  void close_all() noexcept;

  std::string path_;
  Options options_;
  System& system_;
  unsigned rndhex_ = 0;
  mode_t process_umask_ = 0;
  int top_ = -1;
  struct stat identity_{};
  std::array<Handle, 8> handles_;
  std::size_t next_handle_ = 0;
  std::int64_t last_drawn_ = 0;  // microseconds since the epoch
  std::unique_ptr<Spares> spares_;
};

}  // namespace simplevisor::dirq
