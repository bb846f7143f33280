#include "workers/handler/protocol.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

namespace simplevisor::handler::protocol {
namespace {

namespace json = boost::json;

constexpr double delay_seconds_max = 86'400;
constexpr std::size_t line_shown_max = 80;

std::unexpected<std::string> bad(std::string_view what, std::string_view line) {
  return std::unexpected(fmt::format("{}: {}", what, line.substr(0, line_shown_max)));
}

std::expected<Reply, std::string> parse_ready(const json::object& object, std::string_view line) {
  Ready ready;
  if (const auto* window = object.if_contains("window")) {
    json::error_code ec;
    ready.window = window->to_number<std::size_t>(ec);
    if (ec || ready.window == 0) return bad("\"window\" is not a positive number", line);
  }
  if (const auto* idle = object.if_contains("idle")) {
    if (!idle->is_bool()) return bad("\"idle\" is not a boolean", line);
    ready.wants_idle = idle->as_bool();
  }
  return ready;
}

std::expected<Reply, std::string> parse_retry(std::uint64_t seq, const json::object& object,
                                              std::string_view line) {
  Retry retry{seq, {}};
  if (const auto* delay = object.if_contains("delay")) {
    json::error_code ec;
    const auto seconds = delay->to_number<double>(ec);
    if (ec || !std::isfinite(seconds) || seconds < 0 || seconds > delay_seconds_max) {
      return bad("\"delay\" is not a number of seconds up to a day", line);
    }
    retry.delay = std::chrono::milliseconds{std::llround(seconds * 1000)};
  }
  return retry;
}

template <class Answer>
std::expected<Reply, std::string> parse_with_reason(Answer answer, const json::object& object,
                                                    std::string_view line) {
  if (const auto* reason = object.if_contains("reason")) {
    if (!reason->is_string()) return bad("\"reason\" is not a string", line);
    answer.reason = std::string{reason->as_string()}.substr(0, reason_bytes_max);
  }
  return answer;
}

std::expected<Reply, std::string> parse_accept(std::uint64_t seq, const json::object& object,
                                               std::string_view line) {
  Accept accept{seq, {}};
  if (const auto* message = object.if_contains("message")) {
    if (!message->is_object()) return bad("\"message\" is not an object", line);
    accept.message_json = json::serialize(*message);
  }
  return accept;
}

}  // namespace

std::string start_line(std::string_view data_json) {
  return fmt::format("{{\"op\":\"start\",\"protocol\":{},\"data\":{}}}\n", version, data_json);
}

std::string handle_line(std::uint64_t seq, unsigned attempt, std::string_view message_json) {
  return fmt::format("{{\"op\":\"handle\",\"seq\":{},\"attempt\":{},\"message\":{}}}\n", seq, attempt,
                     message_json);
}

std::string check_line(std::uint64_t seq, std::string_view message_json) {
  return fmt::format("{{\"op\":\"check\",\"seq\":{},\"message\":{}}}\n", seq, message_json);
}

std::string idle_line() {
  return "{\"op\":\"idle\"}\n";
}

std::string stop_line() {
  return "{\"op\":\"stop\"}\n";
}

std::expected<Reply, std::string> parse_reply(std::string_view line, Vocabulary vocabulary) {
  json::error_code ec;
  const json::value value = json::parse(line, ec);
  if (ec) return bad(fmt::format("not JSON ({})", ec.message()), line);
  const json::object* object = value.if_object();
  if (object == nullptr) return bad("not a JSON object", line);

  if (const auto* op = object->if_contains("op")) {
    if (!op->is_string() || op->as_string() != "ready") return bad("unknown \"op\"", line);
    return parse_ready(*object, line);
  }
  const auto* number = object->if_contains("seq");
  if (number == nullptr) return bad("neither \"op\" nor \"seq\"", line);
  const auto seq = number->to_number<std::uint64_t>(ec);
  if (ec) return bad("\"seq\" is not a number", line);
  const auto* action = object->if_contains("action");
  if (action == nullptr || !action->is_string()) return bad("no \"action\"", line);
  const std::string_view word = action->as_string();
  const bool filter = vocabulary == Vocabulary::filter;
  if (!filter && word == "done") return Done{seq};
  if (filter && word == "accept") return parse_accept(seq, *object, line);
  if (filter && word == "discard") return parse_with_reason(Discard{seq, ""}, *object, line);
  if (word == "retry") return parse_retry(seq, *object, line);
  if (word == "fail") return parse_with_reason(Fail{seq, "failed, without a reason"}, *object, line);
  return bad("unknown \"action\"", line);
}

void Lines::append(std::string_view bytes) {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
  }
  buffer_.append(bytes);
}

std::optional<std::string_view> Lines::next() {
  const std::size_t end = buffer_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = buffer_.size();
    return std::nullopt;
  }
  const std::string_view line = std::string_view{buffer_}.substr(begin_, end - begin_);
  begin_ = searched_ = end + 1;
  return line;
}

}  // namespace simplevisor::handler::protocol
