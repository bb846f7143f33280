// tests/sarra/round_trip.hpp
//
// What must hold for any bytes that are taken for an announcement: they are refused with a reason, or what they mean survives
// being written again, in the format that everything goes on in.
#pragma once

#include <string>

#include "workers/sarra/announcement.hpp"
#include "workers/sarra/judge.hpp"
#include "workers/sarra/names.hpp"
#include "workers/sarra/repost.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {

// Of one that is posted on.
inline std::string broken_promise_of_post(const message::Message& message, const Announcement& announcement) {
  RepostOptions options{.exchange = "x", .split = 3, .prefixes_of_arrival = {"v03"}};
  message::Message came = message;
  came.header["amqp-routing-key"] = "v03.\"any\\";
  const auto repost = repost_of(came, options);
  if (!repost) return "cannot be posted on: " + repost.error();
  if (repost->routing_key.size() > topic_bytes_max) return "a routing key that is too long";
  auto posted = decode(repost->message);
  if (!posted) return "nobody can read what is posted on: " + posted.error().reason;
  posted->announcement.topic = announcement.topic;
  if (posted->announcement != announcement) return "means something else when it is posted on";
  options.topic_prefix = v02_topic_prefix;
  (void)repost_of(came, options);
  return "";
}

// "": it holds.
inline std::string broken_promise(const message::Message& message) {
  static const Patterns patterns =
      Patterns::parse(std::vector<std::string>{"reject .*x$", "accept .*a"}, true).value();
  (void)judge(message, patterns, {}, Time{});
  const auto received = decode(message);
  if (!received) return received.error().reason.empty() ? "refused without a reason" : "";
  const Announcement& announcement = received->announcement;
  const std::string written = encode_v03(announcement);
  const auto again = decode_v03(written);
  if (!again) return "cannot read its own writing: " + again.error();
  if (*again != announcement) return "means something else when it is written again: " + written;
  if (topic_of(v03_topic_prefix, announcement.rel_path).size() > topic_bytes_max)
    return "a topic that is too long";
  (void)download_url(announcement);
  (void)duplicate_key(announcement);
  (void)encode(announcement, Format::v02);
  return broken_promise_of_post(message, announcement);
}

}  // namespace simplevisor::sarra
