// workers/amqp/confirms.hpp
//
// What was published on one channel and is not confirmed yet, and what the broker's answers make of it.
//
// Numbers    the channel counts publishings from 1, both sides for themselves; acks and nacks name a number, or all up
//            to it.
// Returns    a mandatory message that no queue is bound for comes back before it is confirmed, whole, but without its
//            number. It is recognised by its content (fingerprint.hpp): of messages that are equal in all that AMQP
//            carries, it does not matter which one came back.
// Threads    a plain value.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "workers/broker/client.hpp"

namespace simplevisor::amqp {

class Confirms {
 public:
  struct Publishing {
    broker::Ticket ticket = 0;
    std::uint64_t fingerprint = 0;
    std::string exchange;  // empty: the default one
    std::string routing_key;
  };

  void published(Publishing publishing);
  // False: nothing that waits looks like it.
  [[nodiscard]] bool returned(std::uint64_t fingerprint, std::string reason);
  // The broker decided `number`, or all up to it; what follows from that is appended. False: it never was published,
  // or is decided already.
  [[nodiscard]] bool acknowledged(std::uint64_t number, bool multiple, std::vector<broker::Event>& events);
  [[nodiscard]] bool refused(std::uint64_t number, bool multiple, std::vector<broker::Event>& events);

  // The channel is closed and numbers begin anew: everything undecided, in order.
  [[nodiscard]] std::vector<Publishing> forget();

  [[nodiscard]] bool empty() const noexcept { return undecided_ == 0; }

 private:
  struct Entry {
    Publishing publishing;
    std::optional<std::string> returned;
    bool decided = false;
  };
  template <class Decide>
  bool decide(std::uint64_t number, bool multiple, Decide decide);

  std::deque<Entry> entries_;  // the first one has the number `first_`
  std::uint64_t first_ = 1;
  std::size_t undecided_ = 0;
};

}  // namespace simplevisor::amqp
