// workers/transfer/source.hpp
//
// Where messages come from.
//
// Opening    open(); then SourceUp, or SourceDown with the reason. SourceDown also ends an open source; it may be
//            opened again. close() gives back what is not settled; then SourceDown.
// Flow       want(n) says how many messages may be brought now; brokers may bring more, up to their prefetch.
// Settling   of each message brought, once: Settled, or NotSettled, after which it may be tried again. `quarantine`
//            sets it aside first. After SourceDown there is nothing left to settle.
// Threads    those of the executor. Events may be told from within these functions; the owner queues them.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "workers/message/message.hpp"
#include "workers/transfer/machine.hpp"

namespace simplevisor::transfer {

// A message, or what came instead of one.
struct Brought {
  std::optional<message::Message> message;
  std::string trouble;  // without a message: why
  std::size_t bytes = 0;
};

struct SourceListener {
  std::function<void(Event)> tell;       // SourceUp, SourceEnd, SourceDown
  std::function<Ticket(Brought)> bring;  // the answer is its name from now on
  std::function<void()> more;            // want() may bring something again
};

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  virtual void open() = 0;
  virtual void want(std::size_t room) = 0;
  // `message`: as it is now, if it is one.
  virtual Event settle(Ticket ticket, Verdict verdict, const std::string& reason,
                       const message::Message* message) = 0;
  virtual void close() = 0;
};

}  // namespace simplevisor::transfer
