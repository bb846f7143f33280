// workers/transfer/agent.hpp
//
// A running transfer agent: its machine's decisions, carried out between a source and a sink until it leaves.
//
// Signals    SIGTERM, SIGINT and SIGQUIT: leave, with what is in hand sent first; again: at once. SIGHUP is ignored.
// Threads    run() is the one; it returns when the agent has left.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "workers/service/error.hpp"
#include "workers/transfer/settings.hpp"
#include "workers/transfer/sink.hpp"
#include "workers/transfer/source.hpp"

namespace simplevisor::transfer {

using MakeSource = std::function<service::Result<std::unique_ptr<Source>>(
    const boost::asio::any_io_executor& executor, const Settings& settings, SourceListener listener)>;
using MakeSink = std::function<service::Result<std::unique_ptr<Sink>>(
    const boost::asio::any_io_executor& executor, const Settings& settings, TellSink tell)>;

// What makes the two ends, instead of make_source() and make_sink() (ends.hpp), which is what an empty one stands for.
struct MakeEnds {
  MakeSource source = {};
  MakeSink sink = {};
};

class Agent {
 public:
  // `supervised`: somebody restarts us, so that a lost broker ends us unless the settings say otherwise.
  static service::Result<std::unique_ptr<Agent>> make(const Settings& settings, bool supervised,
                                                      const MakeEnds& ends = {});
  ~Agent();

  // What the process ends with; the reason, if there is one, has been reported.
  service::ExitCode run();

 private:
  class Loop;
  explicit Agent(std::unique_ptr<Loop> loop);

  std::unique_ptr<Loop> loop_;
};

}  // namespace simplevisor::transfer
