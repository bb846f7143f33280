#include "supervisor/runtime/logs/stored_line.hpp"

#include <algorithm>
#include <charconv>

namespace simplevisor::runtime::logs {
namespace {

bool take(std::string_view& rest, std::string_view beginning) {
  if (!rest.starts_with(beginning)) return false;
  rest.remove_prefix(beginning.size());
  return true;
}

Stream take_stream(std::string_view& rest) {
  if (take(rest, "stdout")) return Stream::out;
  if (take(rest, "stderr")) return Stream::err;
  return Stream::unknown;
}

std::optional<StoredLine> parse_text(std::string_view line) {
  const auto time = leading_time(line);
  if (!time || time->bytes != time_text_bytes) return std::nullopt;
  std::string_view rest = line.substr(time->bytes);
  StoredLine stored{.time = time->time, .text = {}};
  if (!take(rest, " ")) return std::nullopt;
  stored.stream = take_stream(rest);
  if (stored.stream == Stream::unknown) return std::nullopt;
  stored.partial = rest.starts_with(" P ");
  if (!stored.partial && !rest.starts_with(" F ")) return std::nullopt;
  stored.text = rest.substr(3);
  return stored;
}

void append_utf8(std::string& to, unsigned code) {
  const auto put = [&to](unsigned byte) { to.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

// The contents of a string of JSON that we wrote ourselves: of \u only what is below the surrogates.
std::string unescaped(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    if (text.front() != '\\' || text.size() < 2) {
      const std::size_t end = std::min(text.find('\\', 1), text.size());
      plain += text.substr(0, end);
      text.remove_prefix(end);
      continue;
    }
    const char kind = text[1];
    text.remove_prefix(2);
    unsigned code = 0;
    if (kind == 'u' && text.size() >= 4 &&
        std::from_chars(text.data(), text.data() + 4, code, 16).ptr == text.data() + 4) {
      append_utf8(plain, code);
      text.remove_prefix(4);
    } else {
      plain += kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
    }
  }
  return plain;
}

// The end of the string of JSON that begins before `at`; npos when it has none.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    if (text[at] == '"') return at;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

std::optional<StoredLine> parse_json(std::string_view line) {
  std::string_view rest = line;
  if (!take(rest, R"({"time":")")) return std::nullopt;
  const auto time = leading_time(rest);
  if (!time) return std::nullopt;
  StoredLine stored{.time = time->time, .text = {}};
  rest.remove_prefix(time->bytes);
  if (!take(rest, R"(","stream":")")) return std::nullopt;
  stored.stream = take_stream(rest);
  if (stored.stream == Stream::unknown || !take(rest, R"(","path":")")) return std::nullopt;
  const std::size_t path_end = end_of_string(rest, 0);
  if (path_end == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(path_end);
  if (!take(rest, R"(","life":)")) return std::nullopt;
  rest.remove_prefix(std::min(rest.find_first_not_of("0123456789"), rest.size()));
  stored.partial = take(rest, R"(,"partial":true)");
  std::string_view message = rest;
  if (take(message, R"(,"message":")")) {
    const std::size_t end = end_of_string(message, 0);
    if (end != std::string_view::npos && message.substr(end) == "\"}") {
      stored.text = unescaped(message.substr(0, end));
      return stored;
    }
  }
  if (!rest.ends_with('}')) return std::nullopt;
  stored.text = "{";
  stored.text += take(rest, ",") ? rest : "}";
  return stored;
}

}  // namespace

std::string_view name_of(Stream stream) {
  switch (stream) {
    case Stream::unknown:
      return "";
    case Stream::out:
      return "stdout";
    case Stream::err:
      return "stderr";
  }
  return "";
}

StoredLine parse_line(std::string_view line) {
  if (auto text = parse_text(line)) return *std::move(text);
  if (auto object = parse_json(line)) return *std::move(object);
  StoredLine raw{.text = std::string{line}};
  const bool bracket = line.starts_with('[');
  if (const auto time = leading_time(line.substr(bracket ? 1 : 0))) raw.time = time->time;
  return raw;
}

}  // namespace simplevisor::runtime::logs
