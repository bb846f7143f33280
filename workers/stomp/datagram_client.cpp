#include "workers/stomp/datagram_client.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>
#include <utility>

#include "workers/stomp/convert.hpp"
#include "workers/stomp/resolver.hpp"

namespace simplevisor::stomp {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;
using broker::Failure;

}  // namespace

class DatagramClient::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::any_io_executor executor, Options options, Tell tell)
      : executor_{std::move(executor)},
        options_{std::move(options)},
        tell_{std::move(tell)},
        resolver_{executor_},
        socket_{executor_},
        timer_{executor_} {}

  void connect() {
    if (options_.timeout_connect) {
      timer_.expires_after(*options_.timeout_connect);
      timer_.async_wait([self = shared_from_this()](const error_code& error) {
        if (!error && !self->socket_.is_open()) self->fail("the name is not resolved in time");
      });
    }
    resolver_.resolve(options_.endpoint.host, options_.endpoint.port,
                      [self = shared_from_this()](const Resolver<udp>::Result& found) {
                        if (self->ended_) return;
                        if (!found) return self->fail(found.error());
                        self->open(found->front());
                      });
  }

  void publish(broker::Ticket ticket, const message::Message& message) {
    if (ended_) return;
    frame_.clear();
    const auto appended = append_send(frame_, message, options_.sending, SendContext{}, {});
    if (!appended) return say(broker::Refused{ticket, appended.error().message});
    if (frame_.size() > datagram_bytes_max)
      return say(broker::Refused{ticket, fmt::format("{} bytes are more than the {} of a datagram",
                                                     frame_.size(), datagram_bytes_max)});
    error_code error;
    socket_.send(asio::buffer(frame_), 0, error);
    // The news that nobody listened is of an earlier datagram; this one has not been sent yet.
    if (error == asio::error::connection_refused) socket_.send(asio::buffer(frame_), 0, error);
    if (!error || error == asio::error::connection_refused) return say(broker::Confirmed{ticket});
    if (error == asio::error::message_size) return say(broker::Refused{ticket, error.message()});
    say(broker::NotConfirmed{ticket, error.message()});
  }

  void disconnect() { close(std::nullopt); }

  void abandon() {
    tell_ = nullptr;
    close(std::nullopt);
  }

 private:
  void open(const udp::endpoint& where) {
    error_code error;
    socket_.open(where.protocol(), error);
    if (!error) socket_.connect(where, error);  // by the kernel's table: nothing is sent
    if (!error) socket_.non_blocking(true, error);
    if (error) return fail(error.message());
    timer_.cancel();
    say(broker::Connected{"udp, nobody answers"});
  }

  void fail(const std::string& message) {
    close(Failure{Failure::Kind::unavailable, fmt::format("{}: {}", options_.endpoint.text(), message)});
  }

  void close(std::optional<Failure> failure) {
    if (std::exchange(ended_, true)) return;
    timer_.cancel();
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
    if (!tell_) return;
    asio::post(executor_, [self = shared_from_this(), failure = std::move(failure)]() mutable {
      if (self->tell_) self->tell_(broker::Closed{std::move(failure)});
    });
  }

  void say(broker::Event event) {
    asio::post(executor_, [self = shared_from_this(), event = std::move(event)]() mutable {
      if (!self->tell_) return;
      const Tell tell = self->tell_;  // whoever is told may let go of the client
      tell(std::move(event));
    });
  }

  asio::any_io_executor executor_;
  Options options_;
  Tell tell_;
  Resolver<udp> resolver_;
  udp::socket socket_;
  asio::steady_timer timer_;
  std::string frame_;  // kept for its room
  bool ended_ = false;
};

DatagramClient::DatagramClient(asio::any_io_executor executor, Options options, Tell tell)
    : session_{std::make_shared<Session>(std::move(executor), std::move(options), std::move(tell))} {}

DatagramClient::~DatagramClient() {
  session_->abandon();
}

void DatagramClient::connect() {
  session_->connect();
}

void DatagramClient::publish(broker::Ticket ticket, const message::Message& message) {
  session_->publish(ticket, message);
}

void DatagramClient::disconnect() {
  session_->disconnect();
}

}  // namespace simplevisor::stomp
