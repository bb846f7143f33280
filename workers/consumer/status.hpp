// workers/consumer/status.hpp
//
// What a consumer tells of itself: a line for its supervisor, and its counters as JSON for whoever reads its status file.
#pragma once

#include <string>
#include <string_view>

#include "workers/consumer/machine.hpp"

namespace simplevisor::consumer {

// "draining", "waiting for the handler", "idle" or "working".
[[nodiscard]] std::string_view state_of(const Machine& machine);
[[nodiscard]] std::string summary_of(const Machine& machine);
[[nodiscard]] std::string status_json(const Machine& machine, std::string_view state);

}  // namespace simplevisor::consumer
