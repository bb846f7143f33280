// workers/sarra/judge.hpp
//
// What becomes of a message that a subscription brought, before duplicates are looked for.
//
// Order      format, age of the announcement, age of the file, patterns: as sr3 does it.
// Wanted     the message for the queue: the v03 object as body (of a v03 message byte for byte), and of the header only
//            content-type, amqp-exchange and amqp-routing-key, which is left out where the path became another; and redelivered,
//            if it may have come before.
// Codes      those of sr3's reports: 404 pattern, 410 file too old, 425 from the future, 504 announcement too old. A file
//            that is too young is Later.
// Time       handed in.
// Threads    const; no state.
#pragma once

#include <chrono>
#include <string>
#include <variant>

#include "workers/message/message.hpp"
#include "workers/sarra/announcement.hpp"
#include "workers/sarra/patterns.hpp"
#include "workers/sarra/time.hpp"

namespace simplevisor::sarra {

struct Wanted {
  message::Message message;
  std::string key;  // with `path`: by which duplicates are known
  std::string path;
};
struct Unwanted {
  int code = 404;
};
struct Later {
  std::chrono::milliseconds delay{0};
};
struct Foreign {};
struct Malformed {
  std::string reason;
};
using Judgement = std::variant<Wanted, Unwanted, Later, Foreign, Malformed>;

struct Ages {
  // 0: any.
  std::chrono::milliseconds message_max{0};
  std::chrono::milliseconds file_max{0};
  std::chrono::milliseconds file_min{0};
};

[[nodiscard]] Judgement judge(const message::Message& message, const Patterns& patterns, const Ages& ages,
                              Time now);

}  // namespace simplevisor::sarra
