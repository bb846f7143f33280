// supervisor/process/launch_plan.hpp
//
// Everything a launch needs, prepared beforehand so that the launch itself allocates nothing and asks
// nobody.
//
// Ownership  a plan only points: at strings, arrays and descriptors its owner keeps alive during launch().
//            One plan serves any number of launches.
// Threads    a plain value.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "supervisor/process/credentials.hpp"
#include "supervisor/process/scheduling.hpp"

namespace simplevisor::process {

// What is set up in the child, in this order; also where a launch can fail.
enum class Stage : std::uint8_t {
  prepare,  // in the parent: something the plan needs is missing
  clone,    // in the parent: no process could be made (EAGAIN, ENOMEM)
  scheduling,
  session,  // setsid or setpgid: own session and process group, or group alone, numbered as the pid
  cgroup,   // enter the worker's control group
  stdio,    // standard input, output, error
  umask,
  limits,       // setrlimit
  priority,     // nice
  directory,    // chdir
  credentials,  // groups, gid, uid: for good, saved ids included
  initialiser,  // the plan's own function
  signals,      // dispositions to default, then an empty mask
  descriptors,  // hand over the numbered ones, close all others on exec
  exec,
};

[[nodiscard]] const char* to_string(Stage stage) noexcept;

struct LaunchError {
  Stage stage = Stage::prepare;
  int error = 0;    // errno
  int detail = -1;  // stdio and descriptors: the number in the child; limits: the resource; else -1

  // "cannot open standard output: No such file or directory".
  [[nodiscard]] std::string describe() const;
};

// One standard stream of the worker.
struct Stream {
  enum class Kind : std::uint8_t {
    inherit,     // the supervisor's own
    null,        // /dev/null, which the launcher holds open
    descriptor,  // a copy of `fd`
    fifo,    // `path`, opened by the child for reading and writing: with itself as a reader it never meets
             // SIGPIPE, and opening never blocks
    file,    // `path`, opened for appending, created with mode 0640. Nothing that blocks when opened
             // (a FIFO without a reader is ENXIO): the supervisor waits for the child
    output,  // standard error only: where standard output goes
  };
  Kind kind = Kind::inherit;
  int fd = -1;
  const char* path = nullptr;
};

// A descriptor of the supervisor that the worker finds under number `to`.
struct Handover {
  int from = -1;
  int to = -1;
};

inline constexpr std::size_t handovers_max = 16;

struct ResourceLimit {
  int resource = 0;
  rlimit value{};
};

// What the worker is made the leader of. A session of its own cuts it off from our terminal; without a terminal a group is
// as good for stopping it and all it started, and far cheaper: docs/decisions/sessions.md.
enum class Leads : std::uint8_t { nothing, group, session };

struct LaunchPlan {
  const char* executable = nullptr;   // a path: see find_executable.hpp
  const char* const* argv = nullptr;  // ends with a null pointer, as does envp
  const char* const* envp = nullptr;
  Scheduling scheduling = Scheduling::ordinary;
  std::array<Stream, 3> stdio{Stream{Stream::Kind::null}, Stream{}, Stream{}};
  std::span<const Handover> keep{};  // at most handovers_max; targets differ and are 3 or more
  int cgroup_procs = -1;             // open for writing: the cgroup.procs of the worker's group
  Leads leads = Leads::session;
  std::optional<mode_t> umask{};
  // A worker gets the soft RLIMIT_NOFILE the supervisor was started with by naming it here: see
  // own_process.hpp, raise_descriptor_limit().
  std::span<const ResourceLimit> limits{};
  std::optional<int> nice{};
  const char* directory = nullptr;
  const Credentials* credentials = nullptr;
  // Runs in the child in the supervisor's memory: async-signal-safe calls only, no allocation. Returns errno.
  int (*initialiser)(void*) = nullptr;
  void* initialiser_argument = nullptr;
  int* pidfd = nullptr;  // where to put a pidfd of the child; null: none is made

  // A control group without a share of its own for such processes takes none in.
  [[nodiscard]] bool starts_ahead() const { return scheduling == Scheduling::ahead && cgroup_procs < 0; }
};

}  // namespace simplevisor::process
