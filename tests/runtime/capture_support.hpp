// tests/runtime/capture_support.hpp
//
// What the tests of output capture share: a directory of their own, real workers (/bin/sh), and the logs read whole.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/runtime/capture.hpp"

namespace simplevisor::runtime::test {

// Long enough for a loaded machine under a sanitizer; only ever reached by a test that fails.
constexpr std::chrono::seconds patience{60};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = testing::TempDir() + "simplevisor-runtime-XXXXXX";
    if (!::mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string contents(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// The rotated files from the oldest on, and the current one last.
inline std::vector<std::string> log_files(const std::string& path) {
  std::vector<std::string> files{contents(path)};
  for (int number = 1; std::filesystem::exists(path + "." + std::to_string(number)); ++number) {
    files.insert(files.begin(), contents(path + "." + std::to_string(number)));
  }
  return files;
}

inline std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

// What `seq 1 count` prints.
inline std::string numbers_to(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += std::to_string(i) + "\n";
  return text;
}

// A worker: /bin/sh with the FIFO as its output, opened as the launcher opens it. Killed and reaped at the end.
class Worker {
 public:
  Worker(const std::string& fifo, const std::string& script) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    const int out = ::open(fifo.c_str(), O_RDWR);
    if (out < 0 || ::dup2(out, 1) < 0 || ::dup2(out, 2) < 0) ::_exit(126);
    ::signal(SIGPIPE, SIG_DFL);
    ::execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
    ::_exit(127);
  }
  Worker(Worker&& other) noexcept : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}
  Worker& operator=(Worker&&) = delete;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  void kill() const { ::kill(pid_, SIGKILL); }
  // waitpid's status.
  int wait() {
    int status = -1;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }
  // Becomes readable when it has ended.
  [[nodiscard]] int pidfd() {
    if (!pidfd_) pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    return pidfd_.get();
  }
  bool has_ended() {
    siginfo_t about{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &about, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           about.si_pid == pid_;
  }

 private:
  pid_t pid_ = -1;
  UniqueFd pidfd_;
};

// Reports of a Capture, to be waited for.
class Reports {
 public:
  std::function<void(const CaptureReport&)> listener() {
    return [this](const CaptureReport& report) {
      const std::scoped_lock lock{mutex_};
      all_.push_back(report);
      changed_.notify_all();
    };
  }
  bool wait_for(CaptureReport::Kind kind) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, patience, [&] { return count_of(kind) > 0; });
  }
  std::size_t count(CaptureReport::Kind kind) {
    const std::scoped_lock lock{mutex_};
    return count_of(kind);
  }
  bool told(std::string_view text) {
    const std::scoped_lock lock{mutex_};
    for (const CaptureReport& report : all_) {
      if (report.message.contains(text)) return true;
    }
    return false;
  }
  std::string first() {
    const std::scoped_lock lock{mutex_};
    return all_.empty() ? std::string{} : all_.front().message;
  }

 private:
  [[nodiscard]] std::size_t count_of(CaptureReport::Kind kind) const {
    std::size_t count = 0;
    for (const CaptureReport& report : all_) count += report.kind == kind ? 1 : 0;
    return count;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<CaptureReport> all_;
};

// Waits until `done()`, asked again after every change in `directory`.
template <class Done>
bool wait_for_change(const std::string& directory, Done done) {
  const UniqueFd watch{::inotify_init1(IN_CLOEXEC)};
  if (::inotify_add_watch(watch.get(), directory.c_str(), IN_MODIFY | IN_CREATE | IN_MOVE) < 0) return false;
  while (!done()) {
    pollfd changed{.fd = watch.get(), .events = POLLIN, .revents = 0};
    if (::poll(&changed, 1, static_cast<int>(std::chrono::milliseconds{patience}.count())) <= 0) return false;
    char events[4096];
    if (::read(watch.get(), events, sizeof events) < 0) return false;
  }
  return true;
}

class CaptureTest : public testing::Test {
 protected:
  void start(config::CaptureSettings settings = {}, CaptureOptions options = {}) {
    settings.compress = compress;
    auto started = Capture::start(directory.path(), settings, std::move(options));
    ASSERT_TRUE(started) << started.error().message;
    capture = std::move(*started);
  }
  std::string open(const std::string& node) {
    auto fifo = capture->open(node);
    EXPECT_TRUE(fifo) << fifo.error().message;
    return fifo.value_or("");
  }
  // Everything that ever went into a worker's log.
  std::string log(const std::string& node) { return joined(log_files(capture->log_path(node))); }

  bool compress = false;  // rotated files: most tests read them all as they are
  TemporaryDirectory directory;
  Reports reports;
  std::unique_ptr<Capture> capture;
};

}  // namespace simplevisor::runtime::test
