#include "supervisor/cli/daemon.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>

namespace simplevisor::cli {
namespace {

using Clock = std::chrono::steady_clock;
using runtime::UniqueFd;

constexpr std::size_t text_bytes_max = 64 * 1024;  // what a pipe holds: telling never blocks

void detach() {
  ::setsid();
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null.get(), stream);
}

[[noreturn]] void be_the_child(const std::function<int(Announcement&)>& body, UniqueFd pipe) {
  detach();
  Announcement announcement(std::move(pipe));
  int exit_code = 1;
  try {
    exit_code = body(announcement);
  } catch (const std::exception& error) {
    announcement.tell(1, error.what());
  }
  std::exit(exit_code);
}

int poll_time(const std::optional<Clock::time_point>& end) {
  if (!end) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

// Everything up to the end of the file; nullopt when the time is over first.
std::optional<std::string> read_all(const UniqueFd& pipe, const std::optional<Clock::time_point>& end) {
  std::string text;
  std::array<char, 4096> chunk{};
  for (;;) {
    pollfd entry{.fd = pipe.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&entry, 1, poll_time(end));
    if (ready == 0) return std::nullopt;
    if (ready < 0 && errno == EINTR) continue;
    const ssize_t count = ::read(pipe.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
}

std::string end_of(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return "the supervisor ended before it was up";
  }
  if (WIFSIGNALED(status)) {
    return fmt::format("the supervisor was killed by signal {} before it was up", WTERMSIG(status));
  }
  return fmt::format("the supervisor ended with status {} before it was up", WEXITSTATUS(status));
}

}  // namespace

void Announcement::tell(int exit_code, std::string_view text) {
  if (!pipe_) return;
  std::string bytes(1, static_cast<char>(exit_code));
  bytes += text.substr(0, text_bytes_max - 1);
  // The parent may be gone (interrupted, or out of patience): then nobody wants to know, and SIGPIPE must not
  // end the child.
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  [[maybe_unused]] const ssize_t written = ::write(pipe_.get(), bytes.data(), bytes.size());
  ::sigaction(SIGPIPE, &before, nullptr);
  pipe_.reset();
}

Announced run_in_background(const std::function<int(Announcement&)>& body,
                            std::optional<std::chrono::milliseconds> timeout) {
  std::optional<Clock::time_point> end;
  if (timeout) end = Clock::now() + *timeout;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return {Announced::Kind::no_fork, 1, fmt::format("cannot make a pipe: {}", std::strerror(errno)), 0};
  }
  UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return {Announced::Kind::no_fork, 1, fmt::format("cannot fork: {}", std::strerror(errno)), 0};
  if (pid == 0) {
    reading.reset();
    be_the_child(body, std::move(writing));
  }
  writing.reset();
  const auto said = read_all(reading, end);
  if (!said) return {Announced::Kind::late, 0, "", pid};
  if (said->empty()) return {Announced::Kind::died, 1, end_of(pid), pid};
  const int exit_code = static_cast<unsigned char>(said->front());
  // Who is told that it failed may try again at once: what is left of this try must be gone by then.
  siginfo_t ended{};
  if (exit_code != 0) ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT);
  return {Announced::Kind::told, exit_code, said->substr(1), pid};
}

}  // namespace simplevisor::cli
