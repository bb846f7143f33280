// workers/transfer/agent_options.hpp
//
// What follows for an agent from its settings, and from whether somebody supervises it; and its exit status, from a failure.
#pragma once

#include "workers/service/error.hpp"
#include "workers/transfer/machine.hpp"
#include "workers/transfer/settings.hpp"

namespace simplevisor::transfer {

[[nodiscard]] MachineOptions machine_options(const Settings& settings, bool supervised);

// A supervisor kills what does not end in time. What is undecided when the goodbye begins is given back already, so that
// the rest of it is courtesy to the broker.
[[nodiscard]] Settings within_a_stop(Settings settings, bool supervised);

[[nodiscard]] service::ExitCode exit_of(Failure::Kind kind);

}  // namespace simplevisor::transfer
