// workers/service/daemon.hpp
//
// Leaving the terminal and the one who called, who waits until the program works or is told why not.
//
// Semantics  stompclt's --daemon: "NAME (pid N) started" on standard output, exit 0; then a session of its own and standard
//            streams to /dev/null. The working directory stays, so that relative paths keep their meaning.
// Errors     whatever the program reports before it has started is seen by the caller, and so is its exit status.
// Threads    daemonize() before any exist.
#pragma once

#include <expected>
#include <string>

namespace simplevisor::service {

class Daemon {
 public:
  // Returns in the new process; the caller's ends in here.
  static std::expected<Daemon, std::string> daemonize(const std::string& name);
  Daemon(Daemon&& other) noexcept;
  Daemon& operator=(Daemon&&) = delete;
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  // The caller may go.
  void started();

 private:
  Daemon(std::string name, int caller) : name_{std::move(name)}, caller_{caller} {}

  std::string name_;
  int caller_ = -1;
};

}  // namespace simplevisor::service
