// tests/control/fake_service.hpp
//
// A supervisor that only talks: a runtime::Service with a thread of its own, whose rows and answers a test sets,
// and which can keep what it was asked until the test lets go.
//
// Threads    set up before the first request; afterwards through the functions that lock.
#pragma once

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "supervisor/runtime/service.hpp"

namespace simplevisor::testing {

inline runtime::NodeStatus node(std::string path, runtime::NodeType type, std::string state = "running") {
  runtime::NodeStatus row;
  row.path = std::move(path);
  row.name = row.path.substr(row.path.rfind('/') + 1);
  row.type = type;
  row.state = std::move(state);
  for (const char c : row.path) row.depth += c == '/' ? 1u : 0u;
  row.ready = row.wanted = 1;
  return row;
}

class FakeService final : public runtime::Service {
 public:
  FakeService() : work_(io_.get_executor()), thread_([this] { io_.run(); }) {
    rows = {node("root", runtime::NodeType::supervisor), node("root/a", runtime::NodeType::worker),
            node("root/b", runtime::NodeType::worker)};
  }
  ~FakeService() override { end(); }

  // Set before the first request.
  std::vector<runtime::NodeStatus> rows;
  runtime::Answer answer{.outcome = runtime::Outcome::done, .message = "", .paths = {"root/a"}};
  bool hold = false;  // keep requests that change something until release()
  std::function<void()> on_shut_down;
  runtime::journal::Recorder* recorder = nullptr;
  std::string logs;  // the directory they are in

  // Ends the thread, as a supervisor that has left run().
  void end() {
    work_.reset();
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  // Waits until `call`, like "stop root/a", has arrived.
  void wait_for_call(const std::string& call) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return std::find(calls_.begin(), calls_.end(), call) != calls_.end(); });
  }
  std::vector<std::string> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  void release() {
    boost::asio::post(io_, [this] {
      for (auto& done : std::exchange(held_, {})) done(answer);
    });
  }

  boost::asio::any_io_executor executor() override { return io_.get_executor(); }
  runtime::ServiceInfo info() override {
    return {.name = "fake",
            .version = "1",
            .state_dir = "/state",
            .pid = 1,
            .uptime = std::chrono::seconds(1),
            .phase = "running"};
  }
  std::vector<runtime::NodeStatus> status(std::string_view pattern, const runtime::Scope& within,
                                          runtime::Answer& found) override {
    std::vector<runtime::NodeStatus> matching;
    if (pattern.ends_with("/*")) {
      std::ranges::copy_if(rows, std::back_inserter(matching), [&](const auto& row) {
        return row.path.starts_with(pattern.substr(0, pattern.size() - 1)) && within.covers(row.path);
      });
      return matching;
    }
    const bool meant = std::ranges::any_of(
        rows, [&](const auto& row) { return row.path == pattern && within.covers(row.path); });
    for (const auto& row : rows) {
      if (!within.covers(row.path) || (!pattern.empty() && !meant)) continue;
      if (pattern.empty() || row.path == pattern || row.path.starts_with(std::string(pattern) + "/")) {
        matching.push_back(row);
      }
    }
    if (matching.empty()) found = {runtime::Outcome::no_such_node, "no node " + std::string(pattern), {}};
    return matching;
  }
  runtime::journal::Recorder* journal() const override { return recorder; }
  NewsToken when_output(std::function<void()> news) const override {
    auto token = std::make_shared<const std::function<void()>>(std::move(news));
    const std::lock_guard lock(mutex_);
    listeners_.push_back(token);
    return token;
  }
  // Something has come into some log.
  void printed() {
    const std::lock_guard lock(mutex_);
    for (const auto& listener : listeners_) {
      if (const auto token = listener.lock()) (*token)();
    }
  }
  std::string log_path(std::string_view path) const override {
    return logs + "/" + std::string(path.substr(path.rfind('/') + 1)) + ".log";
  }
  void start(const runtime::Order& order, runtime::Done done) override {
    act("start ", order, std::move(done));
  }
  void stop(const runtime::Order& order, runtime::Done done) override {
    act("stop ", order, std::move(done));
  }
  void restart(const runtime::Order& order, runtime::Done done) override {
    act("restart ", order, std::move(done));
  }
  void signal(const runtime::Order& order, int number, runtime::Done done) override {
    act("signal " + std::to_string(number) + " ", order, std::move(done));
  }
  void shut_down(runtime::Done done) override {
    if (on_shut_down) on_shut_down();
    act("shutdown", {}, std::move(done));
  }

 private:
  // As "stop root/a for 1000 ms because of x".
  void act(const std::string& verb, const runtime::Order& order, runtime::Done done) {
    {
      const std::lock_guard lock(mutex_);
      std::string call = verb + order.pattern;
      if (order.limit) call += " for " + std::to_string(order.limit->count()) + " ms";
      if (!order.reason.empty()) call += " because of " + order.reason;
      for (const std::string& path : order.within.subtrees()) call += " within " + path;
      calls_.push_back(std::move(call));
    }
    arrived_.notify_all();
    if (hold) {
      held_.push_back(std::move(done));
    } else {
      done(answer);
    }
  }

  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  mutable std::mutex mutex_;
  mutable std::vector<std::weak_ptr<const std::function<void()>>> listeners_;
  std::condition_variable arrived_;
  std::vector<std::string> calls_;
  std::vector<runtime::Done> held_;
  std::thread thread_;
};

// A private directory, gone with the test.
class PrivateDir {
 public:
  PrivateDir();
  PrivateDir(const PrivateDir&) = delete;
  PrivateDir& operator=(const PrivateDir&) = delete;
  ~PrivateDir();
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace simplevisor::testing
