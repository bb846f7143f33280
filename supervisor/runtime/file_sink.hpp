// supervisor/runtime/file_sink.hpp
//
// Lines into a worker's log file, formatted.
//
// Threads    the capture thread. One is made for each batch; `buffer` is kept for the next.
#pragma once

#include <string>

#include "supervisor/runtime/line_sink.hpp"
#include "supervisor/runtime/log_file.hpp"

namespace simplevisor::runtime {

class FileSink final : public LineSink {
 public:
  FileSink(LogFile& log, config::LogFormat format, std::string& buffer)
      : log_(log), format_(format), buffer_(buffer) {}

  Written write(std::span<const WorkerLine> lines, const LineOrigin& origin) override;

 private:
  LogFile& log_;
  config::LogFormat format_;
  std::string& buffer_;
};

}  // namespace simplevisor::runtime
