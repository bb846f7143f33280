// workers/amqp/connection.hpp
//
// One rabbitmq-c connection, owned: opening it, frames in and out, heartbeats.
//
// Requests   (declare, bind, ...) wait for their answer up to `timeout_broker`; meanwhile frames of others are kept by
//            the library for next_frame(). They are for the time before anything was published: a broker that blocks a
//            publisher does not answer.
// Writing    waits when the system's buffer is full. writable_bytes() says how much can be written without.
// Heartbeats the library sends one after a whole period of silence; here after half of one. It notices the broker's
//            silence (two periods), but only while it is asked for frames.
// Errors     `Problem`; after one that is not `channel_only` the connection is of no more use.
// Threads    one, but for Mailbox::abandon(), which may shut the socket down from outside.
#pragma once

#include <amqp.h>
#include <amqp_framing.h>

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "workers/amqp/failure.hpp"
#include "workers/amqp/mailbox.hpp"
#include "workers/amqp/options.hpp"
#include "workers/amqp/tls.hpp"

namespace simplevisor::amqp {

using Clock = std::chrono::steady_clock;
using Channel = amqp_channel_t;
template <class T = void>
using Outcome = std::expected<T, Problem>;

class Connection {
 public:
  explicit Connection(Mailbox& mailbox) : mailbox_(mailbox) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  [[nodiscard]] Outcome<> open(const Options& options);  // up to and with the login
  [[nodiscard]] std::string description() const;         // "RabbitMQ 3.10.8, AMQP 0-9-1"
  [[nodiscard]] std::size_t frame_bytes_max() const { return static_cast<std::size_t>(frame_max_); }
  [[nodiscard]] bool has_heartbeats() const { return heartbeat_.count() > 0; }
  [[nodiscard]] int fd() const { return fd_; }
  // The library's own functions, for requests; outcome_of() tells what became of the last.
  [[nodiscard]] amqp_connection_state_t library() const { return state_; }
  [[nodiscard]] Outcome<> outcome_of(std::string_view what);

  // True: there is one. False: not yet. Must not be asked while frames shall stay with the system.
  [[nodiscard]] Outcome<bool> next_frame(amqp_frame_t& frame);
  void release(Channel channel);  // the memory of the frames of this channel seen so far
  // Frames may be there although the socket is not readable.
  [[nodiscard]] bool may_hold_frames() const;

  [[nodiscard]] Outcome<> send(Channel channel, amqp_method_number_t id, void* method);
  [[nodiscard]] Outcome<> publish(Channel channel, amqp_basic_publish_t& method,
                                  const amqp_basic_properties_t& properties, std::string_view body);
  [[nodiscard]] Outcome<> send_header(Channel channel, std::size_t body_bytes,
                                      amqp_basic_properties_t& properties);
  [[nodiscard]] Outcome<> send_body_part(Channel channel, std::string_view part);

  // What can surely be written now without waiting; 0: wait until the socket is writable.
  [[nodiscard]] std::size_t writable_bytes() const;

  [[nodiscard]] Outcome<> beat_if_due(Clock::time_point now);
  // When beat_if_due() or, where `reading`, next_frame() has to be asked again at the latest.
  [[nodiscard]] std::optional<Clock::time_point> next_beat(bool reading) const;
  void noticed_input() { last_read_ = Clock::now(); }  // the socket was readable
  [[nodiscard]] Clock::time_point last_read() const { return last_read_; }

 private:
  [[nodiscard]] Outcome<> open_socket(const Options& options);
  [[nodiscard]] Outcome<> open_tls_socket(const Options& options);
  [[nodiscard]] Outcome<> login(const Options& options);
  [[nodiscard]] Outcome<> sent(std::string_view what, int status);

  Mailbox& mailbox_;
  amqp_connection_state_t state_ = nullptr;
  int fd_ = -1;
  bool tls_ = false;
  TlsWatch watch_;
  int frame_max_ = 0;
  std::chrono::seconds heartbeat_{0};
  Clock::time_point last_sent_, last_read_;
};

}  // namespace simplevisor::amqp
