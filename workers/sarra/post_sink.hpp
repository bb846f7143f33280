// workers/sarra/post_sink.hpp
//
// A sink that posts announcements on: it stands between a transfer agent and the sink that sends messages to a broker.
//
// Sent       as repost.hpp says. Confirmed is what the broker confirmed; what is no announcement is refused with the reason,
//            so that the agent sets it aside.
// Exchanges  topic exchanges, durable. With `declare` each is declared before the first message that a connection sends to
//            it, and again after a message was refused, which may have been for want of it.
// Threads    those of the executor of the sink it stands before.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "workers/sarra/repost.hpp"
#include "workers/transfer/sink.hpp"

namespace simplevisor::sarra {

struct PostSinkOptions {
  RepostOptions repost;
  bool declare = true;
};

class PostSink final : public transfer::Sink {
 public:
  PostSink(PostSinkOptions options, transfer::TellSink tell);

  // The sink between us and the broker is made with this, and then given to us, before anything else.
  [[nodiscard]] transfer::TellSink tell_of_inner();
  void attach(std::unique_ptr<transfer::Sink> inner) { inner_ = std::move(inner); }

  void open() override { inner_->open(); }
  void put(transfer::Ticket ticket, const message::Message& message) override;
  void close() override { inner_->close(); }

 private:
  PostSinkOptions options_;
  transfer::TellSink tell_;
  std::unique_ptr<transfer::Sink> inner_;
  std::set<std::string> declared_;
};

}  // namespace simplevisor::sarra
