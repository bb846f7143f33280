// workers/transfer/sink.hpp
//
// Where messages go to.
//
// Opening    open(); then SinkUp, or SinkDown with the reason. SinkDown also ends an open sink; what it was given and has
//            not answered is undecided then. close() sends what waits; then SinkDown.
// Sending    each ticket is answered by Confirmed, NotConfirmed or Refused, or left undecided by SinkDown.
// Threads    those of the executor. Events may be told from within these functions; the owner queues them.
#pragma once

#include <functional>

#include "workers/message/message.hpp"
#include "workers/transfer/machine.hpp"

namespace simplevisor::transfer {

using TellSink = std::function<void(Event)>;

class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  virtual void open() = 0;
  virtual void put(Ticket ticket, const message::Message& message) = 0;
  virtual void close() = 0;
};

}  // namespace simplevisor::transfer
