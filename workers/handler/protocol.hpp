// workers/handler/protocol.hpp
//
// The JSON lines that all user code speaks: one object for each line, UTF-8, no raw newline within.
//
//   worker  -> {"op":"start","protocol":1,"data":{...}}
//   process -> {"op":"ready"[,"window":N][,"idle":true]}
//   a consumer, of its handler:
//   worker  -> {"op":"handle","seq":N,"attempt":A,"message":{...}}
//   process -> {"seq":N,"action":"done"}
//   a transfer agent, of its filter:
//   worker  -> {"op":"check","seq":N,"message":{...}}
//   process -> {"seq":N,"action":"accept"[,"message":{...}]} | {"seq":N,"action":"discard"[,"reason":"..."]}
//   both:
//   process -> {"seq":N,"action":"retry"[,"delay":SECONDS]} | {"seq":N,"action":"fail"[,"reason":"..."]}
//   worker  -> {"op":"idle"} (only if asked for), {"op":"stop"} and then end of file
//
// Answers    in any order, each seq once.
//
// Message    the fields of the serialised form (header, body, text, encoding), never compressed.
// Errors     a line that is none of these is told as one line of words; unknown fields are ignored.
// Threads    plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace simplevisor::handler::protocol {

inline constexpr int version = 1;
inline constexpr std::size_t line_bytes_max = std::size_t{1} << 20U;  // of a process that sends no message
inline constexpr std::size_t reason_bytes_max = 1024;                 // longer reasons are cut

std::string start_line(std::string_view data_json);
std::string handle_line(std::uint64_t seq, unsigned attempt, std::string_view message_json);
std::string check_line(std::uint64_t seq, std::string_view message_json);
std::string idle_line();
std::string stop_line();

struct Ready {
  std::size_t window = 1;
  bool wants_idle = false;
};
struct Done {
  std::uint64_t seq = 0;
};
struct Accept {
  std::uint64_t seq = 0;
  std::optional<std::string> message_json;  // none: as it was
};
struct Discard {
  std::uint64_t seq = 0;
  std::string reason;
};
struct Retry {
  std::uint64_t seq = 0;
  std::optional<std::chrono::milliseconds> delay;
};
struct Fail {
  std::uint64_t seq = 0;
  std::string reason;
};
using Reply = std::variant<Ready, Done, Accept, Discard, Retry, Fail>;

// Which answers there are beside `retry` and `fail`.
enum class Vocabulary : std::uint8_t { handler, filter };

std::expected<Reply, std::string> parse_reply(std::string_view line, Vocabulary vocabulary);

// Cuts what a handler writes into lines.
class Lines {
 public:
  explicit Lines(std::size_t bytes_max = line_bytes_max) : bytes_max_{bytes_max} {}

  void append(std::string_view bytes);
  // The next whole line, without its newline; valid until the next call of anything.
  std::optional<std::string_view> next();
  // The unfinished line is longer than any line may be.
  [[nodiscard]] bool overlong() const noexcept { return buffer_.size() - begin_ > bytes_max_; }

 private:
  std::size_t bytes_max_;
  std::string buffer_;
  std::size_t begin_ = 0;     // of the first line not handed out
  std::size_t searched_ = 0;  // no newline before this
};

}  // namespace simplevisor::handler::protocol
