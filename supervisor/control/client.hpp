// supervisor/control/client.hpp
//
// A blocking client of the control API, one connection a request: what the command line uses.
//
// Errors     tell apart what a person does next: start the supervisor (not_running), become another user
//            (not_permitted), wait or look (timed_out), look at the log (lost, bad_answer). An HTTP status of
//            400 and above is an answer, not an error; only 403 for the peer itself is `not_permitted`.
// Time       `timeout` bounds the whole exchange, connecting included; none waits for as long as it takes. Once `stop`, a
//            descriptor of the caller's, can be read, nothing waits any longer: that is `timed_out` as well.
// Threads    a plain value; each call uses a socket of its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "supervisor/control/unix_socket.hpp"

namespace simplevisor::control {

enum class ClientErrc {
  not_running,    // no socket, or nobody listens on it
  not_permitted,  // the file system or the supervisor refuses this user
  timed_out,
  lost,        // the connection ended before the answer was complete
  bad_answer,  // what came is not HTTP, or too large
  system,      // out of descriptors, path too long, ...
};

struct ClientError {
  ClientErrc code;
  std::string message;  // one line: which socket, what happened
  std::error_code cause;
  bool stale = false;  // of not_running: the socket file is there, so the supervisor did not end in order
};

struct Response {
  unsigned status = 0;
  std::string body;
};

class Client {
 public:
  using Timeout = std::optional<std::chrono::milliseconds>;

  explicit Client(std::string socket_path, int stop = -1)
      : socket_path_(std::move(socket_path)), stop_(stop) {}

  std::expected<Response, ClientError> get(std::string_view target, Timeout timeout) const;
  // A server-sent event. What the supervisor itself has to say has a name; the events of the tree have none.
  struct Message {
    std::string name;
    std::string id;
    std::string data;
  };
  // Calls `take` for each message until it returns false, the supervisor ends the stream (no error), or the time is
  // over (`timed_out`). An answer that is no stream is returned: it says why not.
  std::expected<std::optional<Response>, ClientError> follow(
      std::string_view target, Timeout timeout, const std::function<bool(const Message&)>& take) const;
  std::expected<Response, ClientError> post(std::string_view target, std::string_view body,
                                            Timeout timeout) const;

  // A handle on the process that listens (a pidfd, which polls readable when it has ended), to wait for its
  // end after a shutdown. Empty when the kernel does not show it to us, as across pid namespaces.
  std::expected<Fd, ClientError> peer_process(Timeout timeout) const;

  const std::string& socket_path() const { return socket_path_; }

 private:
  std::expected<Response, ClientError> exchange(std::string_view method, std::string_view target,
                                                std::string_view body, Timeout timeout) const;
  std::string socket_path_;
  int stop_;
};

}  // namespace simplevisor::control
