// workers/consumer/stream_handler.hpp
//
// One long-lived process that is given many messages, over JSON lines (protocol.hpp).
//
// Faults     a line that is no reply, a number we did not give out, an answer before it is ready, a line too
//            long, end of its output: it is killed with its group, and HandlerGone says why, once it is
//            reaped.
// Stop       "stop" and end of input; it ends when it likes, or is killed.
// Bounds     the window bounds what waits to be written; replies are at most protocol::line_bytes_max.
// Threads    as Handler. Nothing blocks: both pipes are non-blocking on our side.
#pragma once

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <set>

#include "workers/consumer/children.hpp"
#include "workers/consumer/environment.hpp"
#include "workers/consumer/handler.hpp"
#include "workers/consumer/protocol.hpp"

namespace simplevisor::consumer {

class StreamHandler final : public Handler {
 public:
  StreamHandler(boost::asio::any_io_executor executor, std::vector<std::string> arguments,
                Environment environment, std::string data_json, Tell tell);

  void start() override;
  void stop() override;
  void tell_idle() override;
  void handle(Work work) override;
  void kill(Ticket ticket) override;
  void kill_all() override;

 private:
  // One life of the process. Callbacks hold it weakly, so those of an earlier life find nothing.
  struct Life {
    explicit Life(const boost::asio::any_io_executor& executor) : input{executor}, output{executor} {}

    pid_t child = -1;
    boost::asio::posix::stream_descriptor input;   // we write
    boost::asio::posix::stream_descriptor output;  // we read
    std::array<char, 65536> received{};
    protocol::Lines lines;
    std::string writing;
    std::string to_write;
    bool write_pending = false;
    bool stopping = false;
    bool ready = false;
    std::set<Ticket> open;
    std::string fault;             // what it did wrong, for which it is being killed
    std::string_view out_of_time;  // or what it was too slow for
    bool closed = false;           // its standard output has ended
  };

  std::error_code open_life();
  void receive();
  void received(std::size_t size);
  void reply(std::string_view line);
  void send(std::string_view line);
  void write_some();
  void fault(std::string reason);
  void kill_late(std::string_view for_what);
  void ended(ExitStatus status);
  bool close_open(std::uint64_t seq);

  boost::asio::any_io_executor executor_;
  std::vector<std::string> arguments_;
  Environment environment_;
  std::string data_json_;
  Tell tell_;
  std::shared_ptr<Life> life_;
  Children children_;
};

}  // namespace simplevisor::consumer
