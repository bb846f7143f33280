// workers/sarra/wire.hpp
//
// Announcements as messages, and back: the two formats of Sarracenia on AMQP.
//
// v03        content-type application/json; the body is one JSON object.
// v02        content-type text/plain; the body is "time base-url path", everything else is in the header as texts. Inline
//            content cannot be expressed, and a link's target only in the header `link`, which sr3 does not write.
// Reading    by content type; where that does not help by the body: v02 has no "{" among its first five characters. The old
//            names integrity, retPath and parts are understood.
// Message    as workers/amqp gives and takes it: properties and header table in one header.
// Errors     Foreign: another format that is none of ours (geo+json). Malformed: a damaged one of ours; one line.
// Threads    free functions without state.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "workers/message/message.hpp"
#include "workers/sarra/announcement.hpp"

namespace simplevisor::sarra {

enum class Format : std::uint8_t { v03, v02 };

struct Undecodable {
  bool foreign = false;
  std::string reason;
};

struct Received {
  Announcement announcement;
  Format format = Format::v03;
};

[[nodiscard]] std::expected<Received, Undecodable> decode(const message::Message& message);
[[nodiscard]] std::expected<Announcement, std::string> decode_v03(std::string_view body);

[[nodiscard]] std::string encode_v03(const Announcement& announcement);  // the body alone

// With its content type, persistent. v02 may fail: a field of 255 bytes or more, which no reader takes.
[[nodiscard]] std::expected<message::Message, std::string> encode(const Announcement& announcement,
                                                                  Format format);

}  // namespace simplevisor::sarra
