// supervisor/runtime/service.hpp
//
// What a running supervisor offers to those who ask it: the control API, and programs that embed it.
//
// Threads    every call is made on the supervision thread, and `done` is called on it, exactly once, possibly
//            before the call returns. Callers on other threads post (see `executor`).
// Names      a *pattern* is a node's path ("root/broker-a/send-a"), a unique last part of it ("send-a"), the
//            path of a pool's instance ("root/consumers/2"), or a glob over paths ("root/broker-*/**").
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/runtime/measures.hpp"
#include "supervisor/runtime/scope.hpp"

namespace simplevisor::config {
struct Configuration;
}

namespace simplevisor::runtime {

namespace journal {
class Recorder;
}

enum class NodeType : std::uint8_t { supervisor, pool, worker };

// What `check` makes of a node. `failed` outweighs `healing`, `healing` outweighs `good`.
enum class Verdict : std::uint8_t { good, healing, failed };

struct NodeStatus {
  std::string path;
  std::string name;
  NodeType type = NodeType::worker;
  std::string state;  // running, starting, stopping, restarting, stopped, ended (by itself, for good), absent
  unsigned depth = 0;                 // 0 for the root
  std::size_t ready = 0;              // workers below it (or itself) that are ready
  std::size_t wanted = 0;             // workers below it (or itself) that should be
  int pid = 0;                        // 0: none
  std::chrono::milliseconds age{-1};  // of the present state; -1: does not apply
  std::size_t restarts = 0;           // supervisors: within the window; workers: of this child, in all
  std::size_t restarts_limit = 0;     // supervisors and pools: the intensity
  std::chrono::milliseconds restarts_window{0};
  std::string restart_type;  // permanent, transient, temporary
  std::string strategy;      // supervisors and pools: one_for_one, ...
  bool cools_down = false;   // supervisors and pools: on_exhausted = "cool_down"
  std::string next;          // what will happen next, in words; "" for nothing: "restart in 4.2 s"
  std::string why;     // why it is as it is, in words: "exited with status 3", "stopped by administrator"
  std::string status;  // what the worker last said of itself (STATUS=)
  Verdict verdict = Verdict::good;
  bool held = false;  // stopped by an administrator: `why` says by whom and for how long
};

struct ServiceInfo {
  std::string name;
  std::string version;
  std::string state_dir;
  int pid = 0;
  std::chrono::milliseconds uptime{0};
  std::string phase;  // starting, running, stopping
};

// What is counted, and how the tree is, at one moment.
struct Measures {
  ServiceInfo info;
  std::vector<NodeStatus> rows;     // all
  std::vector<NodeMeasures> nodes;  // of the row at the same place
  Histogram restart_latency{};
  Histogram lag{};                     // of the supervision loop
  std::chrono::nanoseconds waited{0};  // from `asked` until the loop came to it
};

enum class Outcome : std::uint8_t {
  done,
  failed,
  no_such_node,
  ambiguous,
  refused,       // not possible for anybody
  not_permitted  // to the one who asks
};

struct Answer {
  Outcome outcome = Outcome::done;
  std::string message;               // one line for people; says which node and why when not done
  std::vector<std::string> paths{};  // the nodes it was about
};

using Done = std::function<void(Answer)>;

// An administrator's wish.
struct Order {
  std::string pattern{};
  std::string by{};      // who wishes it, in words; "" for the program that embeds us
  std::string reason{};  // of stop: shown with the node as long as it is held
  std::optional<std::chrono::milliseconds> limit{};  // of stop: started again after this time; none: never
  Scope within{};                                    // what the pattern is looked for in
  Scope visible{};  // what is only there, says `not_permitted`; elsewhere there is nothing
};

class Service {
 public:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service() = default;

  // The supervision thread.
  virtual boost::asio::any_io_executor executor() = 0;

  virtual ServiceInfo info() = 0;

  // The nodes within a scope that a pattern stands for, each followed by what is below it, in tree order; all for "".
  // Empty with `answer` set when nothing matches.
  virtual std::vector<NodeStatus> status(std::string_view pattern, const Scope& within, Answer& answer) = 0;

  // `asked`: when it was posted to this thread; the time until it was its turn is counted.
  virtual Measures measures(std::chrono::steady_clock::time_point asked) {
    Answer ignored;
    Measures found{.info = info(), .rows = status("", {}, ignored), .nodes = {}};
    found.nodes.resize(found.rows.size());
    found.waited = std::chrono::steady_clock::now() - asked;
    return found;
  }

  // Administrator's wishes. Done when the node is started (ready), or stopped, or could not be.
  // What is stopped is held: it stays so through restarts of others and of the supervisor itself, until it is started.
  virtual void start(const Order& order, Done done) = 0;
  virtual void stop(const Order& order, Done done) = 0;
  virtual void restart(const Order& order, Done done) = 0;
  // Sends a signal to the processes of the workers that are meant, and to those below the nodes that are meant.
  virtual void signal(const Order& order, int number, Done done) = 0;

  // Stops the whole tree in order, after which the supervisor ends. `done` when the tree is down; asked again, it hurries:
  // graces are skipped.
  virtual void shut_down(Done done) = 0;

  // What happened, for whoever asks on any thread; nullptr when nobody keeps it.
  [[nodiscard]] virtual journal::Recorder* journal() const { return nullptr; }

  // What is being run, unchanging; nullptr when there is none. On any thread.
  [[nodiscard]] virtual const config::Configuration* configuration() const { return nullptr; }

  // `news` is called, on some thread and for as long as the token is kept, when workers have printed something. It must
  // not block.
  using NewsToken = std::shared_ptr<const std::function<void()>>;
  [[nodiscard]] virtual NewsToken when_output(std::function<void()> /*news*/) const { return {}; }

  // Where the output of the worker at `path` is kept, whether it was ever started or not. On any thread.
  [[nodiscard]] virtual std::string log_path([[maybe_unused]] std::string_view path) const { return ""; }
};

}  // namespace simplevisor::runtime
