// supervisor/cli/daemon.hpp
//
// Runs something in the background and lets the caller return only when it is up, or with the reason why not.
//
// Protocol   a pipe from child to parent: one byte with the exit code, then text, then the end of the file. The
//            end without a byte means that the child died; its exit status then is the reason.
// Requires   one thread, as fork() takes no other along: call it before anything is set up.
// Child      leads a session of its own, standard streams on /dev/null, same working directory and umask.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::cli {

// The child's end. Only the first word counts.
class Announcement {
 public:
  explicit Announcement(runtime::UniqueFd pipe) : pipe_(std::move(pipe)) {}
  void tell(int exit_code, std::string_view text);

 private:
  runtime::UniqueFd pipe_;
};

struct Announced {
  enum class Kind : std::uint8_t {
    told,     // the child said `exit_code` and `text`
    died,     // without a word; `text` says how
    late,     // the time is over; the child goes on
    no_fork,  // `text` says why
  };
  Kind kind = Kind::told;
  int exit_code = 0;
  std::string text;
  pid_t pid = 0;
};

// Forks. The child runs `body` and leaves with what it returns; it never returns from here. The parent waits for
// its announcement, for `timeout` at most; with a zero `timeout` not at all.
Announced run_in_background(const std::function<int(Announcement&)>& body,
                            std::optional<std::chrono::milliseconds> timeout);

}  // namespace simplevisor::cli
