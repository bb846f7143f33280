// tests/sarra/round_trip.hpp
//
// What must hold for any bytes that are taken for an announcement: they are refused with a reason, or what they mean survives
// being written again, in the format that everything goes on in.
#pragma once

#include <string>

#include "workers/sarra/announcement.hpp"
#include "workers/sarra/judge.hpp"
#include "workers/sarra/names.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {

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
  return "";
}

}  // namespace simplevisor::sarra
