// tests/stomp/codec_support.hpp
//
// Feeding a parser, and reading the recorded vectors.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "workers/message/text.hpp"
#include "workers/stomp/parser.hpp"

namespace simplevisor::stomp {

inline boost::json::value vectors(const std::string& name) {
  std::ifstream file{std::string{VECTORS_DIR} + "/" + name};
  std::stringstream content;
  content << file.rdbuf();
  return boost::json::parse(content.str());
}

inline std::string bytes_of(const boost::json::value& base64) {
  return message::base64_decoded(std::string_view{base64.as_string()}).value();
}

inline void feed(Parser& parser, std::string_view bytes) {
  const auto room = parser.prepare(bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  parser.commit(bytes.size());
}

struct Parsed {
  std::vector<Frame> frames;
  std::string error;  // "" for none
};

// All of `bytes` in pieces of `piece`.
inline Parsed parse(std::string_view bytes, Dialect dialect, std::size_t piece,
                    const ParserLimits& limits = {}) {
  Parser parser{limits, dialect};
  Parsed parsed;
  while (!bytes.empty()) {
    const std::size_t now = std::min(piece, bytes.size());
    feed(parser, bytes.substr(0, now));
    bytes.remove_prefix(now);
    while (true) {
      auto frame = parser.next();
      if (!frame) {
        parsed.error = frame.error().message;
        return parsed;
      }
      if (!*frame) break;
      parsed.frames.push_back(**std::move(frame));
    }
  }
  return parsed;
}

}  // namespace simplevisor::stomp
