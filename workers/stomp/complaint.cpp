#include "workers/stomp/complaint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace simplevisor::stomp {
namespace {

using Kind = broker::Failure::Kind;

constexpr std::array<std::string_view, 9> of_access{"access refused", "access_refused", "access denied",
                                                    "authent",        "password",       "credential",
                                                    "not authorized", "security",       "user name"};
constexpr std::array<std::string_view, 6> of_going{"shutdown",      "shutting down",   "connection_forced",
                                                   "broker forced", "connection died", "stopped"};
constexpr std::array<std::string_view, 5> of_no_room{"resourceallocationexception", "limit reached",
                                                     "no space", "resource_error", "is full"};

template <class Words>
bool any_of(const Words& words, std::string_view text) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.contains(word); });
}

// One line: the header `message`, and the first line of the body where that says more.
std::string text_of(const Frame& error) {
  constexpr std::size_t shown_max = 300;
  std::string text{error.header_or("message", "")};
  const std::string_view body{error.body};
  const std::string_view line = body.substr(0, std::min(body.find('\n'), shown_max));
  if (!line.contains(text)) {
    text = fmt::format("{}: {}", text, line);
  } else {
    text = line;
  }
  if (text.size() > shown_max) text.resize(shown_max);
  for (char& c : text) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  return text;
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

}  // namespace

Complaint understand(const Frame& error, Complaint::During during) {
  const std::string text = text_of(error);
  const std::string words = lower(text);
  // Without a word about it we ask for a virtual host of the broker's name, as every client does.
  const bool of_the_host = words.find("virtual host") != std::string::npos;
  Complaint complaint{
      {Kind::temporary,
       fmt::format("broker says: {}{}", text, of_the_host ? " (broker-connect host=/ names another)" : "")}};
  if (any_of(of_going, words)) {
    complaint.failure.kind = Kind::unavailable;
    complaint.passing = true;
  } else if (any_of(of_no_room, words)) {
    complaint.passing = true;
  } else if (any_of(of_access, words)) {
    complaint.failure.kind = Kind::authentication;
  } else if (during == Complaint::During::subscribing ||
             (during == Complaint::During::greeting && words.contains("version"))) {
    complaint.failure.kind = Kind::configuration;
  }
  return complaint;
}

}  // namespace simplevisor::stomp
