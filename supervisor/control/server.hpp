// supervisor/control/server.hpp
//
// The control API: HTTP/1.1 and JSON on a unix socket, for the command line and for any other local program.
// The routes are in routes.hpp and, for readers outside, in docs/api/openapi.json.
//
// Threads    the server has one thread of its own for sockets, HTTP and JSON; slow or hostile clients cost
//            the supervision thread nothing. Requests are posted to `service.executor()` and answered from
//            there. open() and the destructor belong to the thread that owns the service.
// Ownership  `service` outlives the server, and what the server posted to its executor. The destructor lets
//            answers that are ready leave (for at most `Limits::farewell`), tells the other waiting clients
//            that the supervisor ends, closes everything and removes the socket file.
// Security   the socket file has mode 0600 from the start, and the peer of each connection must be root or
//            the user the supervisor runs as (SO_PEERCRED); others get 403.
// Errors     open() says what could not be had. Once open, a server does not fail: it drops the connection
//            that is in trouble.
// Idle       no timer runs and nothing wakes up while no client is connected.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <system_error>

#include "supervisor/runtime/service.hpp"

namespace simplevisor::control {

struct Limits {
  std::size_t body_bytes_max = 64 * 1024;
  std::size_t header_bytes_max = 8 * 1024;  // request line included
  std::size_t target_bytes_max = 4 * 1024;
  std::size_t connections_max = 256;  // one more is answered 503 and closed
  std::size_t calls_max = 256;        // asked of the service and not yet answered; one more is answered 503
  std::chrono::milliseconds request_time{10'000};  // to be idle, or to send a request, until it is complete
  std::chrono::milliseconds write_time{10'000};    // to take the whole answer
  std::chrono::milliseconds heart_beat{15'000};    // of those that follow events
  std::size_t follow_bytes = 256 * 1024;           // sent to one follower at a time
  std::chrono::milliseconds farewell{1'000};       // for answers that are on their way when the server closes
};

enum class ServerErrc { in_use, bad_path, system };

struct ServerError {
  ServerErrc code;
  std::string message;  // one line: which socket, what failed, why
  std::error_code cause;
};

// True when a process of `peer` may command a supervisor that runs as `own`.
[[nodiscard]] bool may_command(uid_t peer, uid_t own);

class Server {
 public:
  // Listens on `socket_path`. A socket file that nobody listens on any more is replaced; one that somebody
  // listens on is `in_use`; anything that is not a socket is left alone and is `bad_path`.
  static std::expected<std::unique_ptr<Server>, ServerError> open(runtime::Service& service,
                                                                  const std::string& socket_path,
                                                                  const Limits& limits = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace simplevisor::control
