#include "workers/sarra/judge.hpp"

#include <optional>

#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

using namespace std::chrono_literals;

constexpr auto future_max = 100s;

// Nothing: its age is no reason to turn it away.
std::optional<Judgement> by_age(const Announcement& announcement, const Ages& ages, Time now) {
  const auto published = parse_time(announcement.pub_time);
  if (ages.message_max > 0ms && published && now - *published > ages.message_max) return Unwanted{504};
  const auto modified = announcement.mtime ? parse_time(*announcement.mtime) : std::nullopt;
  if (!modified) return std::nullopt;
  const auto age = now - *modified;
  if (age < -future_max) return Unwanted{425};
  if (ages.file_max > 0ms && age > ages.file_max) return Unwanted{410};
  if (ages.file_min > 0ms && age < ages.file_min)
    return Later{std::chrono::ceil<std::chrono::milliseconds>(ages.file_min - age)};
  return std::nullopt;
}

message::Message for_the_queue(const message::Message& message, std::string body) {
  message::Message made{{{"content-type", "application/json"}}, std::move(body), true};
  for (const char* name : {"amqp-exchange", "amqp-routing-key"}) {
    if (const auto found = message.header.find(name); found != message.header.end())
      made.header.insert(*found);
  }
  // That it may have come before is worth knowing; that it has not is the rule.
  if (const auto found = message.header.find("redelivered");
      found != message.header.end() && found->second == "true")
    made.header.insert(*found);
  return made;
}

}  // namespace

Judgement judge(const message::Message& message, const Patterns& patterns, const Ages& ages, Time now) {
  auto received = decode(message);
  if (!received) {
    if (received.error().foreign) return Foreign{};
    return Malformed{std::move(received).error().reason};
  }
  Announcement& announcement = received->announcement;
  auto by_its_age = by_age(announcement, ages, now);
  const bool young = by_its_age && std::holds_alternative<Later>(*by_its_age);
  if (by_its_age && !young) return *std::move(by_its_age);
  const auto decision = patterns.decide(announcement);
  if (decision == Patterns::Decision::reject) return Unwanted{404};
  if (young) return *std::move(by_its_age);  // what nobody wants does not wait
  bool as_it_came = received->format == Format::v03;
  if (decision == Patterns::Decision::accept_removal_of_old_name) {
    announcement.rel_path = announcement.file_op.at("rename");
    announcement.file_op = {{"remove", ""}};
    as_it_came = false;
  }
  Wanted wanted{for_the_queue(message, as_it_came ? message.body : encode_v03(announcement)),
                duplicate_key(announcement), announcement.rel_path};
  // The key it came by is the new name's.
  if (decision == Patterns::Decision::accept_removal_of_old_name)
    wanted.message.header.erase("amqp-routing-key");
  return wanted;
}

}  // namespace simplevisor::sarra
