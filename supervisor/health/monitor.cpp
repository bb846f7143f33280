#include "supervisor/health/monitor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <string_view>

#include "supervisor/health/notify_socket.hpp"

namespace simplevisor::health {

namespace asio = boost::asio;
using boost::system::error_code;
using process::Result;
using process::Syscalls;
using process::system_error;

namespace {

// Messages, and reads of the readiness descriptor, that are handled before the loop's other work gets its turn.
constexpr int messages_per_turn = 32;

}  // namespace

struct Monitor::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, const MonitorSpec& its_spec, MonitorCallbacks its_callbacks,
        ClockFunction its_clock, const Syscalls& table)
      : syscalls(table),
        spec(its_spec),
        callbacks(std::move(its_callbacks)),
        clock(its_clock),
        condition(its_spec),
        timer(io),
        datagrams(io),
        readiness(io) {}

  ~State() {
    close_handover();
    // The socket closes itself.
    if (datagrams.is_open()) datagrams.release();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> open_socket(std::string path, std::optional<uid_t> owner) {
    auto opened = NotifySocket::open(std::move(path), owner, syscalls);
    if (!opened) return std::unexpected(opened.error());
    socket.emplace(std::move(*opened));
    error_code error;
    datagrams.assign(socket->fd(), error);
    if (error) return std::unexpected(system_error(error.value(), "cannot watch " + socket->path()));
    return {};
  }

  Result<void> open_readiness() {
    std::array<int, 2> ends{-1, -1};
    if (syscalls(SYS_pipe2, ends.data(), O_CLOEXEC) != 0) {
      return std::unexpected(system_error(errno, "cannot make the readiness pipe"));
    }
    write_end = ends[1];
    error_code error;
    // The worker's end stays as the worker expects it: only ours does not wait.
    if (syscalls(SYS_fcntl, ends[0], F_SETFL, O_NONBLOCK) != 0) {
      error.assign(errno, boost::system::system_category());
    } else {
      readiness.assign(ends[0], error);
    }
    if (!error) return {};
    syscalls(SYS_close, ends[0]);
    return std::unexpected(system_error(error.value(), "cannot watch the readiness pipe"));
  }

  void close_handover() {
    if (write_end >= 0) syscalls(SYS_close, write_end);
    write_end = -1;
  }

  void start(pid_t pid) {
    worker = pid;
    close_handover();
    const auto verdict = condition.started(clock());
    if (verdict) {
      asio::post(timer.get_executor(), [self = shared_from_this(), v = *verdict] { self->announce(v); });
    }
    if (socket) listen();
    if (readiness.is_open()) await_readiness();
    arm();
  }

  void listen() {
    datagrams.async_wait(asio::posix::descriptor_base::wait_read,
                         [self = shared_from_this()](error_code error) {
                           if (error || self->closed) return;
                           self->take_messages();
                           if (!self->closed) self->listen();
                         });
  }

  void take_messages() {
    for (int i = 0; i < messages_per_turn && !closed; ++i) {
      const NotifySocket::Received received = socket->receive(worker);
      if (received.kind == NotifySocket::Received::Kind::nothing_left) return;
      if (received.kind == NotifySocket::Received::Kind::message) hear(received.message);
    }
  }

  void hear(const NotifyMessage& message) {
    const bool was_stopping = condition.is_stopping();
    const auto verdict = condition.heard(message, clock());
    // What the message says of itself comes first, so that the status is known when the verdict is told.
    if (message.status && callbacks.on_status) callbacks.on_status(*message.status);
    if (closed) return;
    if (verdict) announce(*verdict);
    if (closed) return;
    if (message.extend_timeout && was_stopping && callbacks.on_stop_extension) {
      callbacks.on_stop_extension(*message.extend_timeout);
    }
    if (!closed) arm();
  }

  void await_readiness() {
    readiness.async_read_some(asio::buffer(read_buffer),
                              [self = shared_from_this()](error_code error, std::size_t bytes) {
                                if (!self->closed) self->read_readiness(error, bytes);
                              });
  }

  // The descriptor stays open after the newline, for whatever else the worker writes must not end it by SIGPIPE.
  void read_readiness(error_code error, std::size_t bytes) {
    if (error == asio::error::operation_aborted) return;
    std::optional<Verdict> verdict;
    if (error) {
      readiness.close(error);
      verdict = condition.descriptor_closed();
    } else if (std::string_view{read_buffer.data(), bytes}.contains('\n')) {
      verdict = condition.newline(clock());
    }
    if (verdict) announce(*verdict);
    if (closed) return;
    arm();
    if (readiness.is_open()) await_readiness();
  }

  // The timer is only ever moved forward: a later deadline is seen when it fires.
  void arm() {
    const auto deadline = condition.next_deadline();
    if (!deadline || (armed && *armed <= *deadline)) return;
    armed = *deadline;
    timer.expires_at(*deadline);
    timer.async_wait([self = shared_from_this()](error_code error) {
      if (error || self->closed) return;
      self->armed.reset();
      self->expire(self->clock());
    });
  }

  void expire(TimePoint now) {
    const auto verdict = condition.tick(now);
    if (verdict) announce(*verdict);
    if (!closed) arm();
  }

  void announce(Verdict verdict) {
    if (closed) return;
    const auto call = [](const std::function<void()>& callback) {
      if (callback) callback();
    };
    switch (verdict) {
      case Verdict::ready:
        return call(callbacks.on_ready);
      case Verdict::not_ready:
        return call(callbacks.on_not_ready);
      case Verdict::start_timeout:
        return call(callbacks.on_start_timeout);
      case Verdict::watchdog_expired:
        return call(callbacks.on_watchdog_expired);
      case Verdict::stopping:
        return call(callbacks.on_stopping);
    }
  }

  // Called by the monitor's destructor, perhaps from within a callback: what is being executed must stay.
  void close() {
    closed = true;
    error_code ignored;
    timer.cancel();
    if (datagrams.is_open()) datagrams.release();
    readiness.close(ignored);
    socket.reset();
    close_handover();
  }

  const Syscalls& syscalls;
  const MonitorSpec spec;
  const MonitorCallbacks callbacks;
  const ClockFunction clock;
  Condition condition;
  asio::steady_timer timer;
  std::optional<NotifySocket> socket;
  asio::posix::stream_descriptor datagrams;  // watches the socket's descriptor, which is the socket's
  asio::posix::stream_descriptor readiness;
  std::array<char, 256> read_buffer{};
  std::optional<TimePoint> armed;
  int write_end = -1;
  pid_t worker = 0;
  bool closed = false;
};

Monitor::Monitor(std::shared_ptr<State> state) : state_(std::move(state)) {}

Monitor::~Monitor() {
  state_->close();
}

Result<std::unique_ptr<Monitor>> Monitor::open(asio::io_context& io, const MonitorSpec& spec,
                                               std::string socket_path, std::optional<uid_t> owner,
                                               MonitorCallbacks callbacks, ClockFunction clock,
                                               const Syscalls& syscalls) {
  auto state = std::make_shared<State>(io, spec, std::move(callbacks), clock, syscalls);
  if (spec.needs_socket()) {
    if (auto opened = state->open_socket(std::move(socket_path), owner); !opened) {
      return std::unexpected(opened.error());
    }
  }
  if (spec.ready == MonitorSpec::Ready::fd) {
    if (auto opened = state->open_readiness(); !opened) return std::unexpected(opened.error());
  }
  return std::unique_ptr<Monitor>{new Monitor{std::move(state)}};
}

std::vector<std::pair<std::string, std::string>> Monitor::environment(const MonitorSpec& spec,
                                                                      const std::string& socket_path) {
  std::vector<std::pair<std::string, std::string>> variables;
  if (spec.needs_socket()) variables.emplace_back("NOTIFY_SOCKET", socket_path);
  if (spec.watchdog.count() > 0) {
    const std::chrono::microseconds period = spec.watchdog;
    variables.emplace_back("WATCHDOG_USEC", fmt::format("{}", period.count()));
  }
  return variables;
}

std::optional<process::Handover> Monitor::handover() const {
  if (state_->write_end < 0) return {};
  return process::Handover{.from = state_->write_end, .to = state_->spec.fd};
}

void Monitor::started(pid_t pid) {
  state_->start(pid);
}

void Monitor::stopping() {
  state_->condition.stopping();
}

void Monitor::expire(TimePoint now) {
  const auto keep_alive = state_;
  keep_alive->expire(now);
}

std::uint64_t Monitor::dropped_messages() const {
  return state_->socket ? state_->socket->dropped() : 0;
}

}  // namespace simplevisor::health
