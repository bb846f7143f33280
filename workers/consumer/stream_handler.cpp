#include "workers/consumer/stream_handler.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <csignal>
#include <utility>

#include "workers/message/codec.hpp"

namespace simplevisor::consumer {
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

StreamHandler::StreamHandler(asio::any_io_executor executor, std::vector<std::string> arguments,
                             Environment environment, std::string data_json, Tell tell)
    : executor_{std::move(executor)},
      arguments_{std::move(arguments)},
      environment_{std::move(environment)},
      data_json_{std::move(data_json)},
      tell_{std::move(tell)},
      children_{executor_} {}

void StreamHandler::start() {
  if (const auto error = open_life()) {
    life_.reset();
    tell_(HandlerGone{fmt::format("cannot start the handler: {}: {}", arguments_.front(), error.message())});
    return;
  }
  send(protocol::start_line(data_json_));
  receive();
}

std::error_code StreamHandler::open_life() {
  const auto last_error = [] { return std::error_code{errno, std::system_category()}; };
  Pipe input;
  if (!input) return last_error();
  Pipe output;
  if (!output) return last_error();
  // Only our ends: the handler's must behave as any program expects of its standard streams.
  if (::fcntl(input.write_end, F_SETFL, O_NONBLOCK) != 0) return last_error();
  if (::fcntl(output.read_end, F_SETFL, O_NONBLOCK) != 0) return last_error();
  auto life = std::make_shared<Life>(executor_);
  boost::system::error_code ec;
  life->input.assign(input.write_end, ec);
  if (ec) return ec;
  input.write_end = -1;
  life->output.assign(output.read_end, ec);
  if (ec) return ec;
  output.read_end = -1;
  const auto child = children_.start({arguments_, environment_, input.read_end, output.write_end},
                                     [this](ExitStatus status) { ended(status); });
  if (!child) return child.error();
  life->child = *child;
  life_ = std::move(life);
  return {};
}

void StreamHandler::handle(Work work) {
  if (!life_) return tell_(NotHandled{work.ticket});
  const auto json = message::encode(work.message);
  if (!json) return tell_(Failed{work.ticket, json.error().text()});
  life_->open.insert(work.ticket);
  send(protocol::handle_line(work.ticket, work.attempt, *json));
}

void StreamHandler::tell_idle() {
  if (life_) send(protocol::idle_line());
}

void StreamHandler::stop() {
  if (!life_) return;
  send(protocol::stop_line());
  life_->stopping = true;
  if (!life_->write_pending) life_->input.close();
}

void StreamHandler::kill(Ticket ticket) {
  if (life_ && life_->open.contains(ticket)) kill_late("no answer within the time allowed");
}

void StreamHandler::kill_all() {
  if (life_) kill_late(life_->ready ? "the time allowed for leaving" : "the time allowed for getting ready");
}

void StreamHandler::kill_late(std::string_view for_what) {
  life_->out_of_time = for_what;
  children_.kill(life_->child);
}

void StreamHandler::send(std::string_view line) {
  life_->to_write += line;
  if (!life_->write_pending) write_some();
}

// One write at a time; what comes meanwhile goes out together with the next.
void StreamHandler::write_some() {
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

void StreamHandler::receive() {
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

void StreamHandler::received(std::size_t size) {
  const auto life = life_;
  life->lines.append({life->received.data(), size});
  while (const auto line = life->lines.next()) {
    reply(*line);
    if (life != life_ || !life->fault.empty()) return;
  }
  if (life->lines.overlong())
    return fault(fmt::format("a line of more than {} bytes", protocol::line_bytes_max));
  receive();
}

void StreamHandler::reply(std::string_view line) {
  const auto parsed = protocol::parse_reply(line);
  if (!parsed) return fault(fmt::format("a bad line: {}", parsed.error()));
  if (const auto* ready = std::get_if<protocol::Ready>(&*parsed)) {
    if (std::exchange(life_->ready, true)) return fault("it said ready a second time");
    return tell_(HandlerReady{ready->window, ready->wants_idle});
  }
  if (const auto* done = std::get_if<protocol::Done>(&*parsed)) {
    if (close_open(done->seq)) tell_(Done{done->seq});
  } else if (const auto* retry = std::get_if<protocol::Retry>(&*parsed)) {
    if (close_open(retry->seq)) tell_(Later{retry->seq, retry->delay});
  } else if (const auto* fail = std::get_if<protocol::Fail>(&*parsed)) {
    if (close_open(fail->seq)) tell_(Failed{fail->seq, fmt::format("handler: {}", fail->reason)});
  }
}

bool StreamHandler::close_open(std::uint64_t seq) {
  if (life_->open.erase(seq) == 1) return true;
  fault(fmt::format("an answer to {}, which is not open", seq));
  return false;
}

void StreamHandler::fault(std::string reason) {
  if (life_->fault.empty()) life_->fault = std::move(reason);
  children_.kill(life_->child);
}

void StreamHandler::ended(ExitStatus status) {
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
  tell_(HandlerGone{fmt::format("handler: {}{}{}", status.text(), why.empty() ? "" : " after ", why)});
}

}  // namespace simplevisor::consumer
