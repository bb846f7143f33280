// workers/sarra/repost.hpp
//
// What becomes of an announcement that is posted on: which exchange it goes to, by which routing key, and in which format.
//
// Key        what the field `topic` says; without it that of the path. A message that came by another key than its path's
//            keeps that one, in `topic`, so that whoever posts it next uses it too.
// Exchange   with a split of N, exchangeNN: the sum of the bytes of the identity's value, modulo N, so that what is the same
//            meets its like; exchangeSplitOverride says another number. What has no identity goes by its duplicate key.
// Body       of v03 byte for byte, but for an added `topic`. In the old format, what that can carry.
// Errors     one line: no announcement, or one that the old format cannot carry.
// Threads    free functions without state.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "workers/message/message.hpp"
#include "workers/sarra/announcement.hpp"
#include "workers/sarra/names.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {

struct RepostOptions {
  std::string exchange;
  std::size_t split = 0;  // so many exchanges; below 2: the one
  std::string topic_prefix{v03_topic_prefix};
  // What the topics of those we subscribe to begin with. None: by which key a message came says nothing any more.
  std::vector<std::string> prefixes_of_arrival = {};

  [[nodiscard]] bool may_go_to(std::string_view name) const;
};

struct Repost {
  std::string exchange;
  std::string routing_key;
  message::Message message;  // with the properties that sr3 sets, and no header but the old format's
};

[[nodiscard]] std::expected<Repost, std::string> repost_of(const message::Message& message,
                                                           const RepostOptions& options);

// Below `exchanges`.
[[nodiscard]] std::size_t split_index(const Announcement& announcement, std::size_t exchanges);

// A topic prefix says which format its messages have.
[[nodiscard]] Format format_of(std::string_view topic_prefix);

}  // namespace simplevisor::sarra
