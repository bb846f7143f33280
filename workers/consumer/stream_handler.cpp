#include "workers/consumer/stream_handler.hpp"

#include <fmt/format.h>

#include <utility>

#include "workers/message/codec.hpp"

namespace simplevisor::consumer {
namespace {

namespace protocol = handler::protocol;

struct Translation {
  Event operator()(const protocol::Ready& ready) const {
    return HandlerReady{ready.window, ready.wants_idle};
  }
  Event operator()(const protocol::Done& done) const { return Done{done.seq}; }
  Event operator()(const protocol::Retry& retry) const { return Later{retry.seq, retry.delay}; }
  Event operator()(const protocol::Fail& fail) const {
    return Failed{fail.seq, fmt::format("handler: {}", fail.reason)};
  }
  Event operator()(const handler::Gone& gone) const {
    return HandlerGone{fmt::format("handler: {}", gone.reason)};
  }
  // A filter's answers, which a handler's vocabulary does not have.
  Event operator()(const protocol::Accept&) const { std::unreachable(); }
  Event operator()(const protocol::Discard&) const { std::unreachable(); }
};

}  // namespace

StreamHandler::StreamHandler(boost::asio::any_io_executor executor, std::vector<std::string> arguments,
                             Environment environment, std::string data_json, Tell tell)
    : tell_{std::move(tell)},
      process_{std::move(executor),
               {.arguments = std::move(arguments),
                .environment = std::move(environment),
                .data_json = std::move(data_json)},
               [this](const handler::CoProcess::Event& event) { tell_(std::visit(Translation{}, event)); }} {}

void StreamHandler::handle(Work work) {
  const auto json = message::encode(work.message);
  if (!json) return tell_(Failed{work.ticket, json.error().text()});
  if (!process_.give(work.ticket, protocol::handle_line(work.ticket, work.attempt, *json)))
    tell_(NotHandled{work.ticket});
}

}  // namespace simplevisor::consumer
