#include "workers/transfer/agent_options.hpp"

#include <utility>

namespace simplevisor::transfer {

using namespace std::chrono_literals;

namespace {

constexpr unsigned filter_starts_max = 5;

}  // namespace

MachineOptions machine_options(const Settings& settings, bool supervised) {
  MachineOptions options;
  options.window = settings.window;
  options.window_bytes = settings.window_bytes;
  options.count = settings.count;
  options.duration = settings.duration;
  options.inactivity = settings.timeout_inactivity;
  if (settings.timeout_linger) options.linger = *settings.timeout_linger;
  options.lazy = settings.lazy;
  options.reconnect = settings.reconnect.value_or(!supervised);
  // Whoever supervises us must not have to wait for a broker: the rest of the tree works without it.
  options.source_may_come_later = options.reconnect && settings.incoming.queue.empty();
  options.sink_may_come_later = options.reconnect && settings.outgoing.queue.empty();
  options.filter = !settings.filter.empty();
  options.filter_timeout = settings.filter_timeout;
  // Where somebody waits for our end, or starts us again, a filter that cannot work must not keep us for ever.
  const bool endless = settings.incoming.queue.empty() ? options.reconnect : settings.loop;
  if (!endless) options.filter_starts_max = filter_starts_max;
  return options;
}

Settings within_a_stop(Settings settings, bool supervised) {
  if (!supervised) return settings;
  settings.timeout_disconnect = settings.timeout_disconnect.value_or(5s);
  settings.timeout_flush = settings.timeout_flush.value_or(5s);
  return settings;
}

service::ExitCode exit_of(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::configuration:
      return service::ExitCode::config;
    case Failure::Kind::authentication:
      return service::ExitCode::permission;
    case Failure::Kind::no_place:
      return service::ExitCode::cannot_create;
    case Failure::Kind::unavailable:
      return service::ExitCode::unavailable;
    case Failure::Kind::temporary:
      return service::ExitCode::temporary;
    case Failure::Kind::protocol:
      return service::ExitCode::protocol;
  }
  std::unreachable();
}

}  // namespace simplevisor::transfer
