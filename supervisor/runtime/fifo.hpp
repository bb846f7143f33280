// supervisor/runtime/fifo.hpp
//
// The FIFO between a worker and its log: its name, how it is made and opened, and a look at what waits in it.
//
// Semantics  fifo(7), pipe(7), tee(2). Both sides open it with O_RDWR, which on Linux never waits for the
//            other side and keeps it from ending when the other side goes.
// Threads    functions: any. FifoPeek: one at a time.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/runtime/capture_calls.hpp"
#include "supervisor/runtime/storage_error.hpp"
#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {

// Who a worker runs as, when it is not the supervisor's own user.
struct FileOwner {
  uid_t user = 0;
  gid_t group = 0;
};

// One file name for each node path, and never the same for two: '/' becomes '.', what is not a letter, a
// digit, '-' or '_' becomes %xx. A longer one than 200 bytes keeps its beginning and ends in '~' and a 128-bit
// hash of the path.
std::string file_name_of(std::string_view node);

// Of a second FIFO, for standard error; no name of the first one ends so.
inline constexpr std::string_view error_fifo_ending = "+stderr";

// The FIFO `name` below `dir`, made with mode 0600 if it is not there, for reading and writing without
// waiting. An earlier one is continued with what is in it. `pipe_bytes`: 0 for the system's choice, else as
// near as it lets us. Errors: system; bad_name when something else has that name.
StorageResult<UniqueFd> open_fifo(const CaptureCalls& calls, int dir, const std::string& name,
                                  std::optional<FileOwner> owner, std::size_t pipe_bytes);

// Whether a process has the FIFO open already: before ours does, that is what a worker of a supervisor that was
// killed does.
[[nodiscard]] bool open_elsewhere(int dir, const std::string& name);

// How many bytes wait in a FIFO.
std::size_t bytes_waiting(int fifo);

// Whether a writer would have to wait.
bool is_full(int fifo);

// Shows what waits in a FIFO without taking it: it can be looked at and written before it is taken, so that a kill
// in between loses nothing.
class FifoPeek {
 public:
  static constexpr std::size_t bytes_max = 64u << 10;

  // 0 or an errno. Done by the others where it was not; early, it gets a pipe of full size: see pipe(7).
  int make();

  // Up to `bytes_max` of the next bytes, empty when there are none, or an errno. Valid until the next call.
  std::expected<std::string_view, int> look(int fifo);

  // The two halves of look(): up to `bytes` are shown in a pipe, and read from there.
  std::expected<std::size_t, int> show(int fifo, std::size_t bytes);
  std::expected<std::string_view, int> read(std::size_t shown);
  // Of the pipe with what was shown, and not read or moved on.
  [[nodiscard]] int read_end() const { return read_end_.get(); }
  void clear();

 private:
  UniqueFd read_end_;
  UniqueFd write_end_;
  std::unique_ptr<char[]> bytes_;
};

}  // namespace simplevisor::runtime
