#include "supervisor/cli/event_bell.hpp"

#include <poll.h>

#include <utility>

#include "supervisor/control/client.hpp"
#include "supervisor/process/background_thread.hpp"

namespace simplevisor::cli {

EventBell::EventBell(std::string socket_path)
    : socket_path_(std::move(socket_path)),
      thread_(process::background_thread("event-bell", [this] { listen(); })) {}

EventBell::~EventBell() {
  over_.raise();
  thread_.join();
}

bool EventBell::pause() const {
  pollfd entry{.fd = over_.get(), .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(between_attempts.count())) == 0;
}

void EventBell::listen() const {
  const control::Client client(socket_path_, over_.get());
  do {
    const auto ended = client.follow("/v1/events?follow=true&last=0", std::nullopt, [this](const auto&) {
      rung_.raise();
      return true;
    });
    const bool was_there = ended ? !*ended : ended.error().code == control::ClientErrc::lost;
    if (was_there) rung_.raise();
  } while (pause());
}

}  // namespace simplevisor::cli
