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
// Security   who may do what is in access.hpp; over the unix socket the peer's credentials say who it is
//            (SO_PEERCRED). Its file has mode 0600 from the start, and 0666 once it listens if others than root and our own user
//            are granted anything; who is granted nothing gets 403. TCP is closed unless it is asked for, and takes a token: gate.hpp.
// Errors     open() says what could not be had. Once open, a server does not fail: it drops the connection
//            that is in trouble.
// Idle       no timer runs and nothing wakes up while no client is connected.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "supervisor/control/access.hpp"
#include "supervisor/runtime/service.hpp"
#include "supervisor/web/bundle.hpp"

namespace simplevisor::control {

struct Limits {
  std::size_t body_bytes_max = 64 * 1024;
  std::size_t header_bytes_max = 8 * 1024;  // request line included
  std::size_t target_bytes_max = 4 * 1024;
  std::size_t connections_max = 256;        // of root and our own user; one more is answered 503 and closed
  std::size_t others_max = 128;             // of all other users, beside those
  std::size_t user_max = 32;                // of one of them
  std::size_t remote_connections_max = 64;  // over TCP; who has not shown the token gives way to who comes
  std::size_t calls_max = 256;  // asked of the service and not yet answered; one more is answered 503
  std::chrono::milliseconds request_time{10'000};  // to be idle, or to send a request, until it is complete
  std::chrono::milliseconds stranger_time{3'000};  // the same over TCP, until a request brought the token
  std::chrono::milliseconds write_time{10'000};    // to take the whole answer
  // Who was refused in the middle of a request can go on sending for so long, and so much, so that he sees the answer.
  std::chrono::milliseconds linger_time{1'000};
  std::size_t linger_bytes = 1024 * 1024;
  std::chrono::milliseconds heart_beat{15'000};  // of those that follow events
  std::size_t follow_bytes = 256 * 1024;         // sent to one follower at a time
  std::chrono::milliseconds farewell{1'000};     // for answers that are on their way when the server closes
  std::chrono::milliseconds health_time{2'000};  // for the supervision loop to answer /healthz
};

enum class ServerErrc { in_use, bad_path, system };

struct ServerError {
  ServerErrc code;
  std::string message;  // one line: which socket, what failed, why
  std::error_code cause;
};

struct ServerOptions {
  std::string socket_path;
  std::vector<Rule> rules{};  // for others than root and our own user
  std::optional<config::Listen> listen{};
  // Told, on the server's thread: who was refused, and what is wrong with token or certificate.
  std::function<void(const std::string&)> report{};
  // The web page, as web::find() does; without it there is none.
  std::function<std::optional<web::File>(std::string_view path, web::Accepts)> page{};
  Limits limits{};
};

class Server {
 public:
  // Listens on the socket, and on TCP if so wished. A socket file that nobody listens on any more is replaced; one that somebody
  // listens on is `in_use`; anything that is not a socket is left alone and is `bad_path`.
  static std::expected<std::unique_ptr<Server>, ServerError> open(runtime::Service& service,
                                                                  ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Of TCP; 0 without.
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace simplevisor::control
