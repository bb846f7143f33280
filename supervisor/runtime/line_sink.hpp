// supervisor/runtime/line_sink.hpp
//
// Where lines of workers go, when they go line by line.
//
// Threads    the capture thread.
#pragma once

#include <cstddef>
#include <span>

#include "supervisor/runtime/line_format.hpp"

namespace simplevisor::runtime {

class LineSink {
 public:
  LineSink() = default;
  LineSink(const LineSink&) = delete;
  LineSink& operator=(const LineSink&) = delete;
  virtual ~LineSink() = default;

  struct Written {
    std::size_t lines = 0;   // from the first on
    int error = 0;           // why not all of them
    int rotation_error = 0;  // of a file: it could not be rotated and grows on
  };
  // Must not wait for anybody but a disk.
  virtual Written write(std::span<const WorkerLine> lines, const LineOrigin& origin) = 0;
};

}  // namespace simplevisor::runtime
