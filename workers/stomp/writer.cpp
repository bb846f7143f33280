#include "workers/stomp/writer.hpp"

#include <fmt/format.h>

#include <iterator>

namespace simplevisor::stomp {
namespace {

constexpr Dialect unescaped_dialect{Version::v1_0, false};

}  // namespace

FrameWriter::FrameWriter(std::string& out, Dialect dialect, std::string_view command)
    : out_{out}, dialect_{command == "CONNECT" ? unescaped_dialect : dialect}, start_{out.size()} {
  out_ += command;
  out_ += '\n';
}

void FrameWriter::header(std::string_view name, std::string_view value) {
  if (name.empty() || !expressible(name, true) || !expressible(value, false)) {
    if (trouble_.empty()) {
      std::string shown{name.substr(0, 40)};
      for (char& c : shown) c = static_cast<unsigned char>(c) < 0x20 ? '?' : c;
      trouble_ = fmt::format(
          "header \"{}\" cannot be expressed in {}", shown,
          dialect_.escapes ? fmt::format("STOMP {}", name_of(dialect_.version)) : "a frame without escapes");
    }
    return;
  }
  append_escaped(name);
  out_ += ':';
  append_escaped(value);
  out_ += '\n';
}

broker::Result<void> FrameWriter::end(std::string_view body, ContentLength length) {
  if (trouble_.empty() && length == ContentLength::omitted && body.contains('\0')) {
    trouble_ = "a body with a NUL cannot go without content-length";
  }
  if (!trouble_.empty()) {
    out_.resize(start_);
    return broker::misconfigured(std::move(trouble_));
  }
  if (length == ContentLength::always || (length == ContentLength::unless_empty && !body.empty())) {
    fmt::format_to(std::back_inserter(out_), "content-length:{}\n", body.size());
  }
  out_ += '\n';
  out_ += body;
  out_ += '\0';
  return {};
}

// A CR before the end of a line is taken for a part of it by every lenient reader.
bool FrameWriter::expressible(std::string_view text, bool is_name) const {
  if (text.contains('\0')) return false;
  if (text.ends_with('\r') && dialect_.version != Version::v1_2) return false;
  if (dialect_.escapes) return true;
  return !text.contains('\n') && !(is_name && text.contains(':'));
}

void FrameWriter::append_escaped(std::string_view text) {
  if (!dialect_.escapes || text.find_first_of("\\\n\r:") == std::string_view::npos) {
    out_ += text;
    return;
  }
  for (const char c : text) {
    if (c == '\\') {
      out_ += "\\\\";
    } else if (c == '\n') {
      out_ += "\\n";
    } else if (c == ':') {
      out_ += "\\c";
    } else if (c == '\r' && dialect_.version == Version::v1_2) {
      out_ += "\\r";
    } else {
      out_ += c;
    }
  }
}

}  // namespace simplevisor::stomp
