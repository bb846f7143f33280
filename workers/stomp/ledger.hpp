// workers/stomp/ledger.hpp
//
// Which deliveries the broker still waits to hear of, and what it may be told.
//
// Individual what is acknowledged is told at once.
// Cumulative (ack=client, and all of 1.0) an ACK speaks for everything delivered before it, in RabbitMQ even by other
//            subscriptions. So only what is acknowledged without a gap since the beginning is told, and of that
//            only the last of each subscription.
// Memory     what is not acknowledged, and in cumulative mode what waits behind it: bounded by the prefetch.
// Threads    a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workers/broker/client.hpp"

namespace simplevisor::stomp {

enum class AckMode : std::uint8_t { none, individual, cumulative };

class Ledger {
 public:
  struct Entry {
    std::size_t subscription = 0;
    AckMode mode = AckMode::none;
    std::string message_id;
    std::string ack_id;  // 1.2 only
    bool acknowledged = false;
  };

  // Tags count from 1.
  broker::Tag add(Entry entry);

  // The ACKs to send now, in this order. A tag that is unknown or was given before means none.
  [[nodiscard]] std::vector<Entry> acknowledge(broker::Tag tag);
  // The NACK to send, where an individual one is possible.
  [[nodiscard]] std::optional<Entry> give_back(broker::Tag tag);

  [[nodiscard]] std::size_t waiting() const { return entries_.size(); }

 private:
  std::map<broker::Tag, Entry> entries_;
  broker::Tag last_ = 0;
};

}  // namespace simplevisor::stomp
