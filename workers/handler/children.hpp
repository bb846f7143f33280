// workers/handler/children.hpp
//
// The processes of the handler: started, watched, killed with all they started.
//
// Group      each child leads a process group of its own and stays in our session. When it has ended, by
//            itself or not, what is left of its group is killed before the child is reaped, while its number
//            is still ours.
// Start      posix_spawn: default signal dispositions, nothing blocked, no descriptor but the three standard
//            ones. Standard error is ours.
// Exit       seen through SIGCHLD, by asking for each child we have: no descriptor for each child, so nothing
//            that could fail once it runs. Boost.Process v2 is not used: its 1.81 launchers leak and leave
//            zombies.
// Lifetime   destroying it kills and reaps what still runs.
// Threads    those of its executor; callbacks run on it.
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/signal_set.hpp>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <system_error>
#include <vector>

namespace simplevisor::handler {

struct ExitStatus {
  bool signalled = false;
  int value = 0;  // exit status, or signal number

  [[nodiscard]] std::string text() const;  // "exit status 3", "killed by signal 9 (KILL)"
};

struct ChildRequest {
  std::vector<std::string> arguments;    // the first is looked up in PATH unless it has a slash
  std::vector<std::string> environment;  // "NAME=value"
  int standard_input = -1;               // required
  int standard_output = -1;              // -1: ours
};

class Children {
 public:
  using OnExit = std::function<void(ExitStatus)>;

  explicit Children(const boost::asio::any_io_executor& executor);
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;
  ~Children();

  std::expected<pid_t, std::error_code> start(const ChildRequest& request, OnExit on_exit);
  void kill(pid_t child);  // SIGKILL to its group
  [[nodiscard]] std::size_t count() const noexcept { return running_.size(); }

 private:
  void wait_for_signal();
  void reap();

  boost::asio::signal_set signals_;
  std::map<pid_t, OnExit> running_;
};

}  // namespace simplevisor::handler
