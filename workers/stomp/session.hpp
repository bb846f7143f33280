// workers/stomp/session.hpp
//
// One connection to a STOMP broker, from CONNECT to its end: what Client puts in front of.
//
// Phases     idle, opening (name, TCP, TLS), greeting (CONNECTED awaited), subscribing (receipts awaited, deliveries
//            held), working, unsubscribing, leaving (the last bytes, and the farewell), closed.
// Writing    what is said in one turn of the loop is gathered and written together; while it is written, the next
//            gathers.
// Reading    while not paused, one frame at a time, each told before the next is parsed, so that pause() acts at once.
// Lifetime   every operation holds the session; abandon() or the end close the transport, which ends them all.
// Files      session.cpp life and API, session_frames.cpp what frames mean, session_io.cpp bytes and time.
// Threads    the executor's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "workers/broker/client.hpp"
#include "workers/stomp/ledger.hpp"
#include "workers/stomp/options.hpp"
#include "workers/stomp/parser.hpp"
#include "workers/stomp/transport.hpp"
#include "workers/stomp/writer.hpp"

namespace simplevisor::stomp {

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::any_io_executor executor, Options options, broker::Client::Tell tell);

  void connect();
  void publish(broker::Ticket ticket, const message::Message& message);
  void acknowledge(broker::Tag tag);
  void give_back(broker::Tag tag);
  void pause();
  void resume();
  void disconnect();
  void abandon();  // the client is gone: tell nothing more

 private:
  using Clock = std::chrono::steady_clock;
  using TimePoint = Clock::time_point;
  using Failure = broker::Failure;

  enum class Phase : std::uint8_t {
    idle,
    opening,
    greeting,
    subscribing,
    working,
    unsubscribing,
    leaving,
    closed
  };

  struct Subscription {
    std::string id;
    std::string destination;
    AckMode mode = AckMode::none;
    bool confirmed = false;
  };

  // session.cpp
  void say(broker::Event event);
  void flush_events();
  void fail(Failure::Kind kind, std::string message, bool message_to_blame = false);
  void close(std::optional<Failure> failure, bool message_to_blame = false);
  void enter(Phase phase, std::optional<std::chrono::milliseconds> limit);
  void leave();
  [[nodiscard]] std::string where() const { return options_.endpoint.text(); }

  // session_frames.cpp
  void greet();
  void subscribe_all();
  void unsubscribe_all();
  void handle(Frame&& frame);
  void handle_connected(const Frame& frame);
  void handle_message(Frame&& frame);
  void handle_receipt(const Frame& frame);
  void handle_error(const Frame& frame);
  void settle_subscriptions();
  void confirm_subscription(Subscription& subscription);
  void negotiate_heart_beat(std::string_view answer);
  void send_ack(std::string_view command, const Ledger::Entry& entry);
  [[nodiscard]] std::optional<std::size_t> subscription_of(const Frame& frame) const;
  bool end_frame(FrameWriter& writer);

  // session_io.cpp
  void opened(std::optional<Failure> failure);
  void schedule_write();
  void start_write();
  void write_rest();
  void written(boost::system::error_code error, std::size_t bytes);
  void start_read();
  void received(boost::system::error_code error, std::size_t bytes);
  void process();
  void lost(const boost::system::error_code& error);
  void arm();
  void tick();
  [[nodiscard]] std::optional<TimePoint> next_due() const;
  [[nodiscard]] bool hears() const { return phase_ != Phase::working || !paused_; }
  // Does the broker owe us anything: a receipt, or the rest of a frame?
  [[nodiscard]] bool owed() const { return !undecided_.empty() || parser_.amid_frame(); }

  boost::asio::any_io_executor executor_;
  Options options_;
  std::shared_ptr<const broker::Client::Tell> tell_;  // none once abandoned
  std::unique_ptr<Transport> transport_;
  Phase phase_ = Phase::idle;

  std::deque<broker::Event> events_;
  bool telling_ = false;
  bool telling_posted_ = false;
  bool last_said_ = false;

  // What was negotiated.
  Dialect dialect_;
  BrokerType broker_ = BrokerType::unknown;
  std::string offered_versions_;
  std::chrono::milliseconds beat_every_{0};   // 0: not promised
  std::chrono::milliseconds silence_max_{0};  // 0: no heart-beats from there

  // Receiving.
  Parser parser_;
  Ledger ledger_;
  std::vector<Subscription> subscriptions_;
  std::size_t unsubscribing_ = 0;  // receipts awaited
  std::deque<broker::Event> held_;
  std::size_t held_bytes_ = 0;
  bool paused_ = false;
  bool reading_ = false;
  TimePoint last_read_;

  // Sending.
  std::string gathering_;
  std::string writing_;
  std::size_t written_ = 0;
  bool writing_now_ = false;
  bool write_posted_ = false;
  bool blocked_ = false;
  bool sent_unconfirmed_ = false;                  // something went out that we shall not hear of
  std::vector<broker::Ticket> tickets_gathering_;  // not reliable: confirmed when written
  std::vector<broker::Ticket> tickets_writing_;
  std::unordered_set<broker::Ticket> undecided_;  // reliable: receipts awaited
  TimePoint owed_since_;
  TimePoint last_write_;

  // Time.
  boost::asio::steady_timer timer_;
  std::optional<TimePoint> armed_until_;
  std::optional<TimePoint> phase_until_;
};

}  // namespace simplevisor::stomp
