// workers/dirq/normal/table.cpp
#include "workers/dirq/normal/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace simplevisor::dirq {

namespace {

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        out += c;
    }
  }
}

std::string unescaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char next = text[at] == '\\' && at + 1 < text.size() ? text[at + 1] : '\0';
    if (next == '\\' || next == 't' || next == 'n') {
      out += next == 't' ? '\t' : next == 'n' ? '\n' : '\\';
      ++at;
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace

std::string encode_table(const Table& table) {
  std::string out;
  for (const auto& [key, value] : table) {
    append_escaped(out, key);
    out += '\t';
    append_escaped(out, value);
    out += '\n';
  }
  return out;
}

Result<Table> decode_table(std::string_view text) {
  Table table;
  std::size_t line = 1;
  for (; text.starts_with('\n'); ++line) text.remove_prefix(1);
  while (text.ends_with('\n')) text.remove_suffix(1);
  for (bool more = !text.empty(); more; ++line) {
    const std::size_t end = text.find('\n');
    more = end != std::string_view::npos;
    const std::string_view pair = text.substr(0, end);
    if (more) text.remove_prefix(end + 1);
    const std::size_t tab = pair.find('\t');
    if (tab == std::string_view::npos || pair.find('\t', tab + 1) != std::string_view::npos)
      return failed(Errc::malformed, fmt::format("table: line {}: not one key, one TAB and one value", line));
    table.insert_or_assign(unescaped(pair.substr(0, tab)), unescaped(pair.substr(tab + 1)));
  }
  return table;
}

bool is_utf8(std::string_view text) noexcept {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  for (std::size_t at = 0; at < text.size();) {
    const unsigned char lead = byte(at);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - at < length) return false;
    // The range of the second byte rules out overlong forms, surrogates, and what lies beyond U+10FFFF.
    const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(at + 1) < low || byte(at + 1) > high) return false;
    for (std::size_t i = 2; i < length; ++i) {
      if ((byte(at + i) & 0xC0U) != 0x80) return false;
    }
    at += length;
  }
  return true;
}

}  // namespace simplevisor::dirq
