#include "workers/sarra/repost.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <numeric>
#include <optional>

#include "workers/message/text.hpp"

namespace simplevisor::sarra {
namespace {

const std::string* other(const Announcement& announcement, std::string_view name) {
  const auto found =
      std::ranges::find(announcement.others, name, [](const auto& field) { return field.first; });
  return found == announcement.others.end() ? nullptr : &found->second;
}

std::string split_exchange(std::string_view exchange, std::size_t index) {
  return fmt::format("{}{:02}", exchange, index);
}

// A whole number, or a text that is one.
std::optional<std::int64_t> split_override(const Announcement& announcement) {
  const std::string* const raw = other(announcement, "exchangeSplitOverride");
  if (raw == nullptr) return std::nullopt;
  std::string_view text = *raw;
  if (text.size() > 1 && text.starts_with('"') && text.ends_with('"')) text = text.substr(1, text.size() - 2);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The key that `message` came by, if it says more than the path does.
std::optional<std::string> key_of_its_own(const message::Message& message, const Announcement& announcement,
                                          const std::vector<std::string>& prefixes) {
  const auto came_by = message.header.find("amqp-routing-key");
  // A field of that name in a form that is none of ours is somebody else's; one that is not UTF-8 has no place in JSON.
  const bool has_topic = announcement.topic || other(announcement, "topic") != nullptr;
  if (has_topic || prefixes.empty() || came_by == message.header.end() || came_by->second.empty() ||
      message::first_invalid_utf8(came_by->second)) {
    return std::nullopt;
  }
  const bool is_the_paths = std::ranges::any_of(prefixes, [&](const std::string& prefix) {
    return topic_of(prefix, announcement.rel_path) == came_by->second;
  });
  return is_the_paths ? std::nullopt : std::optional{came_by->second};
}

// `body` is an object that has fields, and not this one.
void add_topic(std::string& body, std::string_view topic) {
  std::string field = ",\"topic\":";
  message::append_json_string(field, topic);
  body.insert(body.rfind('}'), field);
}

}  // namespace

bool RepostOptions::may_go_to(std::string_view name) const {
  if (split < 2) return name == exchange;
  for (std::size_t index = 0; index < split; ++index) {
    if (name == split_exchange(exchange, index)) return true;
  }
  return false;
}

std::size_t split_index(const Announcement& announcement, std::size_t exchanges) {
  const auto number = static_cast<std::int64_t>(exchanges);
  if (const auto said = split_override(announcement))
    return static_cast<std::size_t>((*said % number + number) % number);
  const std::string text = announcement.identity ? announcement.identity->value : duplicate_key(announcement);
  const auto sum = std::accumulate(text.begin(), text.end(), std::size_t{0}, [](std::size_t before, char c) {
    return before + static_cast<unsigned char>(c);
  });
  return sum % exchanges;
}

Format format_of(std::string_view topic_prefix) {
  return topic_prefix == "v02" || topic_prefix.starts_with("v02.") ? Format::v02 : Format::v03;
}

std::expected<Repost, std::string> repost_of(const message::Message& message, const RepostOptions& options) {
  auto received = decode(message);
  if (!received) return std::unexpected(std::move(received).error().reason);
  Announcement& announcement = received->announcement;
  const auto kept = key_of_its_own(message, announcement, options.prefixes_of_arrival);
  if (kept) announcement.topic = kept;
  const std::string topic = announcement.topic.value_or("");

  Repost made;
  made.exchange = options.split > 1
                      ? split_exchange(options.exchange, split_index(announcement, options.split))
                      : options.exchange;
  made.routing_key =
      topic.empty() ? topic_of(options.topic_prefix, announcement.rel_path) : key_of_topic(topic);
  const Format format = format_of(options.topic_prefix);
  auto encoded = encode(announcement, format);
  if (!encoded) return std::unexpected(std::move(encoded).error());
  made.message = *std::move(encoded);
  if (format == Format::v03 && received->format == Format::v03) {
    made.message.body = message.body;
    if (kept) add_topic(made.message.body, *kept);
  }
  return made;
}

}  // namespace simplevisor::sarra
