// events-bench [--rate PER_SECOND] [--seconds N] [--readers N]
//
// Events as fast as asked, from a recorder through the server of the control API to readers in a process of their own, all of
// whom must get all of them, beside one follower who reads nothing until the end and must then be told that he missed some.
// One line of JSON on standard output.
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <cstdio>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/control/server.hpp"
#include "supervisor/control/unix_socket.hpp"
#include "supervisor/runtime/journal/recorder.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 30s;

// One follower: how many events it was sent, and which the last one was.
class Follower {
 public:
  explicit Follower(const std::string& path) : fd_(control::connect_to(path, patience).value()) {
    const std::string_view ask = "GET /v1/events?follow=true HTTP/1.1\r\nHost: a\r\n\r\n";
    if (::send(fd_.get(), ask.data(), ask.size(), MSG_NOSIGNAL) < 0) std::perror("send");
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  // False: the server has closed.
  bool read(std::vector<char>& room) {
    const ssize_t count = ::recv(fd_.get(), room.data(), room.size(), 0);
    if (count <= 0) return false;
    rest_.append(room.data(), static_cast<std::size_t>(count));
    std::size_t end = 0;
    for (std::size_t at = 0; (end = rest_.find('\n', at)) != std::string::npos; at = end + 1)
      line(std::string_view(rest_).substr(at, end - at));
    rest_.erase(0, rest_.rfind('\n') + 1);
    return true;
  }
  std::uint64_t events = 0;
  std::uint64_t last = 0;
  bool gap = false;
  bool cut_off = false;

 private:
  void line(std::string_view text) {
    if (text == "event: cut_off") cut_off = true;
    if (!text.starts_with("id: ")) return;
    std::uint64_t id = 0;
    std::from_chars(text.data() + 4, text.data() + text.size(), id);
    gap |= last != 0 && id != last + 1;
    last = id;
    ++events;
  }
  control::Fd fd_;
  std::string rest_;
};

// The process of the readers. `say`: a byte when all are connected; `hear`: the number of events there were.
int follow(const std::string& path, unsigned readers, int say, int hear) {
  std::vector<Follower> followers;
  for (unsigned n = 0; n < readers; ++n) followers.emplace_back(path);
  Follower sleeper{path};
  std::vector<pollfd> watched;
  for (const Follower& each : followers) watched.push_back({.fd = each.fd(), .events = POLLIN, .revents = 0});
  watched.push_back({.fd = hear, .events = POLLIN, .revents = 0});
  if (::write(say, "r", 1) != 1) return 1;
  std::vector<char> room(std::size_t{1} << 18);
  std::uint64_t wanted = ~std::uint64_t{0};
  unsigned dropped = 0;
  const auto done = [&] {
    return std::ranges::all_of(followers, [&](const Follower& each) { return each.last >= wanted; });
  };
  while (!done()) {
    if (::poll(watched.data(), watched.size(), 30'000) <= 0) break;
    for (unsigned n = 0; n < readers; ++n) {
      if (watched[n].revents == 0 || followers[n].read(room)) continue;
      ++dropped;
      watched[n].fd = -1;
    }
    if (watched.back().revents != 0) {
      if (::read(hear, &wanted, sizeof wanted) != sizeof wanted) return 1;
      watched.back().fd = -1;
    }
  }
  while (!sleeper.cut_off && sleeper.last < wanted && sleeper.read(room)) {
  }
  std::uint64_t fewest = ~std::uint64_t{0};
  unsigned gaps = 0;
  for (const Follower& each : followers) {
    fewest = std::min(fewest, each.events);
    gaps += each.gap || each.cut_off ? 1 : 0;
  }
  std::printf(R"({"events":%llu,"fewest_read":%llu,"dropped":%u,"with_gaps":%u,"sleeper_told":%s})"
              "\n",
              static_cast<unsigned long long>(wanted), static_cast<unsigned long long>(fewest), dropped, gaps,
              sleeper.cut_off ? "true" : "false");
  return 0;
}

// Records events on the supervision thread, so many a second.
class Source {
 public:
  Source(runtime::Service& service, runtime::journal::Recorder& recorder, unsigned rate, unsigned seconds)
      : timer_(service.executor()), recorder_(recorder), rate_(rate), total_(std::uint64_t{rate} * seconds) {}
  // Returns how many when the last one is recorded.
  std::uint64_t run() {
    begin_ = Clock::now();
    boost::asio::post(timer_.get_executor(), [this] { go_on(); });
    done_.get_future().wait();
    return total_;
  }

 private:
  void go_on() {
    const auto due = static_cast<std::uint64_t>(std::chrono::duration<double>(Clock::now() - begin_).count() *
                                                static_cast<double>(rate_));
    for (; made_ < std::min(due, total_); ++made_)
      recorder_.record({.kind = runtime::journal::Kind::started, .path = "root/jobs/1", .pid = 1234});
    recorder_.nudge();
    if (made_ == total_) return done_.set_value();
    timer_.expires_after(1ms);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) go_on();
    });
  }
  boost::asio::steady_timer timer_;
  runtime::journal::Recorder& recorder_;
  const unsigned rate_;
  const std::uint64_t total_;
  std::uint64_t made_ = 0;
  Clock::time_point begin_;
  std::promise<void> done_;
};

int measure(unsigned rate, unsigned seconds, unsigned readers) {
  const testing::PrivateDir dir;
  std::array<int, 2> told{};
  std::array<int, 2> asked{};
  std::array<int, 2> began{};
  if (::pipe(told.data()) != 0 || ::pipe(asked.data()) != 0 || ::pipe(began.data()) != 0) return 1;
  const pid_t child = ::fork();  // while there is one thread
  if (child == 0) {
    char listening = 0;
    if (::read(began[0], &listening, 1) != 1) ::_exit(1);
    const int code = follow(dir / "s", readers, told[1], asked[0]);
    std::fflush(stdout);
    ::_exit(code);
  }
  auto recorder = runtime::journal::Recorder::open({.place = {.dir = dir / "journal"}}).value();
  testing::FakeService service;
  service.recorder = recorder.get();
  const auto server = control::Server::open(service, {.socket_path = dir / "s"}).value();
  char ready = 0;
  if (::write(began[1], "l", 1) != 1 || ::read(told[0], &ready, 1) != 1) return 1;
  Source source{service, *recorder, rate, seconds};
  const std::uint64_t total = source.run();
  if (::write(asked[1], &total, sizeof total) != sizeof total) return 1;
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace
}  // namespace simplevisor

int main(int argc, char** argv) {
  CLI::App app{"events as fast as asked, to readers who must get all of them"};
  unsigned rate = 10'000;
  unsigned seconds = 10;
  unsigned readers = 20;
  app.add_option("--rate", rate)->check(CLI::Range(1, 1'000'000));
  app.add_option("--seconds", seconds)->check(CLI::Range(1, 3'600));
  app.add_option("--readers", readers)->check(CLI::Range(1, 250));
  CLI11_PARSE(app, argc, argv);
  return simplevisor::measure(rate, seconds, readers);
}
