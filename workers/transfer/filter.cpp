#include "workers/transfer/filter.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "workers/message/codec.hpp"

namespace simplevisor::transfer {
namespace {

namespace protocol = handler::protocol;

// In JSON and base64 a message is longer than it is.
constexpr std::size_t line_factor = 2;

// What is meant for us alone does not reach a program of the user's.
std::vector<std::string> inherited_environment() {
  std::vector<std::string> kept;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable{*entry};
    if (variable.starts_with("NOTIFY_SOCKET=") || variable.starts_with("WATCHDOG_") ||
        variable.starts_with("LISTEN_"))
      continue;
    kept.emplace_back(variable);
  }
  return kept;
}

struct Translation {
  std::size_t message_bytes_max;

  FilterAnswer operator()(protocol::Ready& ready) const {
    return Event{FilterReady{ready.window, ready.wants_idle}};
  }
  FilterAnswer operator()(protocol::Accept& accept) const {
    if (!accept.message_json) return FilterAccepted{accept.seq, {}};
    auto decoded = message::decode(*accept.message_json, {.input_bytes_max = line_factor * message_bytes_max,
                                                          .body_bytes_max = message_bytes_max});
    if (!decoded)
      return Event{CheckFailed{accept.seq, fmt::format("the filter's message: {}", decoded.error().text())}};
    return FilterAccepted{accept.seq, std::move(decoded->message)};
  }
  FilterAnswer operator()(protocol::Discard& discard) const { return Event{Discarded{discard.seq}}; }
  FilterAnswer operator()(protocol::Retry& retry) const { return Event{CheckLater{retry.seq, retry.delay}}; }
  FilterAnswer operator()(protocol::Fail& fail) const {
    return Event{CheckFailed{fail.seq, fmt::format("filter: {}", fail.reason)}};
  }
  FilterAnswer operator()(handler::Gone& gone) const {
    return Event{FilterGone{fmt::format("filter: {}", gone.reason)}};
  }
  FilterAnswer operator()(protocol::Done&) const { std::unreachable(); }  // no word of a filter's vocabulary
};

}  // namespace

Filter::Filter(boost::asio::any_io_executor executor, const Settings& settings, Tell tell)
    : message_bytes_max_{settings.message_bytes_max},
      tell_{std::move(tell)},
      process_{std::move(executor),
               {.arguments = settings.filter,
                .environment = inherited_environment(),
                .data_json = settings.filter_data,
                .vocabulary = protocol::Vocabulary::filter,
                .line_bytes_max = line_factor * settings.message_bytes_max},
               [this](handler::CoProcess::Event event) { heard(std::move(event)); }} {}

std::optional<std::string> Filter::give(Ticket ticket, const message::Message& message) {
  const auto json = message::encode(message);
  if (!json) return json.error().text();
  // Without a process the machine hears of its end, and offers the message again.
  (void)process_.give(ticket, protocol::check_line(ticket, *json));
  return std::nullopt;
}

void Filter::heard(handler::CoProcess::Event event) {
  FilterAnswer answer = std::visit(Translation{message_bytes_max_}, event);
  tell_(answer);
}

}  // namespace simplevisor::transfer
