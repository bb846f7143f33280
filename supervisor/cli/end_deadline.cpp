#include "supervisor/cli/end_deadline.hpp"

#include <poll.h>
#include <unistd.h>

#include <string_view>
#include <system_error>

#include "supervisor/process/background_thread.hpp"

namespace simplevisor::cli {
namespace {

void say_to_stderr(std::string_view line) {
  pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, 0) == 1) (void)!::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

EndDeadline::~EndDeadline() {
  {
    const std::scoped_lock lock{mutex_};
    over_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void EndDeadline::arm(int exit_code) {
  const auto wait = [this, exit_code] {
    std::unique_lock lock{mutex_};
    if (changed_.wait_for(lock, limit, [this] { return over_; })) return;
    say_to_stderr("simplevisor: a disk does not answer; leaving without the last lines of the logs\n");
    ::_exit(exit_code);
  };
  try {
    thread_ = process::background_thread("end-deadline", wait);
  } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch)
    // No thread to be had: the end is as long as it is.
  }
}

}  // namespace simplevisor::cli
