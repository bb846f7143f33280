// workers/service/sd_notify.hpp
//
// Tells whoever supervises us how we are: the sd_notify protocol, one datagram each.
//
// Semantics  NOTIFY_SOCKET (a path, or "@name" for an abstract socket) and WATCHDOG_USEC, which counts only
//            when WATCHDOG_PID is absent or ours. Without NOTIFY_SOCKET every call does nothing.
// Errors     none told: nobody to tell is no reason to stop working. Never blocks.
// Threads    one at a time.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace simplevisor::service {

class Notifier {
 public:
  Notifier();  // reads the environment
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  ~Notifier();

  void ready() { send("READY=1"); }
  void stopping() { send("STOPPING=1"); }
  void alive() { send("WATCHDOG=1"); }
  void status(std::string_view text);  // one line

  // How often alive() is due: half of what is allowed. Nothing: nobody waits for it.
  [[nodiscard]] std::optional<std::chrono::milliseconds> alive_every() const noexcept { return alive_every_; }

 private:
  void send(std::string_view assignment);

  int socket_ = -1;
  std::optional<std::chrono::milliseconds> alive_every_;
};

}  // namespace simplevisor::service
