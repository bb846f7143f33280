#include "workers/handler/co_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <csignal>
#include <utility>

namespace simplevisor::handler {
namespace {

namespace asio = boost::asio;

struct Pipe {
  int read_end = -1;
  int write_end = -1;

  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) == 0) std::tie(read_end, write_end) = std::pair{ends[0], ends[1]};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    if (read_end >= 0) ::close(read_end);
    if (write_end >= 0) ::close(write_end);
  }
  explicit operator bool() const { return read_end >= 0; }
};

}  // namespace

CoProcess::CoProcess(asio::any_io_executor executor, CoProcessOptions options, Tell tell)
    : executor_{std::move(executor)},
      options_{std::move(options)},
      tell_{std::move(tell)},
      children_{executor_} {}

void CoProcess::start() {
  if (const auto error = open_life()) {
    life_.reset();
    tell_(Gone{fmt::format("cannot be started: {}: {}", options_.arguments.front(), error.message())});
    return;
  }
  send(protocol::start_line(options_.data_json));
  receive();
}

std::error_code CoProcess::open_life() {
  const auto last_error = [] { return std::error_code{errno, std::system_category()}; };
  Pipe input;
  if (!input) return last_error();
  Pipe output;
  if (!output) return last_error();
  // Only our ends: the handler's must behave as any program expects of its standard streams.
  if (::fcntl(input.write_end, F_SETFL, O_NONBLOCK) != 0) return last_error();
  if (::fcntl(output.read_end, F_SETFL, O_NONBLOCK) != 0) return last_error();
  auto life = std::make_shared<Life>(executor_, options_.line_bytes_max);
  boost::system::error_code ec;
  life->input.assign(input.write_end, ec);
  if (ec) return ec;
  input.write_end = -1;
  life->output.assign(output.read_end, ec);
  if (ec) return ec;
  output.read_end = -1;
  const auto child =
      children_.start({options_.arguments, options_.environment, input.read_end, output.write_end},
                      [this](ExitStatus status) { ended(status); });
  if (!child) return child.error();
  life->child = *child;
  life_ = std::move(life);
  return {};
}

bool CoProcess::give(Seq seq, std::string_view line) {
  if (!life_) return false;
  life_->open.insert(seq);
  send(line);
  return true;
}

void CoProcess::tell_idle() {
  if (life_) send(protocol::idle_line());
}

void CoProcess::stop() {
  if (!life_) return;
  send(protocol::stop_line());
  life_->stopping = true;
  if (!life_->write_pending) life_->input.close();
}

void CoProcess::kill(Seq seq) {
  if (life_ && life_->open.contains(seq)) kill_late("no answer within the time allowed");
}

void CoProcess::kill_all() {
  if (life_) kill_late(life_->ready ? "the time allowed for leaving" : "the time allowed for getting ready");
}

void CoProcess::kill_late(std::string_view for_what) {
  life_->out_of_time = for_what;
  children_.kill(life_->child);
}

void CoProcess::send(std::string_view line) {
  life_->to_write += line;
  if (!life_->write_pending) write_some();
}

// One write at a time; what comes meanwhile goes out together with the next.
void CoProcess::write_some() {
  life_->writing.clear();
  std::swap(life_->writing, life_->to_write);
  life_->write_pending = true;
  asio::async_write(life_->input, asio::buffer(life_->writing),
                    [this, weak = std::weak_ptr{life_}](const boost::system::error_code& ec, std::size_t) {
                      const auto life = weak.lock();
                      if (!life || life != life_) return;
                      life->write_pending = false;
                      // It does not read any more. That is no fault as long as it answers or ends.
                      if (ec) return;
                      if (!life->to_write.empty())
                        write_some();
                      else if (life->stopping)
                        life->input.close();
                    });
}

void CoProcess::receive() {
  life_->output.async_read_some(
      asio::buffer(life_->received),
      [this, weak = std::weak_ptr{life_}](const boost::system::error_code& ec, std::size_t n) {
        const auto life = weak.lock();
        if (!life || life != life_) return;
        if (!ec) return received(n);
        life->closed = true;
        if (!life->stopping) children_.kill(life->child);
      });
}

void CoProcess::received(std::size_t size) {
  const auto life = life_;
  life->lines.append({life->received.data(), size});
  while (const auto line = life->lines.next()) {
    reply(*line);
    if (life != life_ || !life->fault.empty()) return;
  }
  if (life->lines.overlong())
    return fault(fmt::format("a line of more than {} bytes", options_.line_bytes_max));
  receive();
}

void CoProcess::reply(std::string_view line) {
  auto parsed = protocol::parse_reply(line, options_.vocabulary);
  if (!parsed) return fault(fmt::format("a bad line: {}", parsed.error()));
  std::visit(
      [this](auto& answer) {
        if constexpr (std::is_same_v<std::decay_t<decltype(answer)>, protocol::Ready>) {
          if (std::exchange(life_->ready, true)) return fault("it said ready a second time");
        } else if (!close_open(answer.seq)) {
          return;
        }
        tell_(std::move(answer));
      },
      *parsed);
}

bool CoProcess::close_open(Seq seq) {
  if (life_->open.erase(seq) == 1) return true;
  fault(fmt::format("an answer to {}, which is not open", seq));
  return false;
}

void CoProcess::fault(std::string reason) {
  if (life_->fault.empty()) life_->fault = std::move(reason);
  children_.kill(life_->child);
}

void CoProcess::ended(ExitStatus status) {
  // Replies it wrote before it ended count: what it says it has done must not be done again.
  // But no more than a pipe holds: what it started and we do not reach may write for ever.
  const auto life = life_;
  boost::system::error_code ec;
  const int capacity = ::fcntl(life->output.native_handle(), F_GETPIPE_SZ);
  std::size_t left = capacity > 0 ? static_cast<std::size_t>(capacity) : life->received.size();
  while (life->fault.empty() && left > 0) {
    const std::size_t size = life->output.read_some(asio::buffer(life->received, left), ec);
    if (ec || size == 0) break;
    left -= size;
    life->lines.append({life->received.data(), size});
    while (const auto line = life->lines.next()) reply(*line);
  }
  life_.reset();
  // One that dies closes its output too, and that may be seen first.
  const bool killed = status.signalled && status.value == SIGKILL;
  const std::string_view why = !life->fault.empty()                   ? std::string_view{life->fault}
                               : killed && !life->out_of_time.empty() ? life->out_of_time
                               : killed && life->closed               ? "it closed its standard output"
                                                                      : std::string_view{};
  tell_(Gone{fmt::format("{}{}{}", status.text(), why.empty() ? "" : " after ", why)});
}

}  // namespace simplevisor::handler
