// supervisor/control/session.hpp
//
// One connection of the control API: reads a request, has it answered, writes the answer, and so on until the
// client leaves, is too slow, or says something that is not HTTP. Internal to this folder.
//
// Threads    the server's; all handlers run on it.
// Ownership  a session lives while it has an operation under way or its host holds it; the host outlives it.
// Time       one timer, armed while a request is awaited or an answer is written. While the service is at
//            work there is none; a client that hangs up meanwhile is noticed and its place freed.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>

#include "supervisor/control/routes.hpp"
#include "supervisor/control/server.hpp"

namespace simplevisor::control {

class Session {
 public:
  // What a session needs of the server.
  class Host {
   public:
    virtual ~Host() = default;
    virtual const Limits& limits() const = 0;
    // Calls `deliver` at most once, later, on the server's thread.
    virtual void ask(Call call, std::function<void(Reply)> deliver) = 0;
    // The session holds no socket any more.
    virtual void ended(const Session& session) = 0;
  };

  using Socket = boost::asio::local::stream_protocol::socket;
  static std::shared_ptr<Session> create(Socket socket, Host& host);

  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  virtual void begin() = 0;
  // The server ends: lets an answer that is being written leave, tells a waiting client, closes.
  virtual void farewell() = 0;
  virtual void close() = 0;
};

// The bytes of an HTTP/1.1 response. With `head_only` the body is announced but not sent, as HEAD wants.
std::string response_bytes(const Reply& reply, bool keep_alive, bool head_only = false);

}  // namespace simplevisor::control
