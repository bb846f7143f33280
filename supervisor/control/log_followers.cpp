#include "supervisor/control/log_followers.hpp"

#include <utility>

namespace simplevisor::control {

LogFollowers::LogFollowers(boost::asio::io_context& io, std::function<void(const Session&)> tell)
    : tell_(std::move(tell)), timer_(io) {}

void LogFollowers::listen(const runtime::Service& service, std::function<void(std::function<void()>)> post) {
  news_ = service.when_output([this, shared = shared_, post = std::move(post)] {
    if (!shared->anybody.load(std::memory_order_relaxed) || shared->told.exchange(true)) return;
    post([this] { tell_all(); });
  });
}

void LogFollowers::add(const Session& session) {
  sessions_.insert(&session);
  shared_->anybody = true;
}

void LogFollowers::remove(const Session& session) {
  if (sessions_.erase(&session) > 0 && sessions_.empty()) shared_->anybody = false;
}

void LogFollowers::tell_all() {
  const auto tell_each = [this] {
    const auto copy = sessions_;  // a session that ends meanwhile leaves
    for (const Session* const session : copy) tell_(*session);
  };
  tell_each();
  // What comes during the pause is looked at after it, and only then does the next news count.
  timer_.expires_after(pause);
  timer_.async_wait([this, tell_each](boost::system::error_code error) {
    shared_->told = false;
    if (!error) tell_each();
  });
}

}  // namespace simplevisor::control
