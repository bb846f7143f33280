// tests/sarra/round_trip.hpp
//
// What must hold for any bytes that are taken for an announcement: they are refused with a reason, or what they mean survives
// being written again, in the format that everything goes on in.
#pragma once

#include <string>

#include "workers/sarra/announcement.hpp"
#include "workers/sarra/judge.hpp"
#include "workers/sarra/names.hpp"
#include "workers/sarra/part.hpp"
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

// Of a part of a file: it is within the file, whose name is below the directory of the part's.
inline std::string broken_promise_of_part(const Announcement& announcement) {
  const auto part = part_of(announcement);
  if (!part) return part.error().empty() ? "no part, without a reason" : "";
  if (part->blocks.empty() || part->blocks.size() > parts_max) return "an impossible number of parts";
  if (part->number && *part->number >= part->blocks.size()) return "a part that is not there";
  for (std::size_t n = 0; n < part->blocks.size(); ++n) {
    if (part->blocks[n].size == 0) return "a part of no size";
  }
  if (part->offset(part->blocks.size() - 1) >= part->total() || part->total() >> 63U != 0)
    return "a file that is too large";
  if (part->path.empty() || !announcement.rel_path.starts_with(part->path)) return "a part of another file";
  (void)version_of(announcement, *part);
  const auto parts = parts_field(*part);
  if (!parts) return "";
  Announcement old = announcement;
  std::erase_if(old.others, [](const auto& f) { return f.first == "blocks" || f.first == "parts"; });
  old.others.emplace_back("parts", '"' + *parts + '"');
  const auto again = part_of(old);
  return again && again->number == part->number && again->total() == part->total()
             ? ""
             : "another part: " + *parts;
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
  if (announcement.partial) {
    if (std::string broken = broken_promise_of_part(announcement); !broken.empty()) return broken;
  }
  (void)download_url(announcement);
  (void)duplicate_key(announcement);
  (void)encode(announcement, Format::v02);
  return broken_promise_of_post(message, announcement);
}

}  // namespace simplevisor::sarra
