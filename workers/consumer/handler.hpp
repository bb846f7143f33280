// workers/consumer/handler.hpp
//
// What handles messages, whichever protocol it speaks. The consumer hands work over and is told events.
//
// Events     of each message given to handle(): exactly one of Done, Later, Failed, NotHandled, possibly
//            before handle() returns; or, of a persistent handler, HandlerGone, which answers for all that
//            were open.
// Threads    those of the executor it was made with.
#pragma once

#include <functional>
#include <string>

#include "workers/consumer/machine.hpp"
#include "workers/message/message.hpp"

namespace simplevisor::consumer {

struct Work {
  Ticket ticket = 0;
  unsigned attempt = 1;
  std::string queue;  // its directory
  std::string element;
  bool raw = false;
  message::Message message;  // raw: a binary body without header
};

class Handler {
 public:
  using Tell = std::function<void(Event)>;

  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  virtual void handle(Work work) = 0;
  virtual void kill(Ticket ticket) = 0;  // the process that has it
  virtual void kill_all() = 0;

  // Of a persistent handler; the others have nothing to do.
  virtual void start() {}
  virtual void stop() {}
  virtual void tell_idle() {}
};

}  // namespace simplevisor::consumer
