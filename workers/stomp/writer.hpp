// workers/stomp/writer.hpp
//
// Frames to bytes, appended to what waits to be sent, without a frame in between.
//
// Semantics  escapes by version; CONNECT is never escaped. A content-length is the writer's alone.
// Errors     a header that this version cannot express is refused and the buffer is as it was before the frame: an end
//            of line in a header would let a message write headers of its own.
// Threads    a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "workers/broker/failure.hpp"
#include "workers/stomp/frame.hpp"

namespace simplevisor::stomp {

enum class ContentLength : std::uint8_t {
  unless_empty,  // as every client library does
  always,
  omitted,  // the body must not hold a NUL; ActiveMQ makes a JMS TextMessage of it
};

class FrameWriter {
 public:
  // Begins a frame at the end of `out`, which must outlive the writer.
  FrameWriter(std::string& out, Dialect dialect, std::string_view command);

  // Says what is wrong, once, in end().
  void header(std::string_view name, std::string_view value);

  // On failure nothing of the frame is left in the buffer.
  [[nodiscard]] broker::Result<void> end(std::string_view body = {},
                                         ContentLength length = ContentLength::unless_empty);

 private:
  void append_escaped(std::string_view text);
  [[nodiscard]] bool expressible(std::string_view text, bool is_name) const;

  std::string& out_;
  Dialect dialect_;
  std::size_t start_;
  std::string trouble_;
};

}  // namespace simplevisor::stomp
