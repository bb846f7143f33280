// supervisor/runtime/wishes.hpp
//
// An administrator's wish (start, stop, restart these nodes) as requests to the supervisors concerned.
//
// Semantics  stop: terminate_child, and the node is held: it stays stopped through restarts of its siblings and
//            supervisors, until it is started. start: restart_child (or start_child for what is not in the list any
//            more); a child that waits for its next try is tried at once. restart: one after the other. None of
//            them counts as a restart (rules 27, 49, 50).
// Answers    one for all nodes of a wish, when the last of them is done; the worst outcome, each trouble named.
// Threads    the supervision thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "supervisor/runtime/census.hpp"
#include "supervisor/runtime/engine.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::runtime {

enum class Wish : std::uint8_t { start, stop, restart };

void grant(Engine& engine, Wish wish, const std::vector<Resident>& nodes, Done done);

}  // namespace simplevisor::runtime
