// supervisor/control/log_followers.hpp
//
// Tells those who follow logs that there may be something new in them.
//
// Cost       nothing while nobody follows. While somebody does, one message from the capturing thread, at most each `pause`,
//            and a look at the files that are followed: workers that print without pause do not keep the server busy.
// Threads    the server's, but for the news itself, which comes from another.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <unordered_set>

#include "supervisor/runtime/service.hpp"

namespace simplevisor::control {

class Session;

class LogFollowers {
 public:
  static constexpr std::chrono::milliseconds pause{50};

  LogFollowers(boost::asio::io_context& io, std::function<void(const Session&)> tell);

  // `post` hands something over to the server's thread, from any thread, and may do so after we have ended: what it is
  // given then must not run.
  void listen(const runtime::Service& service, std::function<void(std::function<void()>)> post);
  void stop_listening() { news_.reset(); }

  void add(const Session& session);
  void remove(const Session& session);
  void end() { timer_.cancel(); }

 private:
  // What the capturing thread looks at.
  struct Shared {
    std::atomic<bool> anybody = false;
    std::atomic<bool> told = false;  // that there is news, and may not be told again yet
  };

  void tell_all();

  std::function<void(const Session&)> tell_;
  boost::asio::steady_timer timer_;
  std::unordered_set<const Session*> sessions_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  runtime::Service::NewsToken news_;
};

}  // namespace simplevisor::control
