// tests/bench/harness/run_program.hpp
//
// Starting programs, and ending all that came of them: the harness is the sub-reaper of whatever it starts,
// so that no process escapes by forking twice, leading a session of its own, or losing its supervisor.
//
// Errors   what failed and why; a program that ends with a status other than 0 is an error of run_program
// alone. Threads  one: waiting takes any child of the process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/harness/beacon_fifo.hpp"
#include "tests/bench/harness/error.hpp"

namespace simplevisor::bench {

// Once, before anything else here: becomes sub-reaper, blocks SIGCHLD, turns SIGINT and SIGTERM into
// `interrupted`, and raises the soft limits of descriptors.
Result<void> become_harness();

[[nodiscard]] bool interrupted();

// Starts a program in its own process group, with a small environment, stdin from /dev/null and both outputs
// into `log`
// ("" for /dev/null). It is sent SIGTERM when the harness dies.
Result<pid_t> start_program(const std::vector<std::string>& argv, const std::string& home,
                            const std::string& log);

// Starts it, waits for its end, at most a minute.
Result<void> run_program(const std::vector<std::string>& argv);

// Reaps without waiting. The wait status of `pid` when it was among them.
std::optional<int> reap(pid_t pid);

// Waits until the harness has no child left, so everything it started is gone, or until `until`; false: not
// all gone.
[[nodiscard]] bool wait_for_all(Clock::time_point until);

// SIGKILL to all that descend from the harness, until there is none. Returns how many were killed.
std::size_t kill_all();

// "ended with status 3" or "was killed by signal 9".
std::string describe_wait_status(int status);

}  // namespace simplevisor::bench
