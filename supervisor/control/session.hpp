// supervisor/control/session.hpp
//
// One connection of the control API: reads a request, has it answered, writes the answer, and so on until the
// client leaves, is too slow, or says something that is not HTTP. Internal to this folder.
//
// Threads    the server's; all handlers run on it.
// Ownership  a session lives while it has an operation under way or its host holds it; the host outlives it.
// Time       one timer, armed while a request is awaited or an answer is written. While the service is at
//            work there is none; a client that hangs up meanwhile is noticed and its place freed.
// Following  events are server-sent events (WHATWG HTML, 9.2): "id" is the number to go on after. Who reads
//            more slowly than events come in gets them later, until they are not kept any more: then a last
//            event `cut_off` says from where to where they are missing, and the connection ends, as it does for
//            who takes nothing for `write_time`. A comment every `heart_beat` finds clients that are gone.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/control/gate.hpp"
#include "supervisor/control/routes.hpp"
#include "supervisor/control/server.hpp"

namespace boost::asio::ssl {
class context;
}

namespace simplevisor::control {

// Who is at the other end.
struct Visitor {
  std::string name;  // in words
  std::shared_ptr<Gate> gate;
  bool known = true;  // when he came, before he asked anything
};

class Session {
 public:
  // What a session needs of the server.
  class Host {
   public:
    virtual ~Host() = default;
    virtual const Limits& limits() const = 0;
    // Calls `deliver` at most once, later, on the server's thread.
    virtual void ask(Call call, std::function<void(Reply)> deliver) = 0;
    // A file of the web page; none when the target is no such file.
    virtual std::optional<Reply> page(std::string_view method, std::string_view target,
                                      std::string_view known_tag,
                                      std::string_view accepted_encodings) const = 0;
    // Somebody was refused what he asked for.
    virtual void denied(const std::string& who, unsigned status, std::string_view method,
                        std::string_view path) = 0;
    // What events are followed in; null: none.
    virtual const runtime::journal::Recorder* journal() const = 0;
    // Calls `deliver` at most once, later, on the server's thread: what a follower of logs is sent.
    virtual void open_feed(Call call,
                           std::function<void(std::expected<std::unique_ptr<Feed>, Reply>)> deliver) = 0;
    // This session wants news() from now on: of events, or of logs.
    enum class News : std::uint8_t { events, logs };
    virtual void follows(const Session& session, News news) = 0;
    // The session holds no socket any more.
    virtual void ended(const Session& session) = 0;
  };

  using Socket = boost::asio::generic::stream_protocol::socket;
  static std::shared_ptr<Session> create(Socket socket, Visitor visitor, Host& host);
  static std::shared_ptr<Session> create_tls(Socket socket,
                                             std::shared_ptr<boost::asio::ssl::context> context,
                                             Visitor visitor, Host& host);

  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  virtual void begin() = 0;
  // The server ends: lets an answer that is being written leave, tells a waiting client, closes.
  virtual void farewell() = 0;
  virtual void close() = 0;
  // There are events or lines that a follower has not been sent.
  virtual void news() = 0;
  // He has not shown that he may ask.
  [[nodiscard]] virtual bool is_stranger() const = 0;
};

// The head of an answer that goes on for as long as both sides like.
std::string event_stream_head();

// The bytes of an HTTP/1.1 response. With `head_only` the body is announced but not sent, as HEAD wants.
std::string response_bytes(const Reply& reply, bool keep_alive, bool head_only = false);

}  // namespace simplevisor::control
