// supervisor/control/http_session.hpp
//
// The session of session.hpp, for any kind of stream. Included by the one file for each kind: Beast's parser costs
// seconds to compile.
#pragma once

#include <fmt/format.h>
#include <poll.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "supervisor/control/session.hpp"
#include "supervisor/runtime/journal/recorder.hpp"

namespace simplevisor::control {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

// The refusal of what the parser could not take; none when the client merely left.
inline std::optional<Reply> refusal_for(error_code error, const Limits& limits) {
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error == http::error::body_limit) {
    return refusal(413, "too_large", fmt::format("the body has more than {} bytes", limits.body_bytes_max));
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return refusal(431, "too_large",
                   fmt::format("the header has more than {} bytes", limits.header_bytes_max));
  }
  if (error.category() != http::make_error_code(http::error::bad_method).category()) return std::nullopt;
  return refusal(400, "bad_http", fmt::format("not an HTTP/1.1 request: {}", error.message()));
}

inline bool hung_up(int fd) {
  // A client that has only ended its sending side, as `nc -N` does, still wants the answer: POLLIN and
  // POLLRDHUP, but not POLLHUP.
  pollfd entry{.fd = fd, .events = 0, .revents = 0};
  return ::poll(&entry, 1, 0) == 1 && (entry.revents & (POLLHUP | POLLERR)) != 0;
}

template <class Stream>
class HttpSession final : public Session, public std::enable_shared_from_this<HttpSession<Stream>> {
 public:
  // `keep`: what the stream needs for as long as it lives.
  HttpSession(Stream stream, std::shared_ptr<void> keep, Visitor visitor, Host& host)
      : keep_(std::move(keep)),
        stream_(std::move(stream)),
        visitor_(std::move(visitor)),
        timer_(stream_.get_executor()),
        host_(host),
        buffer_(host.limits().header_bytes_max + 4096) {}

  void begin() override {
    if constexpr (is_plain) {
      read();
    } else {
      limit_time(patience());
      stream_.async_handshake(Stream::server, [self = this->shared_from_this()](error_code error) {
        if (self->state_ != State::reading) return;
        self->timer_.cancel();
        if (error || self->expired_) return self->close();
        self->read();
      });
    }
  }

  void farewell() override {
    switch (state_) {
      case State::reading:
        return close();
      case State::asking:
        return reply(refusal(503, "ending", "the supervisor ended before the request was done"), false);
      case State::writing:
        keep_alive_ = false;
        return;
      case State::following:  // gets what there is, and no more
        leaving_ = true;
        return news();
      case State::lingering:
        return close();
      case State::closed:
        return;
    }
  }

  void close() override {
    if (state_ == State::closed) return;
    state_ = State::closed;
    error_code ignored;
    socket().close(ignored);
    timer_.cancel();
    host_.ended(*this);
  }

  void news() override {
    if (state_ == State::following && !sending_) send_news();
  }

  bool is_stranger() const override { return !visitor_.known && !known_; }

 private:
  enum class State : std::uint8_t { reading, asking, writing, lingering, following, closed };

  static constexpr bool is_plain = std::is_same_v<Stream, Socket>;
  Socket& socket() {
    if constexpr (is_plain)
      return stream_;
    else
      return stream_.next_layer();
  }
  // Who has not shown that he may ask keeps his place for a shorter time.
  [[nodiscard]] std::chrono::milliseconds patience() const {
    return is_stranger() ? host_.limits().stranger_time : host_.limits().request_time;
  }
  auto shared() { return this->shared_from_this(); }
  auto weak() { return this->weak_from_this(); }

  void read() {
    state_ = State::reading;
    expired_ = false;
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(host_.limits().header_bytes_max));
    parser_->body_limit(host_.limits().body_bytes_max);
    limit_time(patience());
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared()](error_code error, std::size_t) { self->on_read(error); });
  }

  void on_read(error_code error) {
    if (state_ != State::reading) return;
    timer_.cancel();
    if (expired_ && parser_->got_some()) {
      return refuse_unread(refusal(408, "too_slow", "the request took too long to arrive"));
    }
    if (error || expired_) {
      const auto refused = expired_ ? std::nullopt : refusal_for(error, host_.limits());
      return refused ? refuse_unread(*refused) : close();
    }
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    head_only_ = request.method() == http::verb::head;
    if (request.target().size() > host_.limits().target_bytes_max) {
      return reply(refusal(414, "too_large",
                           fmt::format("the target has more than {} bytes", host_.limits().target_bytes_max)),
                   keep_alive_);
    }
    const std::string_view method(request.method_string().data(), request.method_string().size());
    const auto field = [&](http::field name) {
      return std::string_view(request[name].data(), request[name].size());
    };
    const auto [host, target] =
        aim_of({request.target().data(), request.target().size()}, field(http::field::host));
    const Credentials credentials{.host = host,
                                  .origin = field(http::field::origin),
                                  .authorization = field(http::field::authorization)};
    for (const http::field once : {http::field::host, http::field::origin, http::field::authorization}) {
      if (request.count(once) > 1)
        return reply(
            refusal(400, "bad_http",
                    fmt::format("the header has more than one {}", std::string_view(http::to_string(once)))),
            false);
    }
    if (auto admitted = visitor_.gate->admit(credentials); !admitted)
      return deny(std::move(admitted.error()), method, target);
    if (auto page = host_.page(method, target, field(http::field::if_none_match),
                               field(http::field::accept_encoding)))
      return reply(*page, keep_alive_);
    const auto rights = visitor_.gate->rights(credentials);
    if (!rights) return deny(rights.error(), method, target);
    known_ = true;
    authorization_ = credentials.authorization;
    auto call = parse_request(method == "HEAD" ? "GET" : method, target, request.body());
    if (!call) return reply(call.error(), keep_alive_);
    if (auto allowed = authorise(*call, *rights); !allowed)
      return deny(std::move(allowed.error()), method, target);
    call->by = visitor_.name;
    if (call->verb == Verb::events && (call->follow || wants_event_stream(request)))
      return follow(*call, request);
    if (call->verb == Verb::logs && (call->follow || wants_event_stream(request))) return ask_for_feed(*call);
    ask(*call);
  }

  void deny(const Reply& refused, std::string_view method, std::string_view target) {
    host_.denied(visitor_.name, refused.status, method, target.substr(0, target.find('?')));
    reply(refused, keep_alive_);
  }

  using Request = http::request<http::string_body>;
  static bool wants_event_stream(const Request& request) {
    return request[http::field::accept].starts_with("text/event-stream");
  }

  void follow(const Call& call, const Request& request) {
    if (host_.journal() == nullptr)
      return reply(refusal(404, "no_events", "this supervisor keeps no events"), keep_alive_);
    position_ = begin_of(call, *host_.journal());
    within_ = call.within;
    feed_.reset();
    // A browser that comes back; stronger than the address it began with.
    const auto last = request["Last-Event-ID"];
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), number);
    if (!last.empty() && error == std::errc{} && end == last.data() + last.size()) position_ = number;
    begin_stream(Host::News::events);
  }

  void begin_stream(Host::News news) {
    state_ = State::following;
    cut_off_ = head_only_;
    host_.follows(*this, news);
    watch_follower();
    send(event_stream_head());
  }

  void ask_for_feed(const Call& call) {
    state_ = State::asking;
    const std::uint64_t number = ++asked_;
    watch_for_hangup(number);
    host_.open_feed(call, [weak = weak(), number](std::expected<std::unique_ptr<Feed>, Reply> feed) {
      const auto self = weak.lock();
      if (!self || !self->is_asking(number)) return;
      if (!feed) return self->reply(feed.error(), self->keep_alive_);
      error_code ignored;
      self->socket().cancel(ignored);  // the watch for a hang-up: another one takes its place
      self->feed_ = *std::move(feed);
      self->begin_stream(Host::News::logs);
    });
  }

  // Nothing more is expected of the client, but for its end.
  void watch_follower() {
    socket().async_wait(Socket::wait_read, [self = shared()](error_code error) {
      if (!error && self->state_ == State::following && hung_up(self->socket().native_handle()))
        self->close();
    });
  }

  void send_news() {
    // A token that is not good any more ends what was begun with it.
    if (!visitor_.gate->rights({.host = {}, .origin = {}, .authorization = authorization_})) return close();
    std::string text = feed_ ? feed_->next(host_.limits().follow_bytes) : next_events();
    if (!text.empty()) return send(std::move(text));
    if (leaving_) return close();
    limit_time(host_.limits().heart_beat);
  }

  std::string next_events() {
    const runtime::journal::Chunk chunk = host_.journal()->after(position_, host_.limits().follow_bytes);
    std::string text;
    if (chunk.gap && position_ != 0) {
      text = fmt::format("event: cut_off\ndata: {{\"after\":{},\"next\":{}}}\n\n", position_, chunk.first);
      cut_off_ = true;
    } else if (chunk.first != 0) {
      runtime::journal::EventId number = chunk.first;
      for (const std::string& line : chunk.lines) {
        const runtime::journal::EventId id = number++;
        if (concerns(line, within_))
          fmt::format_to(std::back_inserter(text), "id: {}\ndata: {}\n\n", id, line);
      }
      position_ = chunk.last;
      if (text.empty()) return next_events();  // nothing for this follower, until there is no more
    }
    return text;
  }

  void send(std::string text) {
    sending_ = true;
    output_ = std::move(text);
    limit_time(host_.limits().write_time);
    asio::async_write(stream_, asio::buffer(output_), [self = shared()](error_code error, std::size_t) {
      if (self->state_ != State::following) return;
      self->sending_ = false;
      if (error || self->cut_off_) return self->close();
      self->send_news();
    });
  }

  void ask(const Call& call) {
    state_ = State::asking;
    const std::uint64_t number = ++asked_;
    watch_for_hangup(number);
    host_.ask(call, [weak = weak(), number](const Reply& answer) {
      const auto self = weak.lock();
      if (self && self->is_asking(number)) self->answer(answer);
    });
  }

  void answer(const Reply& answer) {
    const auto& request = parser_->get();
    if (answer.status == 403)  // only the tree knew what was asked for
      return deny(answer, request.method_string(), aim_of(request.target(), {}).target);
    reply(answer, keep_alive_);
  }

  void watch_for_hangup(std::uint64_t number) {
    socket().async_wait(Socket::wait_read, [self = shared(), number](error_code error) {
      if (!error && self->is_asking(number) && hung_up(self->socket().native_handle())) self->close();
    });
  }

  bool is_asking(std::uint64_t number) const { return state_ == State::asking && asked_ == number; }

  // Refuses what has not been read to its end.
  void refuse_unread(const Reply& refused) {
    unread_ = true;
    reply(refused, false);
  }

  void reply(const Reply& answer, bool keep_alive) {
    state_ = State::writing;
    keep_alive_ = keep_alive;
    output_ = response_bytes(answer, keep_alive, std::exchange(head_only_, false));
    error_code ignored;
    socket().cancel(ignored);  // the watch for a hang-up
    limit_time(host_.limits().write_time);
    asio::async_write(stream_, asio::buffer(output_),
                      [self = shared()](error_code error, std::size_t) { self->on_written(error); });
  }

  void on_written(error_code error) {
    if (state_ != State::writing) return;
    timer_.cancel();
    output_ = {};  // a large answer is not kept for the rest of the connection
    if (!error && unread_) return linger();
    if (error || !keep_alive_) return close();
    read();
  }

  // A socket closed over bytes that were not read is reset, and the client may lose the answer to a broken pipe:
  // what it still sends is taken and thrown away, so much and no longer.
  void linger() {
    state_ = State::lingering;
    error_code ignored;
    socket().shutdown(Socket::shutdown_send, ignored);
    limit_time(host_.limits().linger_time);
    discard(host_.limits().linger_bytes);
  }

  void discard(std::size_t left) {
    buffer_.clear();
    socket().async_read_some(buffer_.prepare(host_.limits().header_bytes_max),
                             [self = shared(), left](error_code error, std::size_t count) {
                               if (self->state_ != State::lingering) return;
                               if (error || count >= left) return self->close();
                               self->discard(left - count);
                             });
  }

  void limit_time(std::chrono::milliseconds limit) {
    timer_.expires_after(limit);
    timer_.async_wait([weak = weak()](error_code error) {
      const auto self = weak.lock();
      if (!error && self) self->on_time_over();
    });
  }

  void on_time_over() {
    // The timer may have been armed anew after this expiry was already on its way.
    if (timer_.expiry() > std::chrono::steady_clock::now()) return;
    if (state_ == State::writing || state_ == State::lingering) return close();
    if (state_ == State::following) return sending_ ? close() : send(":\n\n");
    if (state_ != State::reading) return;
    expired_ = true;
    error_code ignored;
    socket().cancel(ignored);  // ends in on_read
  }

  const std::shared_ptr<void> keep_;
  Stream stream_;
  const Visitor visitor_;
  asio::steady_timer timer_;
  Host& host_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string output_;
  State state_ = State::reading;
  std::uint64_t asked_ = 0;
  std::unique_ptr<Feed> feed_;              // of a follower of logs
  runtime::journal::EventId position_ = 0;  // the last event a follower of events was sent
  runtime::Scope within_;
  bool sending_ = false;  // to a follower
  bool cut_off_ = false;  // once that is sent
  bool leaving_ = false;  // once everything is sent
  bool keep_alive_ = false;
  bool head_only_ = false;
  bool expired_ = false;
  bool unread_ = false;        // the request that is refused
  bool known_ = false;         // has shown that he may ask
  std::string authorization_;  // by this
};

}  // namespace simplevisor::control
