// Bytes and time: writing what has gathered, reading, and noticing silence.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "workers/stomp/session.hpp"

namespace simplevisor::stomp {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t read_bytes = std::size_t{128} << 10;
constexpr std::size_t kept_buffer_bytes = std::size_t{4} << 20;  // a larger one is given back after its use
constexpr std::chrono::seconds blocked_after{5};
constexpr std::chrono::milliseconds last_word_after{
    100};  // in 1.0 nothing answers DISCONNECT but perhaps an ERROR

}  // namespace

void Session::opened(std::optional<Failure> failure) {
  if (phase_ != Phase::opening) return;
  if (failure) {
    close(std::move(failure));
    return;
  }
  last_read_ = last_write_ = Clock::now();
  greet();
  start_read();
}

void Session::schedule_write() {
  if (writing_now_ || std::exchange(write_posted_, true)) return;
  asio::post(executor_, [self = shared_from_this()] {
    self->write_posted_ = false;
    self->start_write();
  });
}

void Session::start_write() {
  if (phase_ == Phase::closed || writing_now_ || gathering_.empty()) return;
  writing_.swap(gathering_);
  tickets_writing_.swap(tickets_gathering_);
  written_ = 0;
  writing_now_ = true;
  if (options_.trace) trace_sent(where(), writing_, *options_.trace);
  last_write_ = Clock::now();
  write_rest();
}

void Session::write_rest() {
  transport_->write_some(
      std::string_view{writing_}.substr(written_),
      [self = shared_from_this()](error_code error, std::size_t bytes) { self->written(error, bytes); });
}

void Session::written(error_code error, std::size_t bytes) {
  if (phase_ == Phase::closed) return;
  // Why the connection is lost is for the reader to say: there may be an ERROR to be read.
  if (error) {
    if (!reading_) lost(error);
    return;
  }
  last_write_ = Clock::now();
  written_ += bytes;
  if (std::exchange(blocked_, false)) say(broker::Unblocked{});
  if (written_ < writing_.size()) return write_rest();

  writing_now_ = false;
  written_ = 0;
  writing_.clear();
  if (writing_.capacity() > kept_buffer_bytes) writing_.shrink_to_fit();
  for (const broker::Ticket ticket : tickets_writing_) say(broker::Confirmed{ticket});
  tickets_writing_.clear();
  if (!gathering_.empty()) return start_write();
  if (phase_ == Phase::leaving) {
    enter(Phase::leaving, dialect_.version == Version::v1_0 ? last_word_after : options_.timeout_disconnect);
  }
  arm();  // for the next heart-beat
}

void Session::start_read() {
  if (phase_ == Phase::closed || reading_ || !hears()) return;
  reading_ = true;
  transport_->read_some(parser_.prepare(read_bytes),
                        [self = shared_from_this()](error_code error, std::size_t bytes) {
                          self->reading_ = false;
                          self->received(error, bytes);
                        });
}

void Session::received(error_code error, std::size_t bytes) {
  if (phase_ == Phase::closed) return;
  parser_.commit(bytes);
  last_read_ = Clock::now();
  if (error) return lost(error);
  process();
}

void Session::process() {
  while (phase_ != Phase::closed && hears()) {
    // What is parsed stays in its buffer while a read may be writing behind it.
    if (reading_) return;
    auto frame = parser_.next();
    if (!frame) {
      fail(frame.error().kind, frame.error().message);
      break;
    }
    if (!*frame) {
      if (options_.timeout_broker && parser_.amid_frame()) arm();
      start_read();
      break;
    }
    handle(**std::move(frame));
    flush_events();
  }
}

void Session::lost(const error_code& error) {
  const bool all_said = gathering_.empty() && !writing_now_;
  if (phase_ == Phase::leaving && (all_said || !options_.reliable)) return close(std::nullopt);
  if (error == asio::error::eof || error.message() == "stream truncated") {
    return fail(Failure::Kind::unavailable, phase_ == Phase::greeting
                                                ? "closed the connection instead of CONNECTED"
                                                : "closed the connection");
  }
  fail(Failure::Kind::unavailable, fmt::format("connection lost: {}", error.message()));
}

// The earliest moment at which something has to be done or decided.
std::optional<Session::TimePoint> Session::next_due() const {
  std::optional<TimePoint> due = phase_until_;
  const auto consider = [&](TimePoint other) { due = due ? std::min(*due, other) : other; };
  if (phase_ == Phase::closed || phase_ == Phase::idle || phase_ == Phase::opening) return due;
  if (writing_now_) {
    if (!blocked_) consider(last_write_ + blocked_after);
  } else if (beat_every_.count() > 0) {
    consider(last_write_ + beat_every_);
  }
  // While we do not listen, silence says nothing.
  if (!hears()) return due;
  if (silence_max_.count() > 0) consider(last_read_ + silence_max_);
  if (options_.timeout_broker && owed()) {
    consider(std::max(last_read_, owed_since_) + *options_.timeout_broker);
  }
  return due;
}

// A timer that is early only looks again, so what moves the due time later need not call this.
void Session::arm() {
  const auto due = next_due();
  if (!due || (armed_until_ && *armed_until_ <= *due)) return;
  armed_until_ = due;
  timer_.expires_at(*due);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->phase_ == Phase::closed) return;
    self->armed_until_.reset();
    self->tick();
  });
}

void Session::tick() {
  const TimePoint now = Clock::now();
  if (phase_until_ && now >= *phase_until_) {
    switch (phase_) {
      case Phase::opening:
        return fail(Failure::Kind::unavailable, "no connection in time");
      case Phase::greeting:
        return fail(Failure::Kind::unavailable,
                    "no CONNECTED in time; does it speak STOMP, and without TLS?");
      case Phase::subscribing:
        return fail(Failure::Kind::unavailable, "no receipt of a SUBSCRIBE in time");
      case Phase::unsubscribing:
        leave();
        break;
      case Phase::leaving:
        if (dialect_.version == Version::v1_0 && gathering_.empty() && !writing_now_)
          return close(std::nullopt);
        return fail(Failure::Kind::unavailable, "did not answer DISCONNECT in time");
      case Phase::idle:
      case Phase::working:
      case Phase::closed:
        break;
    }
  }
  if (hears() && phase_ != Phase::opening) {
    if (silence_max_.count() > 0 && now >= last_read_ + silence_max_) {
      return fail(Failure::Kind::unavailable,
                  fmt::format("no heart-beat for {} ms, {} ms were promised", silence_max_.count(),
                              options_.heart_beat->server.count()));
    }
    if (options_.timeout_broker && owed() &&
        now >= std::max(last_read_, owed_since_) + *options_.timeout_broker) {
      return fail(Failure::Kind::unavailable,
                  fmt::format("silent for {} ms while it owes {}", options_.timeout_broker->count(),
                              undecided_.empty() ? std::string{"the rest of a frame"}
                                                 : fmt::format("{} receipts", undecided_.size())));
    }
  }
  if (writing_now_) {
    if (!blocked_ && now >= last_write_ + blocked_after) {
      blocked_ = true;
      say(broker::Blocked{fmt::format("{} does not read", where())});
    }
  } else if (beat_every_.count() > 0 && now >= last_write_ + beat_every_) {
    gathering_ += '\n';
    start_write();
  }
  arm();
}

}  // namespace simplevisor::stomp
