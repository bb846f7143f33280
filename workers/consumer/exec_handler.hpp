// workers/consumer/exec_handler.hpp
//
// One process for each message: the body on standard input, the header in the environment and in a JSON file.
//
// Verdict    exit status 0: done; 75 (EX_TEMPFAIL): later; any other status or a signal: failed.
// Input      a memory file, so the handler may seek in it, read none of it, or close it.
// Start      that fails is reported once, until it fails differently or one succeeds.
// Output     the handler's standard output and error are ours.
// Bounds     one process and two memory files for each message in hand.
// Threads    as Handler.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "workers/consumer/environment.hpp"
#include "workers/consumer/handler.hpp"
#include "workers/consumer/memory_file.hpp"
#include "workers/handler/children.hpp"

namespace simplevisor::consumer {

class ExecHandler final : public Handler {
 public:
  static constexpr int status_later = 75;

  ExecHandler(const boost::asio::any_io_executor& executor, std::vector<std::string> arguments,
              Environment environment, Tell tell);

  void handle(Work work) override;
  void kill(Ticket ticket) override;
  void kill_all() override;

 private:
  struct Running {
    pid_t child = -1;
    std::optional<MemoryFile> header;  // its path was given to the handler
  };

  void ended(Ticket ticket, handler::ExitStatus status);

  std::vector<std::string> arguments_;
  Environment environment_;
  Tell tell_;
  std::map<Ticket, Running> running_;
  std::string trouble_;  // why the last start failed, which is told once
  handler::Children children_;
};

}  // namespace simplevisor::consumer
