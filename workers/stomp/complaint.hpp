// workers/stomp/complaint.hpp
//
// What an ERROR frame means: who is to blame, and whether trying again can help.
//
// STOMP has no codes for it. What we know is what brokers write (RabbitMQ 3.10, ActiveMQ 5.17, Artemis), and what was
// going on; the words are few and stand in one place.
#pragma once

#include <cstdint>
#include <string>

#include "workers/broker/failure.hpp"
#include "workers/stomp/frame.hpp"

namespace simplevisor::stomp {

struct Complaint {
  // What was going on when it came.
  enum class During : std::uint8_t { greeting, subscribing, working };

  broker::Failure failure;
  // The broker is going away, or has no room now: no message is to blame.
  bool passing = false;
};

[[nodiscard]] Complaint understand(const Frame& error, Complaint::During during);

}  // namespace simplevisor::stomp
