// supervisor/runtime/capture.hpp
//
// What workers print, in one log file per worker: STATE/log/NAME.log, with NAME.log.1 (younger) and so on
// beside it.
//
// How        Each worker has a FIFO below STATE/fifo, which the worker opens itself, for reading and writing,
//            as its standard output and error. So it neither dies of SIGPIPE nor loses a line when the
//            supervisor is killed; the next supervisor goes on with the next byte. Here the FIFO is open for
//            reading and writing too: no end-of-file, no hang-up. Bytes go from FIFO to file unchanged, and
//            are never only in a buffer of ours that a kill -9 could take along (intake.hpp).
//            Workers of which it is wanted are captured line by line instead: line_capture.hpp.
// Promises   Every byte written before a clean `stop` or `close` is in the files, once and in order. A file
//            is rotated at the first end of line at or after `max_bytes`; a line that goes on for
//            `line_bytes_max` more is cut there (no byte is added or lost). A worker's unfinished last line
//            is continued by what its next life prints. Files are not fsynced.
// Limits     A log that cannot be written (ENOSPC, EIO, ...) leaves the bytes in the FIFO; retried with growing
//            pauses, reported once, and reported again when all is well. When the FIFO is full the bytes in it
//            are dropped and their number is told in the log later, or, without `drop`, the worker waits; so it is
//            with a disk that does not answer at all (capture_watch.hpp). A FIFO holds 64 KiB (8 KiB from the
//            user's 1,025th on, unless privileged: pipe(7)).
//            When nobody has it open any more what it still holds is gone: a dead worker's last lines survive
//            a dead supervisor only while a guardian holds the FIFO.
// Old files  are compressed and limited in their total size by log_keeper.hpp.
// Threads    One thread of its own for all workers, asleep while no worker prints, its watch's, and the
//            keeper's. Public functions may be called from any thread and do not wait for that thread, except
//            `sync` and `stop`. Callbacks run
//            on the capture thread, must not block, throw, or call `sync` or `stop`: post.
// Memory     about 140 bytes a worker and its path; one descriptor a worker, and at most `open_files_max` for
//            logs.
// Outside    logrotate may rename, remove or truncate the files: noticed within a second of the next line, or
//            at `reopen`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/config/model.hpp"
#include "supervisor/runtime/capture_calls.hpp"
#include "supervisor/runtime/fifo.hpp"
#include "supervisor/runtime/output_policy.hpp"
#include "supervisor/runtime/storage_error.hpp"

namespace simplevisor::runtime {

class CaptureTable;

struct CaptureReport {
  enum class Kind : std::uint8_t { trouble, recovered };
  Kind kind = Kind::trouble;
  std::string message;  // one line
};

struct CaptureOptions {
  std::size_t line_bytes_max = 64u << 10;
  std::size_t turn_bytes_max = 256u << 10;  // of one worker before the others have their turn
  std::size_t open_files_max = 64;          // >= 1
  std::size_t pipe_bytes = 0;               // F_SETPIPE_SZ, as far as the system allows; 0: as it comes
  std::chrono::milliseconds retry_first{100};
  std::chrono::milliseconds retry_max{5000};
  // How long a worker may wait whose log cannot be written and FIFO is full.
  std::chrono::milliseconds relief{100};
  bool drop = true;  // what such a worker prints then; set from CaptureSettings
  // In one operation, until the disk is taken for one that does not answer.
  std::chrono::milliseconds stuck{1000};
  // With such a disk when capture shall end; counts from `stuck` on.
  std::chrono::milliseconds patience{5000};
  SinkPlaces places{};
  std::function<void(const CaptureReport&)> report{};  // on the capture thread, its watch's or the keeper's
  CaptureCalls calls{};
};

class Capture {
 public:
  // `state_dir`: absolute; `fifo` and `log` are made in it where missing.
  static StorageResult<std::unique_ptr<Capture>> start(const std::string& state_dir,
                                                       const config::CaptureSettings& settings,
                                                       CaptureOptions options = {});

  // Ends the thread at once and moves nothing more; FIFOs stay. For a supervisor that gives up its workers'
  // output to a successor. The ordinary end is `stop`.
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // Whether a process of an earlier supervisor still prints as `node`. Means something before open() only.
  [[nodiscard]] bool left_over(std::string_view node) const;

  // The path of the FIFO of the worker at `node` ("root/broker-a/send-a"), made if it is not there, mode
  // 0600. Once for each worker, not for each of its lives; again does no harm. The worker opens it with
  // O_RDWR.
  StorageResult<std::string> open(std::string_view node, std::optional<FileOwner> owner = std::nullopt,
                                  const OutputPolicy& policy = {});

  // Of a worker whose streams are separate: the FIFO of standard error beside that of standard output.
  [[nodiscard]] static std::string error_fifo(const std::string& fifo);

  // What the worker prints from now on, it prints in this life.
  void begin_life(std::string_view node, std::uint64_t life);

  // The worker is gone for good: what it left is moved, then the FIFO is removed. The log stays.
  void close(std::string_view node);

  // Calls `done` once everything the worker had printed by now is in its log: true; or false, when the log
  // cannot be written at present. For an exited worker: its last words are there, see `tail`.
  void drained(std::string_view node, std::function<void(bool)> done);

  // Waits until everything printed by now is in the logs; false when some log cannot be written.
  bool sync();

  // Opens all log files anew: after they were moved away (SIGHUP).
  void reopen();

  // `news` is called, on the capture thread and for as long as the token is kept, when something has come into some log.
  using NewsToken = std::shared_ptr<const std::function<void()>>;
  [[nodiscard]] NewsToken when_news(std::function<void()> news);

  // The last lines of the worker's log, at most `lines` and `bytes_max`; "" when there are none. Reads the
  // file on the calling thread; shows what has reached the file.
  [[nodiscard]] std::string tail(std::string_view node, std::size_t lines,
                                 std::size_t bytes_max = 4096) const;

  [[nodiscard]] std::string log_path(std::string_view node) const;

  enum class Fifos : std::uint8_t { remove, keep };
  // Moves everything printed by now, then ends. `remove`: the workers are gone. `keep`: they live on, for the
  // next supervisor. False when some bytes could not be written (reported). With a disk that does not answer it gives
  // up after `patience`: false, reported, the FIFOs stay. Nothing else may be called afterwards but `tail` and
  // `log_path`.
  bool stop(Fifos fifos = Fifos::remove);

 private:
  struct Parts;  // shared with the capture thread, which may outlive us
  Capture(std::string state_dir, std::shared_ptr<Parts> parts);
  [[nodiscard]] CaptureTable& table() const;

  std::string state_dir_;
  std::shared_ptr<Parts> parts_;
};

}  // namespace simplevisor::runtime
