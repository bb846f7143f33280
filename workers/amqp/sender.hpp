// workers/amqp/sender.hpp
//
// The channel on which messages are published, and the one on which what they need is declared.
//
// Order      that of add(). The first message that waits for an answer (its queue is being declared, the channel is
//            being opened again) lets the others wait too.
// Writing    never more than the system takes at once: large bodies go frame by frame, so that between two of them the
//            connection reads. Requests are asked here without waiting for the answers, since a broker that blocks a
//            publisher answers nothing.
// Blame      a broker closes the channel on a publishing that it will not have, and says nothing of those around it.
//            The one whose exchange it names, or the only one, is Refused; the others are NotConfirmed, and may turn up
//            twice. Where neither helps, the connection is given up with `message_to_blame`.
// Threads    the connection's.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workers/amqp/body.hpp"
#include "workers/amqp/confirms.hpp"
#include "workers/amqp/connection.hpp"
#include "workers/amqp/destination.hpp"

namespace simplevisor::amqp {

class Sender {
 public:
  static constexpr Channel management_channel = 1;
  static constexpr Channel channel = 3;

  Sender(Connection& connection, const Options& options);

  [[nodiscard]] Outcome<> open();
  void add(Publish publishing) { waiting_.push_back(std::move(publishing)); }
  void set_blocked(bool blocked) { blocked_ = blocked; }
  [[nodiscard]] bool blocked() const noexcept { return blocked_; }

  [[nodiscard]] bool idle() const noexcept { return waiting_.empty(); }
  [[nodiscard]] bool expects_answers() const noexcept {
    return opening_ + declaring_ > 0 || !confirms_.empty();
  }
  // There is something to write, and nothing but the socket may be in the way.
  [[nodiscard]] bool can_write() const noexcept;
  // Writes about `bytes_max`; what becomes certain by it is appended to `events`.
  [[nodiscard]] Outcome<> write(std::size_t bytes_max, std::vector<broker::Event>& events);

  [[nodiscard]] Outcome<> on_frame(const amqp_frame_t& frame, std::vector<broker::Event>& events);
  [[nodiscard]] Outcome<> on_management_frame(const amqp_frame_t& frame);

 private:
  struct Route {
    Destination destination;
    std::string trouble;  // why it is none
    bool asked_for = false;
  };

  [[nodiscard]] Route& route_for(const std::string& destination);
  [[nodiscard]] Outcome<std::size_t> write_next(std::vector<broker::Event>& events);
  [[nodiscard]] Outcome<std::size_t> start(const Route& route, std::vector<broker::Event>& events);
  [[nodiscard]] Outcome<std::size_t> continue_body(std::vector<broker::Event>& events);
  void refuse_next(std::string reason, std::vector<broker::Event>& events);
  void written(std::vector<broker::Event>& events);

  [[nodiscard]] Outcome<> on_method(const amqp_method_t& method, std::vector<broker::Event>& events);
  [[nodiscard]] Outcome<> on_returned();
  [[nodiscard]] Outcome<> on_close(const amqp_channel_close_t& close, std::vector<broker::Event>& events);
  [[nodiscard]] Outcome<> ask_to_open(Channel number);

  // A message that the broker sends back.
  struct Returned {
    std::string exchange, routing_key, reason;
    bool header_seen = false;
    std::uint64_t properties = 0;  // their fingerprint
  };

  Connection& connection_;
  const Options& options_;
  std::deque<Publish> waiting_;
  std::map<std::string, Route, std::less<>> routes_;
  std::optional<std::size_t> body_position_;  // in the body of the first of waiting_, whose head is written
  Confirms confirms_;
  std::optional<Returned> returned_;
  Body returned_body_;
  std::vector<amqp_table_entry_t> table_;  // kept for its memory
  std::size_t part_bytes_max_ = 4096;      // what the system surely takes at once
  int opening_ = 0;                        // answers until the channel can be used
  int declaring_ = 0;                      // answers until the first of waiting_ can be sent
  bool blocked_ = false;
};

}  // namespace simplevisor::amqp
