#include "workers/amqp/connection.hpp"

#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>

#include "workers/amqp/bytes.hpp"
#include "workers/amqp/socket.hpp"

namespace simplevisor::amqp {
namespace {

using Kind = broker::Failure::Kind;

constexpr int frame_bytes_wished = 131'072;
constexpr int channels_wished = 16;

timeval to_timeval(std::chrono::milliseconds time) {
  return {time.count() / 1000, (time.count() % 1000) * 1000};
}

amqp_table_entry_t text_entry(const char* key, std::string_view text) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(key);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = bytes(text);
  return entry;
}

// What we understand; a broker does not use what a client has not said it knows.
amqp_table_t capabilities() {
  static auto entries = [] {
    std::array<amqp_table_entry_t, 5> known{};
    const char* const names[] = {"publisher_confirms", "basic.nack", "consumer_cancel_notify",
                                 "connection.blocked", "authentication_failure_close"};
    for (std::size_t i = 0; i < known.size(); ++i) {
      known[i].key = amqp_cstring_bytes(names[i]);
      known[i].value.kind = AMQP_FIELD_KIND_BOOLEAN;
      known[i].value.value.boolean = 1;
    }
    return known;
  }();
  return {static_cast<int>(entries.size()), entries.data()};
}

}  // namespace

Connection::~Connection() {
  mailbox_.forget_socket();
  if (state_ != nullptr) amqp_destroy_connection(state_);
}

Outcome<> Connection::open(const Options& options) {
  state_ = amqp_new_connection();
  if (state_ == nullptr) return std::unexpected(library_problem("a new connection", AMQP_STATUS_NO_MEMORY));
  const timeval connecting = to_timeval(options.timeout_connect);
  amqp_set_handshake_timeout(state_, &connecting);
  const timeval asking = to_timeval(options.timeout_broker);
  amqp_set_rpc_timeout(state_, &asking);
  tls_ = options.endpoint.tls;
  if (auto done = tls_ ? open_tls_socket(options) : open_socket(options); !done) return done;
  return login(options);
}

Outcome<> Connection::open_socket(const Options& options) {
  const auto fd =
      connect_tcp(options.endpoint.host, options.endpoint.port, options.timeout_connect, mailbox_.wake_fd());
  if (!fd) return std::unexpected(Problem{fd.error(), false, 0, false});
  fd_ = *fd;
  amqp_socket_t* socket = amqp_tcp_socket_new(state_);
  if (socket == nullptr) return std::unexpected(library_problem("a new socket", AMQP_STATUS_NO_MEMORY));
  amqp_tcp_socket_set_sockfd(socket, fd_);
  mailbox_.watch_socket(fd_);
  return {};
}

Outcome<> Connection::open_tls_socket(const Options& options) {
  const std::string where = fmt::format("{}:{}", options.endpoint.host, options.endpoint.port);
  amqp_socket_t* socket = amqp_ssl_socket_new(state_);
  if (socket == nullptr) return std::unexpected(library_problem("a new TLS socket", AMQP_STATUS_NO_MEMORY));
  watch_.begins = [this](int fd) { mailbox_.watch_socket(fd); };
  if (auto ready = prepare_tls(socket, options.tls, options.endpoint.host, watch_); !ready) {
    return std::unexpected(Problem{ready.error(), false, 0, false});
  }
  // The library looks up as well, and cannot be interrupted: by then the name servers have answered.
  const auto deadline = Clock::now() + options.timeout_connect;
  const auto found = look_up(options.endpoint.host, options.endpoint.port, deadline, mailbox_.wake_fd());
  if (!found) return std::unexpected(Problem{found.error(), false, 0, false});
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  timeval limit = to_timeval(std::max(left, std::chrono::milliseconds{1}));
  const int status =
      amqp_socket_open_noblock(socket, options.endpoint.host.c_str(), options.endpoint.port, &limit);
  if (status == AMQP_STATUS_SOCKET_ERROR) {
    // Refused, no route, ...: the library does not tell, a connection of our own does.
    const auto fd =
        connect_tcp(options.endpoint.host, options.endpoint.port,
                    std::max(std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()),
                             std::chrono::milliseconds{1}),
                    mailbox_.wake_fd());
    if (!fd) return std::unexpected(Problem{fd.error(), false, 0, false});
    close(*fd);
  }
  if (status != AMQP_STATUS_OK) return std::unexpected(tls_problem(where, status, watch_));
  fd_ = amqp_get_sockfd(state_);
  return {};
}

Outcome<> Connection::login(const Options& options) {
  const std::string where = fmt::format("{}:{}", options.endpoint.host, options.endpoint.port);
  std::array<amqp_table_entry_t, 2> entries{};
  entries[0].key = amqp_cstring_bytes("capabilities");
  entries[0].value.kind = AMQP_FIELD_KIND_TABLE;
  entries[0].value.value.table = capabilities();
  entries[1] = text_entry("connection_name", options.connection_name);
  const amqp_table_t properties{options.connection_name.empty() ? 1 : 2, entries.data()};
  const int heartbeat = static_cast<int>(std::clamp<std::int64_t>(options.heartbeat.count(), 0, 65535));
  const char* const host = options.endpoint.virtual_host.c_str();
  // EXTERNAL: who we say we are, beside what the certificate says. The library cannot leave it empty, RabbitMQ does not
  // read it.
  std::string name = "guest";
  std::string password = "guest";
  if (options.login) {
    name = options.login->name;
    password = options.login->pass.reveal();
  } else if (options.endpoint.user) {
    name = *options.endpoint.user;
    password = options.endpoint.password.reveal();
  }
  const amqp_rpc_reply_t reply =
      options.external
          ? amqp_login_with_properties(state_, host, channels_wished, frame_bytes_wished, heartbeat,
                                       &properties, AMQP_SASL_METHOD_EXTERNAL, name.c_str())
          : amqp_login_with_properties(state_, host, channels_wished, frame_bytes_wished, heartbeat,
                                       &properties, AMQP_SASL_METHOD_PLAIN, name.c_str(), password.c_str());
  // With TLS 1.3 it is here that a broker says what it thinks of our certificate.
  if (tls_ && reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
    return std::unexpected(tls_problem(where, reply.library_error, watch_));
  if (auto done = outcome(where, reply); !done) return done;
  frame_max_ = amqp_get_frame_max(state_);
  heartbeat_ = std::chrono::seconds(amqp_get_heartbeat(state_));
  last_sent_ = last_read_ = Clock::now();
  return {};
}

std::string Connection::description() const {
  std::string product = "unknown broker";
  std::string version;
  const amqp_table_t& properties = *amqp_get_server_properties(state_);
  for (int i = 0; i < properties.num_entries; ++i) {
    const amqp_table_entry_t& entry = properties.entries[i];
    if (entry.value.kind != AMQP_FIELD_KIND_UTF8) continue;
    if (view(entry.key) == "product") product = view(entry.value.value.bytes).substr(0, 64);
    if (view(entry.key) == "version")
      version = fmt::format(" {}", view(entry.value.value.bytes).substr(0, 64));
  }
  return fmt::format("{}{}, AMQP 0-9-1", product, version);
}

Outcome<> Connection::outcome_of(std::string_view what) {
  last_sent_ = Clock::now();
  return outcome(what, amqp_get_rpc_reply(state_));
}

Outcome<bool> Connection::next_frame(amqp_frame_t& frame) {
  const timeval at_once{0, 0};
  const int status = amqp_simple_wait_frame_noblock(state_, &frame, &at_once);
  if (status == AMQP_STATUS_TIMEOUT) return false;
  if (status == AMQP_STATUS_HEARTBEAT_TIMEOUT) {
    const auto silence = 2 * heartbeat_.count();
    return std::unexpected(
        Problem{{Kind::unavailable, fmt::format("the broker was silent for {} s (heartbeat)", silence)},
                false,
                0,
                false});
  }
  if (status != AMQP_STATUS_OK) return std::unexpected(library_problem("reading", status));
  return true;
}

void Connection::release(Channel channel) {
  amqp_maybe_release_buffers_on_channel(state_, channel);
}

bool Connection::may_hold_frames() const {
  return amqp_frames_enqueued(state_) != 0 || amqp_data_in_buffer(state_) != 0;
}

Outcome<> Connection::sent(std::string_view what, int status) {
  if (status != AMQP_STATUS_OK) return std::unexpected(library_problem(what, status));
  last_sent_ = Clock::now();
  return {};
}

Outcome<> Connection::send(Channel channel, amqp_method_number_t id, void* method) {
  return sent(amqp_method_name(id), amqp_send_method(state_, channel, id, method));
}

Outcome<> Connection::publish(Channel channel, amqp_basic_publish_t& method,
                              const amqp_basic_properties_t& properties, std::string_view body) {
  return sent("basic.publish",
              amqp_basic_publish(state_, channel, method.exchange, method.routing_key, method.mandatory,
                                 method.immediate, &properties, bytes(body)));
}

Outcome<> Connection::send_header(Channel channel, std::size_t body_bytes,
                                  amqp_basic_properties_t& properties) {
  amqp_frame_t frame{};
  frame.frame_type = AMQP_FRAME_HEADER;
  frame.channel = channel;
  frame.payload.properties.class_id = AMQP_BASIC_CLASS;
  frame.payload.properties.body_size = body_bytes;
  frame.payload.properties.decoded = &properties;
  return sent("a message's header", amqp_send_frame(state_, &frame));
}

Outcome<> Connection::send_body_part(Channel channel, std::string_view part) {
  amqp_frame_t frame{};
  frame.frame_type = AMQP_FRAME_BODY;
  frame.channel = channel;
  frame.payload.body_fragment = bytes(part);
  return sent("a message's body", amqp_send_frame(state_, &frame));
}

std::size_t Connection::writable_bytes() const {
  pollfd ready{fd_, POLLOUT, 0};
  if (poll(&ready, 1, 0) <= 0) return 0;
  // Linux calls a socket writable when a third of its buffer is free; what the system adds to each packet for its own
  // use counts too. An eighth is safe, and still large enough not to ask often.
  int size = 0;
  socklen_t length = sizeof size;
  getsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &size, &length);
  return static_cast<std::size_t>(std::max(size / 8, 4096));
}

Outcome<> Connection::beat_if_due(Clock::time_point now) {
  if (!has_heartbeats() || now < last_sent_ + heartbeat_ / 2.0) return {};
  // A full buffer holds what will reach the broker before a heartbeat could.
  if (writable_bytes() == 0) return {};
  amqp_frame_t frame{};
  frame.frame_type = AMQP_FRAME_HEARTBEAT;
  return sent("a heartbeat", amqp_send_frame(state_, &frame));
}

std::optional<Clock::time_point> Connection::next_beat(bool reading) const {
  if (!has_heartbeats()) return std::nullopt;
  const auto ours = std::chrono::time_point_cast<Clock::duration>(last_sent_ + heartbeat_ / 2.0);
  // A full buffer must not make us ask again at once.
  const auto least = Clock::now() + std::chrono::milliseconds(10);
  const auto theirs = last_read_ + 2 * heartbeat_ + std::chrono::milliseconds(10);
  return std::max(least, reading ? std::min(ours, theirs) : ours);
}

}  // namespace simplevisor::amqp
