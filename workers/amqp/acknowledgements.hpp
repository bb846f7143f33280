// workers/amqp/acknowledgements.hpp
//
// Which basic.acks to send for deliveries that were finished in any order.
//
// Rule       a cumulative ack covers only a prefix of the deliveries in which every one is finished; what lies behind a
//            gap is acknowledged one by one. Nothing is acknowledged that is not finished.
// Bounds     one entry for each delivery that the broker has not been told about, and finished ones behind a gap.
// Threads    a plain value.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace simplevisor::amqp {

class Acknowledgements {
 public:
  struct Order {
    enum class Kind : std::uint8_t { ack, ack_all_up_to, give_back };
    std::uint64_t tag = 0;
    Kind kind = Kind::ack;
    friend bool operator==(const Order&, const Order&) = default;
  };

  // Tags grow. False: this one does not, and the broker is mistaken.
  [[nodiscard]] bool delivered(std::uint64_t tag);
  // False: no such delivery is open.
  bool finish(std::uint64_t tag);
  bool give_back(std::uint64_t tag);

  // What to tell the broker now, in this order; then it counts as told.
  [[nodiscard]] std::vector<Order> take();

 private:
  enum class State : std::uint8_t { open, finished, told };
  struct Entry {
    std::uint64_t tag = 0;
    State state = State::open;
  };
  [[nodiscard]] Entry* open_entry(std::uint64_t tag);

  std::deque<Entry> entries_;
  std::vector<std::uint64_t> finished_;  // since the last take()
  std::vector<Order> orders_;
};

}  // namespace simplevisor::amqp
