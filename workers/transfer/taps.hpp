// workers/transfer/taps.hpp
//
// The directory queues that rules copy messages to, each opened when it is first written.
//
// Errors     what the queue says; one report per queue until it works again.
// Threads    one.
#pragma once

#include <map>
#include <string>

#include "workers/dirq/queue.hpp"
#include "workers/message/message.hpp"

namespace simplevisor::transfer {

class Taps {
 public:
  explicit Taps(dirq::Durability durability) : durability_{durability} {}

  // True once the copy is there, as durable as asked.
  bool add(const std::string& path, const message::Message& message);

 private:
  struct Tap {
    std::optional<dirq::Queue> queue;
    bool in_trouble = false;
  };
  bool write(Tap& tap, const std::string& path, const std::string& content) const;

  dirq::Durability durability_;
  std::map<std::string, Tap> taps_;
};

}  // namespace simplevisor::transfer
