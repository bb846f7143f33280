#include "workers/sarra/post_sink.hpp"

#include <utility>

#include "workers/sarra/destinations.hpp"

namespace simplevisor::sarra {

PostSink::PostSink(PostSinkOptions options, transfer::TellSink tell)
    : options_{std::move(options)}, tell_{std::move(tell)} {}

transfer::TellSink PostSink::tell_of_inner() {
  return [this](transfer::Event event) {
    if (std::holds_alternative<transfer::SinkUp>(event) || std::holds_alternative<transfer::Refused>(event))
      declared_.clear();
    tell_(std::move(event));
  };
}

void PostSink::put(transfer::Ticket ticket, const message::Message& message) {
  auto repost = repost_of(message, options_.repost);
  if (!repost) return tell_(transfer::Refused{ticket, std::move(repost).error()});
  const bool declares = options_.declare && declared_.insert(repost->exchange).second;
  repost->message.header["destination"] =
      destination_of_post(repost->exchange, repost->routing_key, declares);
  inner_->put(ticket, repost->message);
}

}  // namespace simplevisor::sarra
