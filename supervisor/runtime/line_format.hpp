// supervisor/runtime/line_format.hpp
//
// How a line that a worker wrote stands in its log, with the time, the stream and (json) the worker and its life.
//
// Formats    those that logs/stored_line.hpp reads back:
//            text   2026-01-31T13:05:06.789Z stdout F what the worker wrote
//            json   {"time":"...","stream":"stdout","path":"root/a","life":3,"message":"what the worker wrote"}
//            F is P, and the object has "partial":true, where the text goes on in the next line of this stream.
// Merging    json: a worker that writes an object on a line has its members in ours. Those that have the name of one of
//            ours are called worker_time, and so on.
// Threads    plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "supervisor/config/model.hpp"
#include "supervisor/runtime/logs/line_time.hpp"
#include "supervisor/runtime/logs/stored_line.hpp"

namespace simplevisor::runtime {

// What a worker wrote, without its end of line.
struct WorkerLine {
  std::string_view text;
  bool partial = false;
};

// What is the same for all lines of one batch.
struct LineOrigin {
  std::string_view path;
  std::uint64_t life = 0;  // 0: not known, from before this supervisor
  logs::Stream stream = logs::Stream::out;
  logs::LogTime time{};
};

// Writes lines of one batch: what they begin with is made once.
class LineWriter {
 public:
  // `format` is text or json.
  LineWriter(config::LogFormat format, const LineOrigin& origin);

  // Appends the line to `log`, with its end.
  void append(std::string& log, const WorkerLine& line) const;

 private:
  bool json_;
  std::string head_;
};

}  // namespace simplevisor::runtime
