// workers/handler/co_process.hpp
//
// One long-lived process of the user's that is given many messages, over JSON lines (protocol.hpp).
//
// Events     of each message given: one answer; or Gone, which answers for all that were open. Ready once in each life.
// Faults     a line that is no reply, a number we did not give out, a line too long, end of its output: it is
//            killed with its group, and Gone says why, once it is reaped.
// Stop       "stop" and end of input; it ends when it likes, or is killed.
// Bounds     the window bounds what waits to be written; a reply is at most `line_bytes_max`.
// Threads    those of the executor. Nothing blocks: both pipes are non-blocking on our side.
#pragma once

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "workers/handler/children.hpp"
#include "workers/handler/protocol.hpp"

namespace simplevisor::handler {

struct Gone {
  std::string reason;
};

struct CoProcessOptions {
  std::vector<std::string> arguments;    // the first is looked up in PATH unless it has a slash
  std::vector<std::string> environment;  // "NAME=value"
  std::string data_json = "{}";
  protocol::Vocabulary vocabulary = protocol::Vocabulary::handler;
  std::size_t line_bytes_max = protocol::line_bytes_max;
};

class CoProcess {
 public:
  using Seq = std::uint64_t;
  using Event = std::variant<protocol::Ready, protocol::Done, protocol::Accept, protocol::Discard,
                             protocol::Retry, protocol::Fail, Gone>;
  using Tell = std::function<void(Event)>;

  CoProcess(boost::asio::any_io_executor executor, CoProcessOptions options, Tell tell);

  void start();
  void stop();
  void tell_idle();
  // `line`: one of protocol's. False: there is no process.
  [[nodiscard]] bool give(Seq seq, std::string_view line);
  void kill(Seq seq);  // the process, if it has that one
  void kill_all();

 private:
  // One life of the process. Callbacks hold it weakly, so those of an earlier life find nothing.
  struct Life {
    Life(const boost::asio::any_io_executor& executor, std::size_t line_bytes_max)
        : input{executor}, output{executor}, lines{line_bytes_max} {}

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
    std::set<Seq> open;
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
  bool close_open(Seq seq);

  boost::asio::any_io_executor executor_;
  CoProcessOptions options_;
  Tell tell_;
  std::shared_ptr<Life> life_;
  Children children_;
};

}  // namespace simplevisor::handler
