#include "supervisor/control/client.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <limits>

#include "supervisor/control/json.hpp"

namespace simplevisor::control {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using std::chrono::milliseconds;

// 100,000 nodes take about 40 MiB.
constexpr std::uint64_t answer_bytes_max = 256ull << 20;
constexpr std::size_t stream_line_bytes_max = 1u << 20;

class Deadline {
 public:
  explicit Deadline(Client::Timeout timeout, int stop = -1) : stop_(stop) {
    if (timeout) end_ = std::chrono::steady_clock::now() + *timeout;
  }
  Client::Timeout left() const {
    if (!end_) return std::nullopt;
    const auto left = std::chrono::ceil<milliseconds>(*end_ - std::chrono::steady_clock::now());
    return std::max(milliseconds{0}, left);
  }
  // As poll() takes it.
  int poll_time() const {
    const auto time = left();
    if (!time) return -1;
    return static_cast<int>(std::min<std::int64_t>(time->count(), std::numeric_limits<int>::max()));
  }
  // Readable when the caller wants no more waiting; -1, which poll() passes over, if that never happens.
  int stop() const { return stop_; }

 private:
  std::optional<std::chrono::steady_clock::time_point> end_;
  int stop_;
};

std::unexpected<ClientError> failure(ClientErrc code, std::string message, std::error_code cause = {}) {
  return std::unexpected(ClientError{code, std::move(message), cause});
}

std::error_code last_error() {
  return {errno, std::generic_category()};
}

std::unexpected<ClientError> connect_failure(const std::string& path, std::error_code cause) {
  if (cause == std::errc::no_such_file_or_directory || cause == std::errc::not_a_directory) {
    return failure(ClientErrc::not_running, fmt::format("no supervisor is running: there is no {}", path),
                   cause);
  }
  if (cause == std::errc::connection_refused) {
    auto error = failure(ClientErrc::not_running,
                         fmt::format("no supervisor is running: nobody listens on {}", path), cause);
    error.error().stale = true;
    return error;
  }
  if (cause == std::errc::permission_denied || cause == std::errc::operation_not_permitted) {
    return failure(ClientErrc::not_permitted, fmt::format("this user may not use {}", path), cause);
  }
  if (cause == std::errc::timed_out) {
    return failure(ClientErrc::timed_out, fmt::format("{} did not accept a connection in time", path), cause);
  }
  return failure(ClientErrc::system, fmt::format("cannot connect to {}: {}", path, cause.message()), cause);
}

std::expected<Fd, ClientError> connected(const std::string& path, const Deadline& deadline) {
  auto fd = connect_to(path, deadline.left());
  if (!fd) return connect_failure(path, fd.error());
  const int flags = ::fcntl(fd->get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd->get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return failure(ClientErrc::system, "cannot make a socket non-blocking", last_error());
  }
  return *std::move(fd);
}

// Waits until the socket can be read or written. False: time is over.
bool wait_for(const Fd& fd, short events, const Deadline& deadline) {
  std::array<pollfd, 2> entries{{{.fd = fd.get(), .events = events, .revents = 0},
                                 {.fd = deadline.stop(), .events = POLLIN, .revents = 0}}};
  for (;;) {
    const int count = ::poll(entries.data(), entries.size(), deadline.poll_time());
    if (count > 0) return entries[1].revents == 0;
    if (count == 0 || errno != EINTR) return false;
  }
}

std::unexpected<ClientError> no_answer_in_time() {
  return failure(ClientErrc::timed_out, "the supervisor did not answer in time");
}

std::expected<void, ClientError> send_all(const Fd& fd, std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd, POLLOUT, deadline)) return no_answer_in_time();
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // turned away before we had said everything: the reason is there to be read
    } else if (errno != EINTR) {
      return failure(ClientErrc::lost, "the connection to the supervisor broke", last_error());
    }
  }
  return {};
}

// What has arrived; "" at the end of the connection.
std::expected<std::string, ClientError> receive_some(const Fd& fd, const Deadline& deadline) {
  std::string chunk(64 * 1024, '\0');
  for (;;) {
    if (!wait_for(fd, POLLIN, deadline)) return no_answer_in_time();
    const ssize_t count = ::recv(fd.get(), chunk.data(), chunk.size(), 0);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return failure(ClientErrc::lost, "the connection to the supervisor broke", last_error());
    chunk.resize(static_cast<std::size_t>(count));
    return chunk;
  }
}

// `unparsed`: its beginning, as far as it has been read.
std::expected<Response, ClientError> receive(const Fd& fd, const Deadline& deadline,
                                             std::string unparsed = {}) {
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.body_limit(answer_bytes_max);
  for (;;) {
    boost::system::error_code error;
    if (!unparsed.empty()) unparsed.erase(0, parser.put(asio::buffer(unparsed), error));
    if (error && error != http::error::need_more)
      return failure(ClientErrc::bad_answer, fmt::format("the answer is not HTTP: {}", error.message()));
    if (parser.is_done()) return Response{parser.get().result_int(), std::move(parser.get().body())};
    auto chunk = receive_some(fd, deadline);
    if (!chunk) return std::unexpected(std::move(chunk.error()));
    if (chunk->empty())
      return failure(ClientErrc::lost, "the supervisor closed the connection before it had answered");
    unparsed += *chunk;
  }
}

std::expected<Response, ClientError> unless_refused(std::expected<Response, ClientError> response) {
  if (!response || response->status != 403) return response;
  const auto error = parse_problem(response->body);
  return failure(ClientErrc::not_permitted, error ? error->detail : "the supervisor refuses this user");
}

std::string request_bytes(std::string_view method, std::string_view target, std::string_view body) {
  return fmt::format(
      "{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      method, target, body.size(), body);
}

// One line of a stream into the message that is being made; true when it is complete.
bool take_line(std::string_view line, Client::Message& message) {
  if (line.empty()) return !message.data.empty();
  const std::size_t colon = line.find(':');
  if (colon == 0) return false;  // a comment
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  const std::string_view field = line.substr(0, colon);
  if (field == "event") message.name = value;
  if (field == "id") message.id = value;
  if (field == "data") message.data = value;
  return false;
}

}  // namespace

std::expected<Response, ClientError> Client::exchange(std::string_view method, std::string_view target,
                                                      std::string_view body, Timeout timeout) const {
  const Deadline deadline(timeout, stop_);
  const auto fd = connected(socket_path_, deadline);
  if (!fd) return std::unexpected(fd.error());
  if (auto sent = send_all(*fd, request_bytes(method, target, body), deadline); !sent)
    return std::unexpected(sent.error());
  return unless_refused(receive(*fd, deadline));
}

std::expected<std::optional<Response>, ClientError> Client::follow(
    std::string_view target, Timeout timeout, const std::function<bool(const Message&)>& take) const {
  const Deadline deadline(timeout, stop_);
  const auto fd = connected(socket_path_, deadline);
  if (!fd) return std::unexpected(fd.error());
  if (auto sent = send_all(*fd, request_bytes("GET", target, ""), deadline); !sent)
    return std::unexpected(sent.error());
  std::string unread;
  std::size_t head = 0;
  while ((head = unread.find("\r\n\r\n")) == std::string::npos) {
    auto chunk = receive_some(*fd, deadline);
    if (!chunk) return std::unexpected(std::move(chunk.error()));
    if (chunk->empty() || unread.size() > stream_line_bytes_max)
      return failure(ClientErrc::lost, "the supervisor closed the connection before it had answered");
    unread += *chunk;
  }
  if (!std::string_view{unread}.substr(0, head).contains("\r\nContent-Type: text/event-stream"))
    return unless_refused(receive(*fd, deadline, std::move(unread)));
  unread.erase(0, head + 4);
  Message message;
  for (;;) {
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = unread.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (!take_line(std::string_view{unread}.substr(begin, end - begin), message)) continue;
      if (!take(message)) return std::nullopt;
      message = {};
    }
    unread.erase(0, begin);
    if (unread.size() > stream_line_bytes_max)
      return failure(ClientErrc::bad_answer, "a line of the stream has no end");
    auto chunk = receive_some(*fd, deadline);
    if (!chunk) return std::unexpected(std::move(chunk.error()));
    if (chunk->empty()) return std::nullopt;
    unread += *chunk;
  }
}

std::expected<Response, ClientError> Client::get(std::string_view target, Timeout timeout) const {
  return exchange("GET", target, "", timeout);
}

std::expected<Response, ClientError> Client::post(std::string_view target, std::string_view body,
                                                  Timeout timeout) const {
  return exchange("POST", target, body, timeout);
}

std::expected<Fd, ClientError> Client::peer_process(Timeout timeout) const {
  const auto fd = connected(socket_path_, Deadline(timeout));
  if (!fd) return std::unexpected(fd.error());
  const auto peer = peer_of(fd->get());
  if (!peer || peer->pid <= 0) return Fd{};
  // While we are connected the process lives, so the pid is its own. (No SO_PEERPIDFD in Debian 12's kernel.)
  const long pidfd = ::syscall(SYS_pidfd_open, peer->pid, 0);
  return pidfd < 0 ? Fd{} : Fd(static_cast<int>(pidfd));
}

}  // namespace simplevisor::control
