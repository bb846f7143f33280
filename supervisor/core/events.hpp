// supervisor/core/events.hpp
//
// The language between the tree and the shell around it: what happened (events, requests), what shall be
// done (actions), and what was decided (reports, for logs and for people).
//
// Every start of a child gets a new `Life`. An event that names an earlier life changes nothing, so a late
// exit can never be taken for the end of the process that came after.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "supervisor/core/spec.hpp"

namespace simplevisor::core {

enum class NodeId : std::uint32_t { none = 0xffffffff };
enum class Life : std::uint64_t { none = 0 };
enum class RequestId : std::uint64_t { none = 0 };

// How a child ended (rule 3; rules 56-58 map processes to it).
enum class Ending : std::uint8_t { normal, shutdown, abnormal };

// ---- Events --------------------------------------------------------------------------------------------

struct WorkerStarted {  // the program runs, and is ready if it has a readiness protocol
  NodeId node;
  Life life;
};
struct WorkerStartFailed {  // and no process of it is left
  NodeId node;
  Life life;
};
struct WorkerExited {
  NodeId node;
  Life life;
  Ending ending;
};
// Extension: a worker that is asked to stop needs until then at least (EXTEND_TIMEOUT_USEC). Never shortens a grace.
struct StopExtended {
  NodeId node;
  Life life;
  TimePoint until;
};
struct StopTree {};  // the root is asked to stop
struct Hurry {};     // whatever is asked to stop, now or later, is killed at once

// Administration of one supervisor (rules 47-52). Answered by exactly one `Reply`.
struct Request {
  enum class Kind : std::uint8_t { terminate_child, restart_child, delete_child, start_child };
  RequestId id = RequestId::none;
  Kind kind = Kind::terminate_child;
  NodeId supervisor = NodeId::none;
  std::string child;  // its name; for instances of a simple_one_for_one leave it empty and give node and life
  NodeId node = NodeId::none;
  Life life = Life::none;
  std::shared_ptr<const ChildSpec> spec;  // start_child; for an instance: none, the template is used
  std::uint32_t instance = 0;             // start_child of an instance: its number, for the shell
  // Extension: a child that is terminated with `hold` stays stopped, whatever its siblings or supervisors go
  // through, until restart_child (or start_child of that instance) lets go of it.
  bool hold = false;
};

using Event =
    std::variant<WorkerStarted, WorkerStartFailed, WorkerExited, StopExtended, StopTree, Hurry, Request>;

// ---- Actions, carried out in order -----------------------------------------------------------------------

struct StartWorker {
  NodeId node;
  Life life;
  std::uint32_t program;
  std::uint32_t instance;  // 0, or the number of a simple_one_for_one instance
};
struct StopWorker {  // ask politely
  NodeId node;
  Life life;
};
struct KillWorker {
  NodeId node;
  Life life;
};

enum class Result : std::uint8_t {
  ok,
  noproc,
  running,
  restarting,
  not_found,
  already_started,
  already_present,
  simple_one_for_one,
  bad_spec,
  start_failed,
};
struct Reply {
  RequestId request;
  Result result;
  NodeId node;  // the child, where there is one
};

// Why a supervisor ended.
enum class EndCause : std::uint8_t { asked, gave_up, auto_shutdown, start_failed };

struct Report {
  enum class Kind : std::uint8_t {
    supervisor_started,
    supervisor_start_failed,  // child: the one that could not be started
    supervisor_stopped,       // cause says why
    gave_up,                  // child: the one whose restart was one too many
    cooling_down,             // the same, but the child will be tried again
    restarting,               // child dies, is about to be restarted (at once, or after its backoff)
    retrying,                 // child could not be restarted and will be tried again
    auto_shutdown,            // child: the significant one that ended
  };
  Kind kind;
  EndCause cause = EndCause::asked;
  NodeId supervisor = NodeId::none;
  NodeId child = NodeId::none;
};

using Action = std::variant<StartWorker, StopWorker, KillWorker, Reply, Report>;
using Actions = std::vector<Action>;

}  // namespace simplevisor::core
