// supervisor/cli/event_bell.hpp
//
// Says that something has happened in the tree, for those who show it and look at it otherwise: it follows the events,
// and throws them away.
//
// Sound      rung for each event (one or many, who looks learns only that there were some), and when the supervisor ends.
// Errors     none. A supervisor that is not there, or refuses, is asked again every `between_attempts`. Who shows something
//            looks at it by the clock as well.
// Threads    one of its own, without signals, gone when the destructor returns; fd() and quiet() for the owner.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "supervisor/cli/eventfd.hpp"

namespace simplevisor::cli {

class EventBell {
 public:
  static constexpr std::chrono::milliseconds between_attempts{1000};

  // Throws std::system_error when there are no descriptors or threads left.
  explicit EventBell(std::string socket_path);
  EventBell(const EventBell&) = delete;
  EventBell& operator=(const EventBell&) = delete;
  ~EventBell();

  // Polls readable from the time it rings until it is made quiet.
  [[nodiscard]] int fd() const { return rung_.get(); }
  void quiet() const { rung_.lower(); }

 private:
  void listen() const;
  // False: it is over.
  [[nodiscard]] bool pause() const;

  std::string socket_path_;
  EventFd rung_;
  EventFd over_;
  std::thread thread_;
};

}  // namespace simplevisor::cli
