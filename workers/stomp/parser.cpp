#include "workers/stomp/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <utility>

namespace simplevisor::stomp {
namespace {

using broker::Failure;
using broker::Result;

constexpr std::array<std::string_view, 15> commands{
    "MESSAGE", "RECEIPT",     "ERROR", "CONNECTED", "SEND",  "ACK",     "NACK",      "SUBSCRIBE",
    "STOMP",   "UNSUBSCRIBE", "BEGIN", "COMMIT",    "ABORT", "CONNECT", "DISCONNECT"};
constexpr std::size_t command_bytes_max = 11;
constexpr std::size_t content_length_digits_max = 18;  // so that it cannot overflow

std::unexpected<Failure> damaged(std::string message) {
  return std::unexpected(Failure{Failure::Kind::protocol, "STOMP: " + std::move(message)});
}

// A piece of what came, fit for a message.
std::string shown(std::string_view bytes) {
  constexpr std::size_t shown_max = 40;
  std::string text;
  for (const char c : bytes.substr(0, shown_max)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte >= 0x7F ? '?' : c;
  }
  return bytes.size() > shown_max ? text + "..." : text;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Nothing: an escape that this version does not know.
std::optional<std::string> unescaped(std::string_view text, Version version) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      plain += text[i];
      continue;
    }
    const char letter = ++i < text.size() ? text[i] : '\0';
    if (letter == 'n') {
      plain += '\n';
    } else if (letter == 'c') {
      plain += ':';
    } else if (letter == '\\') {
      plain += '\\';
    } else if (letter == 'r' && version == Version::v1_2) {
      plain += '\r';
    } else {
      return std::nullopt;
    }
  }
  return plain;
}

}  // namespace

Parser::Parser(const ParserLimits& limits, Dialect dialect) : limits_{limits}, dialect_{dialect} {}

std::span<char> Parser::prepare(std::size_t bytes) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.size() - end_ < bytes && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  if (buffer_.size() - end_ < bytes) buffer_.resize(end_ + bytes);
  return {buffer_.data() + end_, buffer_.size() - end_};
}

void Parser::commit(std::size_t bytes) {
  assert(bytes <= buffer_.size() - end_);
  end_ += bytes;
}

Result<std::optional<Frame>> Parser::next() {
  if (state_ == State::between) {
    if (!skip_ends_of_line()) return std::nullopt;
    state_ = State::head;
    frame_ = {};
    head_bytes_ = 0;
    scanned_ = 0;
  }
  if (state_ == State::head) {
    const auto complete = read_head();
    if (!complete) return std::unexpected(complete.error());
    if (!*complete) return std::nullopt;
  }
  if (state_ == State::sized_body) {
    const auto complete = read_sized_body();
    if (!complete) return std::unexpected(complete.error());
    if (!*complete) return std::nullopt;
  } else if (!read_open_body()) {
    return std::nullopt;
  }
  state_ = State::between;
  return std::move(frame_);
}

bool Parser::skip_ends_of_line() {
  while (begin_ < end_ && (buffer_[begin_] == '\n' || buffer_[begin_] == '\r')) ++begin_;
  return begin_ < end_;
}

Result<bool> Parser::read_head() {
  while (true) {
    const std::string_view bytes = unread();
    const std::size_t end = bytes.find('\n', scanned_);
    const std::size_t line_bytes = std::min(end, bytes.size());
    if (frame_.command.empty() && line_bytes > command_bytes_max + 1) {
      return damaged(
          fmt::format("\"{}\" is no command; does the other side speak STOMP here?", shown(bytes)));
    }
    if (head_bytes_ + line_bytes > limits_.header_bytes_max) {
      return damaged(
          fmt::format("the headers of {} exceed {} bytes", frame_.command, limits_.header_bytes_max));
    }
    if (end == std::string_view::npos) {
      scanned_ = bytes.size();
      return false;
    }
    std::string_view line = bytes.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool last = line.empty();
    if (auto done = last ? end_head() : read_line(line); !done)
      return std::unexpected(std::move(done).error());
    consume(end + 1);
    head_bytes_ += end + 1;
    scanned_ = 0;
    if (last) return true;
  }
}

Result<void> Parser::read_line(std::string_view line) {
  if (!frame_.command.empty()) return read_header(line);
  if (std::ranges::find(commands, line) == commands.end()) {
    return damaged(fmt::format("\"{}\" is no command; does the other side speak STOMP here?", shown(line)));
  }
  frame_.command = line;
  return {};
}

Result<void> Parser::read_header(std::string_view line) {
  if (frame_.headers.size() >= limits_.header_count_max) {
    return damaged(fmt::format("{} has more than {} headers", frame_.command, limits_.header_count_max));
  }
  const bool connecting =
      frame_.command == "CONNECTED" || frame_.command == "CONNECT" || frame_.command == "STOMP";
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return damaged(fmt::format("the line \"{}\" in {} is no header", shown(line), frame_.command));
  }
  std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(colon + 1);
  if (dialect_.version == Version::v1_0) {
    name = trimmed(name);
    value = trimmed(value);
  } else if (!connecting && frame_.command != "ERROR" && value.contains(':')) {
    return damaged(fmt::format("header \"{}\" of {} holds a bare \":\"", shown(name), frame_.command));
  }
  if (name.empty()) return damaged(fmt::format("{} has a header without a name", frame_.command));

  HeaderField field{name, value};
  if (dialect_.escapes && !connecting && line.contains('\\')) {
    auto plain_name = unescaped(name, dialect_.version);
    auto plain_value = unescaped(value, dialect_.version);
    if (!plain_name || !plain_value) {
      return damaged(fmt::format("header \"{}\" of {} holds an escape that STOMP {} does not have",
                                 shown(name), frame_.command, name_of(dialect_.version)));
    }
    field = {*std::move(plain_name), *std::move(plain_value)};
  }
  const auto earlier = std::ranges::find(frame_.headers, field.first, &HeaderField::first);
  if (earlier == frame_.headers.end()) {
    frame_.headers.push_back(std::move(field));
  } else if (dialect_.version == Version::v1_0) {
    earlier->second = std::move(field.second);
  }
  return {};
}

Result<void> Parser::end_head() {
  // Blanks around it are a part of other headers from 1.1 on, but no writer means them here, and to take a body with NULs
  // for several frames would be worse.
  const auto found = std::ranges::find_if(
      frame_.headers, [](const HeaderField& field) { return trimmed(field.first) == "content-length"; });
  if (found == frame_.headers.end()) {
    state_ = State::open_body;
    return {};
  }
  const std::string_view length = trimmed(found->second);
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), body_left_);
  if (length.size() > content_length_digits_max || error != std::errc{} ||
      end != length.data() + length.size()) {
    return damaged(fmt::format("{} has the content-length \"{}\"", frame_.command, shown(length)));
  }
  state_ = State::sized_body;
  return {};
}

Result<bool> Parser::read_sized_body() {
  const std::string_view bytes = unread();
  const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, bytes.size()));
  take_body(bytes.substr(0, piece));
  body_left_ -= piece;
  consume(piece);
  if (body_left_ > 0 || begin_ == end_) return false;
  if (buffer_[begin_] != '\0') {
    return damaged(fmt::format("the body of {} goes on after its content-length of {}", frame_.command,
                               frame_.body_bytes));
  }
  consume(1);
  return true;
}

bool Parser::read_open_body() {
  const std::string_view bytes = unread();
  const std::size_t end = bytes.find('\0');
  const std::size_t piece = std::min(end, bytes.size());
  take_body(bytes.substr(0, piece));
  consume(piece);
  if (end == std::string_view::npos) return false;
  consume(1);
  return true;
}

void Parser::take_body(std::string_view bytes) {
  frame_.body_bytes += bytes.size();
  if (frame_.body_bytes <= limits_.body_bytes_max) {
    frame_.body += bytes;
    return;
  }
  // Too large: what is kept of it is a sample, and the rest passes by.
  const std::size_t kept = std::min(limits_.truncated_bytes_kept, limits_.body_bytes_max);
  if (frame_.body.size() < kept) frame_.body += bytes.substr(0, kept - frame_.body.size());
  if (frame_.body.size() > kept) {
    frame_.body.resize(kept);
    frame_.body.shrink_to_fit();
  }
}

}  // namespace simplevisor::stomp
