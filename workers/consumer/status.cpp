#include "workers/consumer/status.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace simplevisor::consumer {

std::string_view state_of(const Machine& machine) {
  if (machine.draining()) return "draining";
  if (!machine.handler_ready()) return "waiting for the handler";
  return machine.quiet() ? "idle" : "working";
}

std::string summary_of(const Machine& machine) {
  const Counters& counters = machine.counters();
  return fmt::format("{}: in hand {}, done {}, failed {}, later {}, dead {}", state_of(machine),
                     machine.held(), counters.done, counters.failed, counters.later, counters.dead);
}

std::string status_json(const Machine& machine, std::string_view state) {
  const Counters& counters = machine.counters();
  return boost::json::serialize(boost::json::object{{"state", state},
                                                    {"taken", counters.taken},
                                                    {"done", counters.done},
                                                    {"failed", counters.failed},
                                                    {"later", counters.later},
                                                    {"dead", counters.dead},
                                                    {"lost", counters.lost},
                                                    {"in_hand", machine.held()}});
}

}  // namespace simplevisor::consumer
