#include "workers/amqp/session.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "workers/amqp/bytes.hpp"
#include "workers/broker/masking.hpp"

namespace simplevisor::amqp {
namespace {

using Kind = broker::Failure::Kind;

// Between two turns room for deliveries is looked at, so these bound by how much it can be overdrawn.
constexpr int frames_a_turn_max = 1000;
constexpr std::size_t body_bytes_a_turn_max = std::size_t{1} << 20;

std::unexpected<Problem> problem(Kind kind, std::string message) {
  return std::unexpected(Problem{{kind, std::move(message)}, false, 0, false});
}

}  // namespace

Session::Session(const Options& options, Mailbox& mailbox)
    : options_(options),
      mailbox_(mailbox),
      connection_(mailbox),
      receiver_(connection_, options),
      sender_(connection_, options) {}

void Session::run() {
  Outcome<> going = open();
  if (!mailbox_.opened()) {  // nobody wants it any more, whatever became of it
    events_ = {};
    events_.emplace_back(broker::Closed{});
    return mailbox_.tell(events_);
  }
  while (going && !over_ && !mailbox_.abandoned()) going = turn();
  if (mailbox_.abandoned()) return;
  // A broker may close abruptly once it was told goodbye, and that is well.
  if (going || goodbye_said_) {
    events_.emplace_back(broker::Closed{});
  } else {
    close(going.error());
  }
  mailbox_.tell(events_);
}

void Session::close(const Problem& problem) {
  broker::Failure failure = problem.failure;
  if (options_.login) failure.message = broker::masked(std::move(failure.message), options_.login->pass);
  failure.message = broker::masked(std::move(failure.message), options_.endpoint.password);
  events_.emplace_back(
      broker::Closed{.failure = std::move(failure), .message_to_blame = problem.message_to_blame});
}

Outcome<> Session::open() {
  auto opened = connection_.open(options_);
  if (opened) opened = sender_.open();
  if (opened) opened = receiver_.open();
  if (opened) events_.emplace_back(broker::Connected{connection_.description() + receiver_.surprise()});
  return opened;
}

Outcome<> Session::turn() {
  obey(mailbox_.take_commands());
  auto done = write();
  if (done) done = receiver_.flush();
  if (done) done = connection_.beat_if_due(Clock::now());
  if (done) done = say_goodbye();
  // In any case: what was decided before the trouble is true.
  mailbox_.tell(events_);
  return done ? wait() : done;
}

void Session::obey(std::vector<Command> commands) {
  for (Command& command : commands) {
    if (auto* publish = std::get_if<Publish>(&command)) {
      sender_.add(std::move(*publish));
    } else if (const auto* finished = std::get_if<Acknowledge>(&command)) {
      if (options_.reliable) receiver_.finish(finished->tag);
    } else if (const auto* unwanted = std::get_if<GiveBack>(&command)) {
      if (options_.reliable) receiver_.give_back(unwanted->tag);
    } else if (!leave_by_) {
      leave_by_ = Clock::now() + options_.timeout_disconnect;
    }
  }
}

Outcome<> Session::write() {
  write_waits_ = false;
  if (!sender_.can_write()) return {};
  const std::size_t bytes = connection_.writable_bytes();
  if (bytes == 0) {
    write_waits_ = true;
    return {};
  }
  auto done = sender_.write(bytes, events_);
  write_waits_ = sender_.can_write();
  return done;
}

Outcome<> Session::say_goodbye() {
  if (!leave_by_ || goodbye_said_) return {};
  // A broker that blocks us reads neither what waits nor a goodbye.
  if (sender_.blocked()) {
    goodbye_said_ = over_ = true;
    return {};
  }
  const bool late = Clock::now() >= *leave_by_;
  if (!sender_.idle() && !late) return {};
  if (late)
    return problem(Kind::unavailable, "the broker did not take in time what was to be sent before the end");
  amqp_connection_close_t method{};
  method.reply_code = AMQP_REPLY_SUCCESS;
  method.reply_text = amqp_cstring_bytes("goodbye");
  auto done = connection_.send(0, AMQP_CONNECTION_CLOSE_METHOD, &method);
  goodbye_said_ = done.has_value();
  return done;
}

Outcome<> Session::check_silence() const {
  // Without heartbeats only an answer that does not come tells of a dead broker.
  if (connection_.has_heartbeats() || !sender_.expects_answers() || sender_.blocked()) return {};
  if (Clock::now() < connection_.last_read() + options_.timeout_broker) return {};
  return problem(Kind::unavailable, "the broker did not answer in time");
}

Outcome<> Session::wait() {
  if (over_) return {};
  if (leave_by_ && goodbye_said_ && Clock::now() >= *leave_by_) {
    over_ = true;
    return {};
  }
  if (auto done = check_silence(); !done) return done;
  reading_ = mailbox_.has_room();
  if (reading_ && connection_.may_hold_frames()) return read();

  auto until = connection_.next_beat(reading_).value_or(Clock::time_point::max());
  if (leave_by_) until = std::min(until, *leave_by_);
  if (!connection_.has_heartbeats() && sender_.expects_answers()) {
    until = std::min(until, connection_.last_read() + options_.timeout_broker);
  }
  int limit = -1;
  if (until != Clock::time_point::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    limit = static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
  }
  const auto wanted = static_cast<short>((reading_ ? POLLIN : 0) | (write_waits_ ? POLLOUT : 0));
  pollfd ready[2] = {{wanted != 0 ? connection_.fd() : -1, wanted, 0}, {mailbox_.wake_fd(), POLLIN, 0}};
  if (poll(ready, 2, limit) < 0 && errno != EINTR) {
    return problem(Kind::temporary, "poll: out of memory");
  }
  if (ready[1].revents != 0) mailbox_.clear_wake();
  if (!reading_) return {};
  if ((ready[0].revents & ~POLLOUT) != 0) connection_.noticed_input();
  // Also when nothing came: it is here that the library notices a silence.
  return read();
}

Outcome<> Session::read() {
  std::size_t body_bytes = 0;
  for (int frames = 0; frames < frames_a_turn_max && body_bytes < body_bytes_a_turn_max; ++frames) {
    amqp_frame_t frame;
    const auto got = connection_.next_frame(frame);
    if (!got) return std::unexpected(got.error());
    if (!*got) return {};
    if (frame.frame_type == AMQP_FRAME_BODY) body_bytes += frame.payload.body_fragment.len;
    const auto done = on_frame(frame);
    connection_.release(frame.channel);
    if (!done || over_) return done;
  }
  return {};
}

Outcome<> Session::on_frame(const amqp_frame_t& frame) {
  switch (frame.channel) {
    case 0:
      if (frame.frame_type != AMQP_FRAME_METHOD) return {};  // a heartbeat
      return on_connection_method(frame.payload.method);
    case Sender::management_channel:
      return sender_.on_management_frame(frame);
    case Sender::channel:
      return sender_.on_frame(frame, events_);
    case Receiver::channel:
      return receiver_.on_frame(frame, events_);
    default:
      return problem(Kind::protocol, fmt::format("a frame for channel {}, which is not open", frame.channel));
  }
}

Outcome<> Session::on_connection_method(const amqp_method_t& method) {
  switch (method.id) {
    case AMQP_CONNECTION_BLOCKED_METHOD: {
      const auto& blocked = *static_cast<const amqp_connection_blocked_t*>(method.decoded);
      sender_.set_blocked(true);
      events_.emplace_back(broker::Blocked{std::string(view(blocked.reason))});
      return {};
    }
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      sender_.set_blocked(false);
      events_.emplace_back(broker::Unblocked{});
      return {};
    case AMQP_CONNECTION_CLOSE_OK_METHOD:
      over_ = goodbye_said_;
      return {};
    case AMQP_CONNECTION_CLOSE_METHOD: {
      const auto& close = *static_cast<const amqp_connection_close_t*>(method.decoded);
      Problem reason = closed_by_broker("the broker closed the connection", close.reply_code,
                                        view(close.reply_text), false);
      amqp_connection_close_ok_t farewell{};
      // Whether it gets there changes nothing.
      (void)connection_.send(0, AMQP_CONNECTION_CLOSE_OK_METHOD, &farewell);
      return std::unexpected(std::move(reason));
    }
    default:
      return problem(Kind::protocol, fmt::format("an unexpected method, {:#x}", method.id));
  }
}

}  // namespace simplevisor::amqp
