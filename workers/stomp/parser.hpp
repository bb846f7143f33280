// workers/stomp/parser.hpp
//
// Bytes to frames, as they come, in either direction of a connection.
//
// Use        read into prepare(), commit() what came, take frames with next() until there is none.
// Semantics  by version: escapes and the fate of unknown ones, blanks around ":" (trimmed in 1.0), repeated headers (the
//            last counts in 1.0, else the first). CR before LF is accepted in every version. CONNECT and CONNECTED are
//            never unescaped and split at their first colon, because brokers write them so; so is ERROR, which is a
//            connection's last word and should be understood.
// Limits     header bytes and count; a body above `body_bytes_max` is read past, and only its beginning kept: the
//            connection stays usable. Memory: the read buffer, plus at most one body (twice, while it grows);
//            nothing is allocated because a content-length says so.
// Errors     Kind::protocol, and the parser is of no more use.
// Threads    a plain value; no system calls.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "workers/broker/failure.hpp"
#include "workers/stomp/frame.hpp"

namespace simplevisor::stomp {

struct ParserLimits {
  std::size_t header_bytes_max = std::size_t{256} << 10;
  std::size_t header_count_max = 1000;
  std::size_t body_bytes_max = std::size_t{128} << 20;
  std::size_t truncated_bytes_kept = std::size_t{64} << 10;
};

class Parser {
 public:
  explicit Parser(const ParserLimits& limits = {}, Dialect dialect = {});

  // From the next frame on.
  void use(Dialect dialect) { dialect_ = dialect; }

  // At least `bytes` to write into; valid until the next call of prepare() or next().
  [[nodiscard]] std::span<char> prepare(std::size_t bytes);
  void commit(std::size_t bytes);

  // Nothing: a frame is incomplete, or only heart-beats came.
  [[nodiscard]] broker::Result<std::optional<Frame>> next();

  // Has a frame begun that is not complete?
  [[nodiscard]] bool amid_frame() const { return state_ != State::between; }
  [[nodiscard]] std::size_t buffered() const { return end_ - begin_; }

 private:
  enum class State : std::uint8_t { between, head, sized_body, open_body };

  [[nodiscard]] std::string_view unread() const {
    return std::string_view{buffer_}.substr(begin_, end_ - begin_);
  }
  void consume(std::size_t bytes) { begin_ += bytes; }
  bool skip_ends_of_line();
  broker::Result<bool> read_head();
  broker::Result<void> read_line(std::string_view line);
  broker::Result<void> read_header(std::string_view line);
  broker::Result<void> end_head();
  broker::Result<bool> read_sized_body();
  bool read_open_body();
  void take_body(std::string_view bytes);

  ParserLimits limits_;
  Dialect dialect_;
  std::string buffer_;  // the bytes from begin_ to end_ are unread
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  State state_ = State::between;
  Frame frame_;
  std::size_t head_bytes_ = 0;
  std::size_t scanned_ = 0;  // of the unread bytes, those known to hold no end of line
  std::uint64_t body_left_ = 0;
};

}  // namespace simplevisor::stomp
