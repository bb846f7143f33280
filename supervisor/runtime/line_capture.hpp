// supervisor/runtime/line_capture.hpp
//
// Workers whose output goes line by line: with time and stream into files, or to the journal or syslog.
//
// FIFOs      where standard output and error are both captured, each has its own; their lines are in the order in which
//            they were read, which is that of the writes only within one stream.
// Watched    edge-triggered, because an unfinished line stays in its FIFO. While it does, it is looked at again after
//            1 ms, 2 ms, 4 ms ... (a worker in the middle of a large write wakes nobody), and after `unfinished_max` its part
//            is written. So nothing wakes for a worker that is silent.
// Times      of a line: when it was read, which is when it was written but for what the capture is behind.
// Threads    the capture thread; what others set says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/runtime/capture_table.hpp"
#include "supervisor/runtime/line_pump.hpp"
#include "supervisor/runtime/log_file.hpp"

namespace simplevisor::runtime {

class LineCapture {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds unfinished_max{1000};

  LineCapture(CaptureTable& table, Intake& intake, const SinkPlaces& places);

  // One turn of one stream. `log`: of a worker whose lines go into files.
  Poured pour(CapturedWorker& worker, bool err, LogFile* log, std::size_t bytes_max, Unfinished unfinished);

  // Writes a line of our own into the output of a worker. Returns 0 or an errno.
  int note(CapturedWorker& worker, LogFile* log, std::string_view text);

  // When serve() has something to do; none: never.
  [[nodiscard]] std::optional<Clock::time_point> due() const;
  // `turn` pours one stream.
  using Turn = std::function<void(CapturedWorker& worker, bool err, Unfinished unfinished)>;
  void serve(const Turn& turn);
  void forget(const CapturedWorker& worker);

 private:
  // A stream with an unfinished line in its FIFO, or (`flood`) a worker of whose output something was dropped.
  struct Pending {
    CapturedWorker* worker = nullptr;
    bool err = false;
    bool flood = false;
    Clock::time_point since{};
    Clock::time_point at{};
    std::chrono::milliseconds pause{1};
  };

  Poured write_flood_note(CapturedWorker& worker, LogFile* log, Clock::time_point now);
  void remember_rest(CapturedWorker& worker, bool err, const LinePump::Round& last, bool moved);
  void remember_flood(CapturedWorker& worker);
  Pending* find(const CapturedWorker& worker, bool err, bool flood);

  CaptureTable& table_;
  Intake& intake_;
  LinePump pump_;
  std::unique_ptr<LineSink> journal_;
  std::unique_ptr<LineSink> syslog_;
  std::string buffer_;
  std::vector<Pending> pending_;
};

}  // namespace simplevisor::runtime
