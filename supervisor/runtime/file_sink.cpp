#include "supervisor/runtime/file_sink.hpp"

namespace simplevisor::runtime {

LineSink::Written FileSink::write(std::span<const WorkerLine> lines, const LineOrigin& origin) {
  Written written;
  Poured poured;
  const LineWriter writer{format_, origin};
  buffer_.clear();
  for (std::size_t n = 0; n < lines.size(); ++n) {
    writer.append(buffer_, lines[n]);
    // Up to the line that makes the file full: the next one goes into the next file.
    if (buffer_.size() < log_.room() && n + 1 < lines.size()) continue;
    written.error = log_.append(buffer_, poured);
    if (written.error != 0) break;
    written.lines = n + 1;
    buffer_.clear();
  }
  written.rotation_error = poured.rotation_error;
  return written;
}

}  // namespace simplevisor::runtime
